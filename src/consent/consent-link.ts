import type { Sensitive } from '../sensitive.ts';
import { type EpochSeconds, secondsPerDay, secondsPerMinute } from '../time.ts';
import { isSignature, sign } from './signature.ts';

/** No link that expires later than this from now was made here. */
export const longestLinkSeconds = 7 * secondsPerDay;
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
