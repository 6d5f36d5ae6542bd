import { createHash } from 'node:crypto';
import { type EntraRefusal, refusal } from './refusal.ts';

/** What the authorize request said of its code verifier (RFC 7636). */
export interface CodeChallenge {
  readonly challenge: string;
  readonly method: 'S256' | 'plain';
}

/** RFC 7636 section 4.2: 43 to 128 unreserved characters. */
const challengeForm = /^[A-Za-z0-9._~-]{43,128}$/;

/** The challenge of an authorize request, undefined without one; without a method it is plain (Entra: v2 auth code flow). */
export function readChallenge(
  challenge: string | undefined,
  method: string | undefined,
): CodeChallenge | EntraRefusal | undefined {
  if (challenge === undefined) return method === undefined ? undefined : missingChallenge;
  if (!challengeForm.test(challenge)) return wrongSize;
  if (method !== undefined && method !== 'S256' && method !== 'plain') return unknownMethod;
  return { challenge, method: method ?? 'plain' };
}

/**
 * Whether the verifier belongs to the challenge; also a missing one is 501481 (seen: msal-js issue 6827).
 * assumed: a verifier without a challenge is refused as well.
 */
export function checkVerifier(
  expected: CodeChallenge | undefined,
  verifier: string | undefined,
): EntraRefusal | undefined {
  if (expected === undefined) return verifier === undefined ? undefined : mismatch;
  return verifier !== undefined && transform(expected.method, verifier) === expected.challenge
    ? undefined
    : mismatch;
}

function transform(method: CodeChallenge['method'], verifier: string): string {
  return method === 'plain' ? verifier : createHash('sha256').update(verifier).digest('base64url');
}

const missingChallenge = refusal(50147, 'Missing Code_Challenge parameter.');
const wrongSize = refusal(501491, 'Invalid size of Code_Challenge parameter.');
const unknownMethod = refusal(50149, 'Invalid Code_Challenge_method parameter.');
const mismatch = refusal(
  501481,
  'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
);
