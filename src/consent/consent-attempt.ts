import { createHash, randomBytes } from 'node:crypto';
import { EncryptJWT, jwtDecrypt } from 'jose';
import * as z from 'zod';
import type { FailureRecord } from '../accounts/account-state.ts';
import { readCountingFailure } from '../accounts/registration-tags.ts';
import { authorizeUrl, type Prompt } from '../oauth/authorize-request.ts';
import { findCode } from '../oauth/error-catalogue.ts';
import { consentAudience } from '../oauth/scopes.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { RefreshEnvironment } from '../refresh/environment.ts';
import type { Sensitive } from '../sensitive.ts';
import { type EpochSeconds, nowSeconds, secondsPerMinute } from '../time.ts';
import type { OpenedAccount } from './consent-account.ts';
import { askedUser } from './consented-user.ts';

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

interface AuthorizeStep {
  readonly authorizeUrl: string;
  /** The value of the attempt's cookie: `<key version>.<JWE>`. */
  readonly cookie: string;
}

const randomText = (): string => randomBytes(32).toString('base64url');

/**
 * A refused consent is asked for again in full; a lost token needs no more interaction than Entra itself demands
 * (Entra: resilience guide), but without a login hint the user chooses the account.
 */
function promptFor(failure: FailureRecord | undefined, loginHint: string | undefined): Prompt | undefined {
  if (failure !== undefined && findCode(failure.code)?.approval === 'user') return 'consent';
  return loginHint === undefined ? 'select_account' : undefined;
}

/** Begins a consent: where the browser goes, and what it must bring back. Nothing is kept here. */
export async function beginConsent(
  environment: RefreshEnvironment,
  account: OpenedAccount,
  link: string,
  redirectUri: string,
): Promise<AuthorizeStep> {
  const { registration, authority, id, registrationSecret } = account.prepared;
  const { version, key } = account.signingKey;
  const attempt = { account: id, link, state: randomText(), nonce: randomText(), codeVerifier: randomText() };
  const failure = readCountingFailure(registrationSecret.tags, account.refreshToken);
  const { loginHint } = askedUser(account.expected);
  const prompt = promptFor(failure, loginHint);
  const sealed = await sealAttempt(attempt, key, nowSeconds(environment.clock));
  const url = authorizeUrl({
    authority,
    tenant: registration.tenant,
    clientId: registration.clientId,
    audience: consentAudience(registration.tokens),
    redirectUri,
    state: attempt.state,
    nonce: attempt.nonce,
    codeChallenge: createHash('sha256').update(attempt.codeVerifier).digest('base64url'),
    ...omitUndefined({ loginHint, prompt, claims: failure?.claims }),
  });
  return { authorizeUrl: url, cookie: `${version}.${sealed}` };
}
