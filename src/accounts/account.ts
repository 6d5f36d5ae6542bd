import { publishedFor, readAccessTokenTags } from './access-token-secret.ts';
import { accessTokenName, accountIdFault, parseSecretName } from './account-id.ts';
import type { FailureRecord } from './account-state.ts';
import {
  type CredentialRejection,
  readCredentialRejection,
  readIdentityRejection,
} from './credential-tags.ts';
import { isTokenName } from './registration-schemas.ts';
import { type RegistrationSummary, readCountingFailure, readSummary } from './registration-tags.ts';
import type { ListedSecret, Tags } from './secret.ts';

/** One account as the two listings show it; nothing of it needed a secret's value. */
export interface Account {
  readonly id: string;
  /** Set when the id breaks the rules: such an account is reported and otherwise left alone. */
  readonly idFault?: string;
  readonly registration?: ListedSecret;
  readonly refreshToken?: ListedSecret;
  /** The one without a name. */
  readonly accessToken?: ListedSecret;
  /** Those with a name, also of names that the registration no longer has. */
  readonly namedAccessTokens?: ReadonlyMap<string, ListedSecret>;
  /** Absent until the registration was read since it was last written. */
  readonly summary?: RegistrationSummary;
  /** The remembered failure, only while it still counts. */
  readonly failure?: FailureRecord;
  /** The incident of its client's credential, if there is one. */
  readonly credentialRejection?: CredentialRejection;
}

/** An access token that an account is to have, and how it is published, if it is. */
export interface AccountToken {
  readonly name?: string;
  readonly secret?: ListedSecret;
}

/** The published access token of that name, or without one. */
export function publishedToken(account: Account, name: string | undefined): ListedSecret | undefined {
  return name === undefined ? account.accessToken : account.namedAccessTokens?.get(name);
}

/** The names of what is published; undefined for the one without. */
function publishedNamesOf({ accessToken, namedAccessTokens }: Account): (string | undefined)[] {
  return [...(accessToken === undefined ? [] : [undefined]), ...(namedAccessTokens?.keys() ?? [])];
}

/** The access tokens that the account is to have; while nobody has read its registration, those that it had. */
export function accountTokens(account: Account): AccountToken[] {
  const known = account.summary === undefined ? publishedNamesOf(account) : account.summary.tokens;
  const names = known === undefined || known.length === 0 ? [undefined] : known;
  return names.map((name) => {
    const secret = publishedToken(account, name);
    return { ...(name === undefined ? {} : { name }), ...(secret === undefined ? {} : { secret }) };
  });
}

/** Every access token that is published for the account. */
export function publishedTokens({ accessToken, namedAccessTokens }: Account): ListedSecret[] {
  return [...(accessToken === undefined ? [] : [accessToken]), ...(namedAccessTokens?.values() ?? [])];
}

/** The attempts that brought the access tokens which the account has published; undefined: by an unknown one. */
export function publishedAttempts(account: Account): Set<string | undefined> {
  return new Set(publishedTokens(account).map(({ tags }) => readAccessTokenTags(tags).attemptId));
}

type Draft = { -readonly [K in 'registration' | 'refreshToken' | 'accessToken']?: ListedSecret } & {
  namedAccessTokens?: Map<string, ListedSecret>;
};

function draftOf(drafts: Map<string, Draft>, id: string): Draft {
  const draft = drafts.get(id) ?? {};
  drafts.set(id, draft);
  return draft;
}

/**
 * The account and token of an access token's secret. `access-token-ads-emea` is the account `ads-emea`'s own or the
 * one that `ads` calls `emea`: its tag tells whose it is.
 */
function ownerOf(published: string, { tags }: ListedSecret): { readonly id: string; readonly name?: string } {
  const account = publishedFor(tags);
  if (account === undefined || !published.startsWith(`${account}-`)) return { id: published };
  const name = published.slice(account.length + 1);
  return isTokenName(name) ? { id: account, name } : { id: published };
}

function collectAccessToken(drafts: Map<string, Draft>, published: string, secret: ListedSecret): void {
  const { id, name } = ownerOf(published, secret);
  const draft = draftOf(drafts, id);
  if (name === undefined) draft.accessToken = secret;
  else draft.namedAccessTokens = (draft.namedAccessTokens ?? new Map()).set(name, secret);
}

function collect(
  drafts: Map<string, Draft>,
  secrets: readonly ListedSecret[],
  role: 'credentials' | 'tokens',
): void {
  for (const secret of secrets) {
    const parsed = parseSecretName(secret.name);
    if (parsed === undefined || (parsed.kind === 'accessToken') !== (role === 'tokens')) continue;
    if (parsed.kind === 'accessToken') collectAccessToken(drafts, parsed.id, secret);
    else draftOf(drafts, parsed.id)[parsed.kind] = secret;
  }
}

function complete(id: string, draft: Draft, rejections: ReadonlyMap<string, CredentialRejection>): Account {
  const tags = draft.registration?.tags ?? {};
  const summary = readSummary(tags);
  const failure = readCountingFailure(tags, draft.refreshToken);
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
    accountTokens(account).map(({ name, secret }) => ({
      account: account.id,
      name: accessTokenName(account.id, name),
      isPublished: secret !== undefined,
    })),
  );
  for (const { account, name, isPublished } of claims) {
    if (isPublished || !owners.has(name)) owners.set(name, account);
  }
  return owners;
}
