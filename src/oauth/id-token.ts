import { decodeJwt, errors, jwtVerify } from 'jose';
import { isGuid, type User } from '../accounts/entra-ids.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { Sensitive } from '../sensitive.ts';
import { type EpochSeconds, secondsPerMinute } from '../time.ts';
import type { EndpointVersion } from './authority.ts';
import { isIssuedBy, type TrustedIssuer } from './trusted-issuers.ts';

/** Who signed in, by the ids of the tenant that issued the id token: a guest has others at home. */
export interface SignedInUser extends User {
  /** `preferred_username` (v2), `upn` (v1) or, for a guest on v1, `unique_name`: for people to read. */
  readonly userName?: string;
}

type IdTokenResult =
  | { readonly kind: 'valid'; readonly user: SignedInUser }
  /** The claim that is wrong, or `signature`, `format`, `keys`. */
  | { readonly kind: 'invalid'; readonly reason: string };

export interface IdTokenExpectation {
  readonly endpoint: EndpointVersion;
  /** Of the authority; its keys are used for v2. */
  readonly issuer: TrustedIssuer;
  readonly clientId: string;
  readonly nonce: string;
  readonly now: EpochSeconds;
}

const clockToleranceSeconds = 5 * secondsPerMinute;

const invalid = (reason: string): IdTokenResult => ({ kind: 'invalid', reason });

function text(claim: unknown): string | undefined {
  return typeof claim === 'string' && claim !== '' ? claim : undefined;
}

/** A guest on v1 has no `upn`; a personal account's name has a prefix (MicrosoftDocs/azure-docs issue 41385). */
function guestName(claim: unknown): string | undefined {
  return text(text(claim)?.replace(/^live\.com#/, ''));
}

function userOf(claims: Record<string, unknown>): IdTokenResult {
  const { tid, oid } = claims;
  // They go into tags and, at each refresh, into a header.
  if (!isGuid(tid)) return invalid('tid');
  if (!isGuid(oid)) return invalid('oid');
  const [tenantId, objectId] = [tid.toLowerCase(), oid.toLowerCase()];
  const userName =
    text(claims['preferred_username']) ?? text(claims['upn']) ?? guestName(claims['unique_name']);
  return { kind: 'valid', user: { tenantId, objectId, ...omitUndefined({ userName }) } };
}

/** jose's errors by what they are about; its messages are not taken over. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired)
    return error.claim;
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature';
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return 'signature';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'signature';
  return error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid ? 'format' : 'keys';
}

async function verifyV2(token: string, expected: IdTokenExpectation): Promise<IdTokenResult> {
  const { payload } = await jwtVerify(token, expected.issuer.keys, {
    algorithms: ['RS256'],
    audience: expected.clientId,
    currentDate: new Date(expected.now * 1000),
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ['iss', 'exp', 'nonce', 'tid', 'oid'],
  });
  // The issuer names the tenant; with `common` it is known only now that the signature holds.
  if (!isIssuedBy(expected.issuer.issuer, payload.iss, payload['tid'])) return invalid('iss');
  if (payload['nonce'] !== expected.nonce) return invalid('nonce');
  return userOf(payload);
}

/** v1 id tokens are not signed: they count only because they came from the token endpoint over TLS. */
function verifyV1(token: string, expected: IdTokenExpectation): IdTokenResult {
  const claims = decodeJwt(token);
  if (claims.aud !== expected.clientId) return invalid('aud');
  if (!isIssuedBy(expected.issuer.issuer, claims.iss, claims['tid'])) return invalid('iss');
  if ((claims.exp ?? 0) + clockToleranceSeconds <= expected.now) return invalid('exp');
  if (claims['nonce'] !== undefined && claims['nonce'] !== expected.nonce) return invalid('nonce');
  return userOf(claims);
}

/**
 * Checks the id token of a consent (OpenID Connect Core section 3.1.3.7; Entra: ID tokens): v2 by signature, issuer,
 * audience, nonce and expiry with 5 minutes of tolerance; v1 the same without signature. Never throws.
 */
export async function verifyIdToken(token: Sensitive, expected: IdTokenExpectation): Promise<IdTokenResult> {
  try {
    const compact = token.reveal();
    return expected.endpoint === 'v2' ? await verifyV2(compact, expected) : verifyV1(compact, expected);
  } catch (error) {
    return invalid(reasonOf(error));
  }
}
