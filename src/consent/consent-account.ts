import { buildAccounts, publishedNames } from '../accounts/account.ts';
import { accountIdFault, secretName } from '../accounts/account-id.ts';
import { grantIdOf, type StoredRefreshToken } from '../accounts/refresh-token-secret.ts';
import { lastGrantId } from '../accounts/registration-summary.ts';
import { registeredVersion } from '../accounts/registration-tags.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { type RefreshEnvironment, SweepState } from '../refresh/environment.ts';
import { type PreparedAccount, prepareAccount } from '../refresh/prepare-account.ts';
import { readRefreshToken } from '../refresh/read-refresh-token.ts';
import { listAccount } from '../sweep/listing.ts';
import { type EpochSeconds, nowSeconds } from '../time.ts';
import { type ExpectedUser, expectedUserOf } from './consented-user.ts';
import {
  isOurs,
  isSigned,
  type LinkBinding,
  type LinkText,
  linkLifetimeSeconds,
  mintLink,
  parseLink,
} from './signed-texts.ts';
import { type LinkEnvironment, longestLinkSeconds, type SigningKey } from './signing-key.ts';

/** An account that somebody is asked to consent for. */
export interface ConsentAccount {
  readonly prepared: PreparedAccount;
  /** The newest refresh token, if there is one. */
  readonly refreshToken: StoredRefreshToken | undefined;
  readonly expected: ExpectedUser;
}

/** An account whose link was opened, with the key that had signed it and signs what follows. */
export interface OpenedAccount extends ConsentAccount {
  readonly signingKey: SigningKey;
}

/** Why a link is not honoured, or an account cannot be consented for. */
export type RefusalReason =
  | 'link_malformed'
  | 'link_expired'
  | 'link_void'
  | 'unknown_account'
  | 'user_not_named'
  | 'registration_invalid'
  | 'credential_unusable';

export interface ConsentRefusal {
  readonly kind: 'refused';
  readonly reason: RefusalReason;
  /** More than the reason says: what is wrong with registration or credential. */
  readonly cause?: string;
  /** It may be gone in a minute, with nobody having done anything. */
  readonly passing?: true;
}

const refused = (reason: RefusalReason, cause?: string): ConsentRefusal => ({
  kind: 'refused',
  reason,
  ...omitUndefined({ cause }),
});

function bindingOf({ prepared, refreshToken }: ConsentAccount): LinkBinding {
  const { id, registrationSecret } = prepared;
  const grantId = grantIdOf(refreshToken ?? {});
  return {
    account: id,
    registrationVersion: registeredVersion(registrationSecret),
    grantId: grantId ?? lastGrantId(registrationSecret.tags) ?? '',
  };
}

/**
 * Reads what a consent needs of an account.
 *
 * @throws VaultError when the vault could not be read
 */
async function readAccount(asked: RefreshEnvironment, id: string): Promise<ConsentAccount | ConsentRefusal> {
  const { listings, environment } = await listAccount(asked, id);
  const accounts = buildAccounts(listings.credentials.secrets, listings.tokens.secrets);
  const names = publishedNames(accounts);
  const state = new SweepState(environment, environment.createId(), undefined, names);
  const preparation = await prepareAccount(state, id);
  if (preparation.kind === 'gone') return refused('unknown_account');
  if (preparation.kind === 'unusable') {
    return refused('registration_invalid', preparation.facts.cause);
  }
  const prepared = preparation.account;
  const refreshToken = await readRefreshToken(environment.credentials.vault, secretName('refreshToken', id));
  const expected = expectedUserOf(prepared, refreshToken);
  // Else whoever opens the link first would become the account's user.
  if (expected.pin === undefined && expected.loginHint === undefined) return refused('user_not_named');
  return { prepared, refreshToken, expected };
}

/** The account, unless its client has nothing to prove itself with. */
function withCredential(account: ConsentAccount): ConsentAccount | ConsentRefusal {
  const { credential } = account.prepared.client;
  if (credential.ok) return account;
  const { facts, passing } = credential;
  return { ...refused('credential_unusable', facts.cause), ...(passing && { passing }) };
}

/** A fresh link's text for an account, valid for seven days or until a consent or a rewritten registration ends it. */
export async function createLink(
  environment: LinkEnvironment,
  id: string,
): Promise<{ readonly kind: 'link'; readonly link: string; readonly expiresAt: number } | ConsentRefusal> {
  if (accountIdFault(id) !== undefined) return refused('unknown_account');
  const found = await readAccount(environment, id);
  const account = 'kind' in found ? found : withCredential(found);
  if ('kind' in account) return account;
  const { version, key } = await environment.signingKeys.forNewLink();
  const now = nowSeconds(environment.clock);
  const link = mintLink(bindingOf(account), now, version, key);
  return { kind: 'link', link, expiresAt: now + linkLifetimeSeconds };
}

/** What an address says of itself, checked with nothing but the signing key: its key, or why it is not honoured. */
async function keyOfLink(
  { signingKeys }: LinkEnvironment,
  id: string,
  text: string,
  now: EpochSeconds,
): Promise<{ readonly link: LinkText; readonly signingKey: SigningKey } | ConsentRefusal> {
  const link = parseLink(text);
  if (link === undefined) return refused('link_malformed');
  if (accountIdFault(id) !== undefined) return refused('unknown_account');
  if (now >= link.expiresAt) return refused('link_expired');
  if (link.expiresAt > now + longestLinkSeconds) return refused('link_void');
  const signingKey = await signingKeys.find(link.keyVersion);
  if (signingKey === undefined || !isOurs(link, id, signingKey.key)) return refused('link_void');
  return { link, signingKey };
}

/**
 * Opens a link: the account that it was given out for, or why it is not honoured. Consumes nothing. The account's
 * secrets are read only for a link that was given out here.
 *
 * @throws VaultError when the vault could not be read
 */
export async function openLink(
  environment: LinkEnvironment,
  id: string,
  text: string,
): Promise<OpenedAccount | ConsentRefusal> {
  const found = await keyOfLink(environment, id, text, nowSeconds(environment.clock));
  if ('kind' in found) return found;
  const { link, signingKey } = found;
  const account = await readAccount(environment, id);
  // What is wrong with an account is told only to whoever holds a link for just this account.
  if ('kind' in account || !isSigned(link, bindingOf(account), signingKey.key)) return refused('link_void');
  const opened = withCredential(account);
  return 'kind' in opened ? opened : { ...opened, signingKey };
}
