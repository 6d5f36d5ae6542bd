import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Sensitive } from '../sensitive.ts';
import { type EpochSeconds, secondsPerMinute } from '../time.ts';
import { longestLinkSeconds, type SigningKey, type SigningKeys } from './signing-key.ts';

/** What a signature is for; one made for one purpose is never good for the other. */
type Purpose = 'consent-link' | 'consent-link-address' | 'consent-receipt';

/** HMAC-SHA256 over purpose and parts, base64url: 43 characters. */
function sign(purpose: Purpose, parts: readonly (string | number)[], key: Sensitive): string {
  return createHmac('sha256', key.reveal())
    .update(JSON.stringify([purpose, ...parts]))
    .digest('base64url');
}

/** Whether a signature is the right one; compares in constant time. */
function isSignature(
  given: string,
  purpose: Purpose,
  parts: readonly (string | number)[],
  key: Sensitive,
): boolean {
  const expected = Buffer.from(sign(purpose, parts, key));
  const actual = Buffer.from(given);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** How long a consent link works: a minute less, because the clock that reads it may lag behind the one that made it. */
export const linkLifetimeSeconds = longestLinkSeconds - secondsPerMinute;

/**
 * What a link is bound to. The version changes when the registration is rewritten, the grant when a consent has stored its
 * refresh token; both end every link given out before. A sweep's rotations change neither.
 */
export interface LinkBinding {
  readonly account: string;
  readonly registrationVersion: string;
  /** Of the refresh token, or the last one that the registration's tags remember; empty before the first. */
  readonly grantId: string;
}

/** A link's parts as they stand in its text; nothing of it is secret but the signature's key. */
export interface LinkText {
  readonly expiresAt: EpochSeconds;
  /** The version of the signing key's secret. */
  readonly keyVersion: string;
  /** Over the {@link LinkBinding}, which takes the account's secrets to check. */
  readonly bindingSignature: string;
  /** Over the text itself and the account in the address: checked first, with nothing but the key. */
  readonly addressSignature: string;
}

const linkPattern = /^([0-9]{10})\.([0-9a-f]{32})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/;

function signedParts(binding: LinkBinding, expiresAt: EpochSeconds): (string | number)[] {
  const { account, registrationVersion, grantId } = binding;
  return [account, registrationVersion, grantId, expiresAt];
}

type Unsealed = Omit<LinkText, 'addressSignature'>;

const addressParts = (account: string, { expiresAt, keyVersion, bindingSignature }: Unsealed) => [
  account,
  expiresAt,
  keyVersion,
  bindingSignature,
];

/** The link's text for a new link: `<expiry>.<key version>.<HMAC-SHA256>.<HMAC-SHA256>`. */
export function mintLink(
  binding: LinkBinding,
  now: EpochSeconds,
  keyVersion: string,
  key: Sensitive,
): string {
  const expiresAt = now + linkLifetimeSeconds;
  const bindingSignature = sign('consent-link', signedParts(binding, expiresAt), key);
  const parts = addressParts(binding.account, { expiresAt, keyVersion, bindingSignature });
  return `${expiresAt}.${keyVersion}.${bindingSignature}.${sign('consent-link-address', parts, key)}`;
}

/** Reads a link's text without believing it; undefined when it has not the form of one. */
export function parseLink(text: string): LinkText | undefined {
  const match = linkPattern.exec(text);
  if (match === null) return undefined;
  const [, expiresAt = '', keyVersion = '', bindingSignature = '', addressSignature = ''] = match;
  return { expiresAt: Number(expiresAt), keyVersion, bindingSignature, addressSignature };
}

/** Whether this text was given out for this account, good or not by now; takes nothing but the key to tell. */
export function isOurs(link: LinkText, account: string, key: Sensitive): boolean {
  return isSignature(link.addressSignature, 'consent-link-address', addressParts(account, link), key);
}

/** Whether the link was made with this key for exactly this binding. */
export function isSigned(link: LinkText, binding: LinkBinding, key: Sensitive): boolean {
  return isSignature(link.bindingSignature, 'consent-link', signedParts(binding, link.expiresAt), key);
}

/** What the page after a consent says; signed, so that nobody can make it say something else. */
export interface Receipt {
  readonly account: string;
  readonly accessTokenExpiresAt: EpochSeconds;
  /** Registered scopes that Entra did not grant. */
  readonly lackingScopes: readonly string[];
}

const pattern = /^([a-z0-9-]{1,64})\.(\d{10})\.([\w-]{0,1400})\.([0-9a-f]{32})\.([A-Za-z0-9_-]{43})$/;

/** Of more there is said only so much: the receipt stands in an address. */
const mostLackingCharacters = 1000;

/** `<account>.<expiry>.<lacking scopes in base64url>.<key version>.<HMAC-SHA256>` */
export function signReceipt(
  { account, accessTokenExpiresAt: expiresAt, lackingScopes }: Receipt,
  { version, key }: SigningKey,
): string {
  const lacking = lackingScopes.join(' ').slice(0, mostLackingCharacters);
  const encoded = Buffer.from(lacking).toString('base64url');
  const signature = sign('consent-receipt', [account, expiresAt, encoded], key);
  return `${account}.${expiresAt}.${encoded}.${version}.${signature}`;
}

/** The receipt, if it was signed here. */
export async function readReceipt(signingKeys: SigningKeys, text: string): Promise<Receipt | undefined> {
  const [, account, expiry, lacking = '', version, signature] = pattern.exec(text) ?? [];
  if (account === undefined || version === undefined || signature === undefined) return undefined;
  const signing = await signingKeys.find(version);
  if (signing === undefined) return undefined;
  const good = isSignature(signature, 'consent-receipt', [account, Number(expiry), lacking], signing.key);
  if (!good) return undefined;
  const lackingScopes = Buffer.from(lacking, 'base64url').toString().split(' ').filter(Boolean);
  return { account, accessTokenExpiresAt: Number(expiry), lackingScopes };
}
