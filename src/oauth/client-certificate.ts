import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { SignJWT } from 'jose';
import type { AssertionAlgorithm } from '../accounts/client-authentication.ts';
import { Sensitive } from '../sensitive.ts';
import type { EpochSeconds } from '../time.ts';

/** A client's private key and the certificate that Entra knows it by. */
export interface ClientCertificate {
  /** Prints no key material, in whatever way it is printed. */
  readonly privateKey: KeyObject;
  /** Of the certificate in DER, base64url: the `x5t#S256` and the `x5t` of RFC 7515. */
  readonly sha256Thumbprint: string;
  readonly sha1Thumbprint: string;
  readonly notBefore: EpochSeconds;
  readonly notAfter: EpochSeconds;
}

type ClientCertificateResult =
  | { readonly ok: true; readonly certificate: ClientCertificate }
  /** What is wrong, as the end of a sentence that begins with the secret; quotes nothing of it. */
  | { readonly ok: false; readonly fault: string };

const leastModulusBits = 2048;

/**
 * Reads a private key (PKCS#8 or PKCS#1) and its certificate from PEM, in any order and with others of the chain, as
 * Key Vault exports a certificate of content type `application/x-pem-file`. Entra takes RSA keys only.
 */
export function parseClientCertificate(pem: Sensitive): ClientCertificateResult {
  const text = pem.reveal();
  const keyBlock = block(text, '(?:RSA )?PRIVATE KEY');
  if (keyBlock === undefined) return refused(missingKeyFault(text));
  const privateKey = attempt(() => createPrivateKey(keyBlock));
  if (privateKey === undefined) return refused('holds a private key that cannot be read');
  if (privateKey.asymmetricKeyType !== 'rsa') return refused('holds a key that is no RSA key');
  if ((privateKey.asymmetricKeyDetails?.modulusLength ?? 0) < leastModulusBits) {
    return refused(`holds an RSA key of less than ${leastModulusBits} bits`);
  }
  const certificates = blocks(text, 'CERTIFICATE').map((der) => attempt(() => new X509Certificate(der)));
  if (certificates.length === 0) return refused('holds no certificate beside the key');
  const own = certificates.find((certificate) => certificate?.checkPrivateKey(privateKey) === true);
  return own === undefined
    ? refused('holds no readable certificate of its private key')
    : { ok: true, certificate: describe(own, privateKey) };
}

function describe(certificate: X509Certificate, privateKey: KeyObject): ClientCertificate {
  const thumbprint = (hash: string) => createHash(hash).update(certificate.raw).digest('base64url');
  return {
    privateKey,
    sha256Thumbprint: thumbprint('sha256'),
    sha1Thumbprint: thumbprint('sha1'),
    notBefore: Math.floor(certificate.validFromDate.getTime() / 1000),
    notAfter: Math.floor(certificate.validToDate.getTime() / 1000),
  };
}

const refused = (fault: string): ClientCertificateResult => ({ ok: false, fault });

function missingKeyFault(text: string): string {
  if (text.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----')) return 'holds a key under a password';
  // The base64 of a DER sequence, as Key Vault keeps a certificate whose policy names no content type.
  if (/^MI[A-Za-z0-9+/]/.test(text)) return 'holds a PKCS#12 container, not PEM';
  return 'holds no private key in PEM';
}

function blocks(text: string, label: string): string[] {
  return text.match(new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----`, 'g')) ?? [];
}

const block = (text: string, label: string): string | undefined => blocks(text, label)[0];

/** OpenSSL's errors quote what they could not read. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** How long an assertion is valid: what Entra's certificate credentials page advises, and MSAL uses. */
const assertionLifetimeSeconds = 600;

interface ClientAssertionInput {
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
