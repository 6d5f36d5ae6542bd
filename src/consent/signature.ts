import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Sensitive } from '../sensitive.ts';

/** What a signature is for; one made for one purpose is never good for the other. */
type Purpose = 'consent-link' | 'consent-link-address' | 'consent-receipt';

/** HMAC-SHA256 over purpose and parts, base64url: 43 characters. */
export function sign(purpose: Purpose, parts: readonly (string | number)[], key: Sensitive): string {
  return createHmac('sha256', key.reveal())
    .update(JSON.stringify([purpose, ...parts]))
    .digest('base64url');
}

/** Whether a signature is the right one; compares in constant time. */
export function isSignature(
  given: string,
  purpose: Purpose,
  parts: readonly (string | number)[],
  key: Sensitive,
): boolean {
  const expected = Buffer.from(sign(purpose, parts, key));
  const actual = Buffer.from(given);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}
