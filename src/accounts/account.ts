/**
 * The room of accounts: what an account is and how it stands in Key Vault. Pure.
 *
 * In: secrets as a listing shows them, and the values of registrations. Out: accounts, with what the tags of their
 * secrets say, and the secrets and tags to write.
 *
 * A file a secret (`registration*`, `refresh-token-secret`, `access-token-secret`, `credential-tags`, `heartbeat`): its
 * names, its type, how it is read and written. `account-state` holds the states, their order and the one transition
 * between them, `secret` what all secrets share, `entra-ids` tenants and users.
 */

import { omitUndefined } from '../omit-undefined.ts';
import {
  accessTokenName,
  type ListedAccessToken,
  ownerOfAccessToken,
  parseAccessToken,
} from './access-token-secret.ts';
import { accountIdFault, parseSecretName } from './account-id.ts';
import type { FailureRecord } from './account-state.ts';
import {
  type CredentialRejection,
  readCredentialRejection,
  readIdentityRejection,
} from './credential-tags.ts';
import { type ListedRefreshToken, parseRefreshToken } from './refresh-token-secret.ts';
import { type RegistrationSummary, readSummary } from './registration-summary.ts';
import { readCountingFailure } from './registration-tags.ts';
import type { ListedSecret, Tags } from './secret.ts';

/** One account as the two listings show it; nothing of it needed a secret's value. */
export interface Account {
  readonly id: string;
  /** Set when the id breaks the rules: such an account is reported and otherwise left alone. */
  readonly idFault?: string;
  readonly registration?: ListedSecret;
  readonly refreshToken?: ListedRefreshToken;
  /**
   * The published access tokens by name, also of names that the registration no longer has; undefined names the one
   * that has none.
   */
  readonly accessTokens: ReadonlyMap<string | undefined, ListedAccessToken>;
  /** Absent until the registration was read since it was last written. */
  readonly summary?: RegistrationSummary;
  /** The remembered failure, only while it still counts. */
  readonly failure?: FailureRecord;
  /** The incident of its client's credential, if there is one. */
  readonly credentialRejection?: CredentialRejection;
}

/**
 * The names of the access tokens that the account is to have, undefined for one without; while nobody has read its
 * registration, of those that it had.
 */
export function wantedNames({ summary, accessTokens }: Pick<Account, 'summary' | 'accessTokens'>) {
  const known: readonly (string | undefined)[] =
    summary === undefined ? [...accessTokens.keys()] : (summary.tokens ?? []);
  return known.length === 0 ? [undefined] : known;
}

interface Draft {
  registration?: ListedSecret;
  refreshToken?: ListedSecret;
  readonly accessTokens: Map<string | undefined, ListedAccessToken>;
}

function draftOf(drafts: Map<string, Draft>, id: string): Draft {
  const draft = drafts.get(id) ?? { accessTokens: new Map() };
  drafts.set(id, draft);
  return draft;
}

function collect(
  drafts: Map<string, Draft>,
  secrets: readonly ListedSecret[],
  role: 'credentials' | 'tokens',
): void {
  for (const secret of secrets) {
    const parsed = parseSecretName(secret.name);
    if (parsed === undefined || (parsed.kind === 'accessToken') !== (role === 'tokens')) continue;
    if (parsed.kind !== 'accessToken') {
      draftOf(drafts, parsed.id)[parsed.kind] = secret;
      continue;
    }
    const { id, name } = ownerOfAccessToken(parsed.id, secret.tags);
    draftOf(drafts, id).accessTokens.set(name, parseAccessToken(secret));
  }
}

function complete(
  id: string,
  { refreshToken: listed, ...draft }: Draft,
  rejections: ReadonlyMap<string, CredentialRejection>,
): Account {
  const tags = draft.registration?.tags ?? {};
  const summary = readSummary(tags);
  const refreshToken = listed && parseRefreshToken(listed);
  const failure = readCountingFailure(tags, refreshToken);
  const credentialRejection = summary && rejectionOf(summary, tags, rejections);
  const idFault = accountIdFault(id);
  return {
    id,
    ...draft,
    ...omitUndefined({ refreshToken, idFault, summary, failure, credentialRejection }),
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
  collect(drafts, credentialsSecrets, 'credentials');
  collect(drafts, tokensSecrets, 'tokens');
  const rejections = credentialRejections(credentialsSecrets);
  return [...drafts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, draft]) => complete(id, draft, rejections));
}

/**
 * Who may publish under which name, by the name's lower-case text. Two accounts can come to the same name: `ads` with
 * a token `emea`, and `ads-emea`. It stays with the one whose token is published there, else with the first by id.
 */
export function publishedNames(accounts: readonly Account[]): Map<string, string> {
  const owners = new Map<string, string>();
  const registered = accounts.filter(({ registration }) => registration !== undefined);
  const claims = registered.flatMap((account) =>
    wantedNames(account).map((name) => ({
      accountId: account.id,
      name: accessTokenName(account.id, name),
      isPublished: account.accessTokens.has(name),
    })),
  );
  for (const { accountId, name, isPublished } of claims) {
    if (isPublished || !owners.has(name)) owners.set(name, accountId);
  }
  return owners;
}
