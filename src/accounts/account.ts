import { accountIdFault, parseSecretName } from './account-id.ts';
import type { FailureRecord } from './account-state.ts';
import {
  type CredentialRejection,
  readCredentialRejection,
  readIdentityRejection,
} from './credential-tags.ts';
import { type RegistrationSummary, readCountingFailure, readSummary } from './registration-tags.ts';
import type { ListedSecret, Tags } from './secret.ts';

/** One account as the two listings show it; nothing of it needed a secret's value. */
export interface Account {
  readonly id: string;
  /** Set when the id breaks the rules: such an account is reported and otherwise left alone. */
  readonly idFault?: string;
  readonly registration?: ListedSecret;
  readonly refreshToken?: ListedSecret;
  readonly accessToken?: ListedSecret;
  /** Absent until the registration was read since it was last written. */
  readonly summary?: RegistrationSummary;
  /** The remembered failure, only while it still counts. */
  readonly failure?: FailureRecord;
  /** The incident of its client's credential, if there is one. */
  readonly credentialRejection?: CredentialRejection;
}

type Draft = { -readonly [K in 'registration' | 'refreshToken' | 'accessToken']?: ListedSecret };

function collect(
  drafts: Map<string, Draft>,
  secrets: readonly ListedSecret[],
  kinds: readonly (keyof Draft)[],
): void {
  for (const secret of secrets) {
    const parsed = parseSecretName(secret.name);
    if (parsed === undefined || !kinds.includes(parsed.kind)) continue;
    const draft = drafts.get(parsed.id) ?? {};
    draft[parsed.kind] = secret;
    drafts.set(parsed.id, draft);
  }
}

function complete(id: string, draft: Draft, rejections: ReadonlyMap<string, CredentialRejection>): Account {
  const tags = draft.registration?.tags ?? {};
  const summary = readSummary(tags);
  const failure = readCountingFailure(tags, draft.refreshToken?.createdAt);
  const rejection = summary && rejectionOf(summary, tags, rejections);
  const idFault = accountIdFault(id);
  return {
    id,
    ...draft,
    ...(idFault === undefined ? {} : { idFault }),
    ...(summary === undefined ? {} : { summary }),
    ...(failure === undefined ? {} : { failure }),
    ...(rejection === undefined ? {} : { credentialRejection: rejection }),
  };
}

/** The incident of the client, from its credential's secret; a client without one has it noted on the account's own tags. */
function rejectionOf(
  { clientId, credentialSecret }: RegistrationSummary,
  registrationTags: Tags,
  rejections: ReadonlyMap<string, CredentialRejection>,
): CredentialRejection | undefined {
  const rejection =
    credentialSecret === undefined
      ? readIdentityRejection(registrationTags)
      : rejections.get(credentialSecret.toLowerCase());
  return rejection?.clientId === clientId && rejection.fallback === undefined ? rejection : undefined;
}

function credentialRejections(secrets: readonly ListedSecret[]): Map<string, CredentialRejection> {
  const found = new Map<string, CredentialRejection>();
  for (const { name, tags } of secrets) {
    const rejection = readCredentialRejection(tags);
    if (rejection !== undefined) found.set(name.toLowerCase(), rejection);
  }
  return found;
}

/**
 * Puts the two listings together into accounts, ordered by id. Throws nothing for a bad entry: what cannot be
 * understood becomes an account that says so.
 */
export function buildAccounts(
  credentialsSecrets: readonly ListedSecret[],
  tokensSecrets: readonly ListedSecret[],
): Account[] {
  const drafts = new Map<string, Draft>();
  collect(drafts, credentialsSecrets, ['registration', 'refreshToken']);
  collect(drafts, tokensSecrets, ['accessToken']);
  const rejections = credentialRejections(credentialsSecrets);
  return [...drafts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, draft]) => complete(id, draft, rejections));
}
