import { SignJWT } from 'jose';
import type { AssertionAlgorithm } from '../accounts/registration.ts';
import { Sensitive } from '../sensitive.ts';
import type { EpochSeconds } from '../time.ts';
import type { ClientCertificate } from './client-certificate.ts';

/** How long an assertion is valid: what Entra's certificate credentials page advises, and MSAL uses. */
export const assertionLifetimeSeconds = 600;

export interface ClientAssertionInput {
  readonly certificate: ClientCertificate;
  readonly algorithm: AssertionAlgorithm;
  readonly clientId: string;
  /** The URL of the token endpoint that the assertion is sent to. */
  readonly audience: string;
  readonly now: EpochSeconds;
  /** A new GUID: its `jti`. */
  readonly id: string;
}

/**
 * The proof that the client holds its certificate's key: private_key_jwt (OpenID Connect Core section 9; Entra:
 * certificate credentials). PS256 goes with the SHA-256 thumbprint; RS256, for services that know no PSS, with SHA-1.
 */
export async function signClientAssertion(input: ClientAssertionInput): Promise<Sensitive> {
  const { certificate, algorithm, clientId, audience, now, id } = input;
  const { sha256Thumbprint, sha1Thumbprint, privateKey } = certificate;
  const thumbprint = algorithm === 'PS256' ? { 'x5t#S256': sha256Thumbprint } : { x5t: sha1Thumbprint };
  const jwt = new SignJWT({ jti: id })
    .setProtectedHeader({ alg: algorithm, typ: 'JWT', ...thumbprint })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(audience)
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + assertionLifetimeSeconds);
  return new Sensitive(await jwt.sign(privateKey));
}
