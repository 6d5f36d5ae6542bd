import type { Sensitive } from '../sensitive.ts';
import { type EpochSeconds, secondsPerDay } from '../time.ts';
import { isSignature, sign } from './signature.ts';

/** How long a consent link works. */
export const linkLifetimeSeconds = 7 * secondsPerDay;

/**
 * What a link is bound to. The two versions change when the registration is rewritten or a consent has stored its
 * refresh token, which ends every link given out before, with nothing kept anywhere.
 */
export interface LinkBinding {
  readonly account: string;
  readonly registrationVersion: string;
  /** Empty without a refresh token. */
  readonly refreshTokenVersion: string;
  /** In place of that version, for an account whose other access tokens go on rotating its refresh token. */
  readonly grantId?: string;
}

/** A link's parts as they stand in its text; nothing of it is secret but the signature's key. */
export interface LinkText {
  readonly expiresAt: EpochSeconds;
  /** The version of the signing key's secret. */
  readonly keyVersion: string;
  readonly signature: string;
}

const linkPattern = /^([0-9]{10})\.([0-9a-f]{32})\.([A-Za-z0-9_-]{43})$/;

function signedParts(binding: LinkBinding, expiresAt: EpochSeconds): (string | number)[] {
  const { account, registrationVersion, refreshTokenVersion, grantId } = binding;
  return [account, registrationVersion, grantId ?? refreshTokenVersion, expiresAt];
}

/** The link's text for a new link: `<expiry>.<key version>.<HMAC-SHA256>`. */
export function mintLink(
  binding: LinkBinding,
  now: EpochSeconds,
  keyVersion: string,
  key: Sensitive,
): string {
  const expiresAt = now + linkLifetimeSeconds;
  return `${expiresAt}.${keyVersion}.${sign('consent-link', signedParts(binding, expiresAt), key)}`;
}

/** Reads a link's text without believing it; undefined when it has not the form of one. */
export function parseLink(text: string): LinkText | undefined {
  const [, expiresAt, keyVersion, signature] = linkPattern.exec(text) ?? [];
  if (expiresAt === undefined || keyVersion === undefined || signature === undefined) return undefined;
  return { expiresAt: Number(expiresAt), keyVersion, signature };
}

/** Whether the link was made with this key for exactly this binding. */
export function isSigned(link: LinkText, binding: LinkBinding, key: Sensitive): boolean {
  return isSignature(link.signature, 'consent-link', signedParts(binding, link.expiresAt), key);
}
