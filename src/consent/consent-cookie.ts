import { createHash } from 'node:crypto';
import { EncryptJWT, jwtDecrypt } from 'jose';
import * as z from 'zod';
import type { Sensitive } from '../sensitive.ts';
import { type EpochSeconds, secondsPerMinute } from '../time.ts';

/** From the button to Entra's answer: sign-in, a second factor, reading. */
export const cookieLifetimeSeconds = 30 * secondsPerMinute;

/** What must come back with Entra's answer; it travels encrypted in the browser, so the server keeps nothing. */
export interface ConsentAttempt {
  readonly account: string;
  /** The link that began it, checked again at the end. */
  readonly link: string;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

const schema = z.object({
  account: z.string(),
  link: z.string(),
  state: z.string(),
  nonce: z.string(),
  codeVerifier: z.string(),
});

/** A key of its own for the cookie, so that no signature is ever a key and no key a signature. */
function encryptionKey(key: Sensitive): Uint8Array {
  return createHash('sha256').update(`consent-cookie:${key.reveal()}`).digest();
}

/** Seals an attempt for the browser (JWE, `dir` with A256GCM). */
export function sealAttempt(attempt: ConsentAttempt, key: Sensitive, now: EpochSeconds): Promise<string> {
  return new EncryptJWT({ ...attempt })
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .setIssuedAt(now)
    .setExpirationTime(now + cookieLifetimeSeconds)
    .encrypt(encryptionKey(key));
}

/** Opens a sealed attempt; undefined when it is forged, damaged, or older than {@link cookieLifetimeSeconds}. */
export async function openAttempt(
  sealed: string,
  key: Sensitive,
  now: EpochSeconds,
): Promise<ConsentAttempt | undefined> {
  try {
    const { payload } = await jwtDecrypt(sealed, encryptionKey(key), {
      currentDate: new Date(now * 1000),
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return schema.safeParse(payload).data;
  } catch {
    return undefined;
  }
}
