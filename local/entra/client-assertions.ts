import { constants, createHash, createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';
import type { ClientRegistration } from './clients.ts';
import { type Jwt, parseJwt, timeFault } from './jwt.ts';
import { type EntraRefusal, refusal } from './refusal.ts';
import type { TokenCall } from './wire.ts';

/** What stands beside an assertion when it is checked. */
interface AssertionContext {
  readonly call: TokenCall;
  readonly nowMilliseconds: number;
  /** The key by which Entra signs the tokens of managed identities. */
  readonly issuerKey: () => KeyObject;
}

/**
 * Checks client assertions (RFC 7523; Entra: certificate credentials; workload identity federation), and remembers the
 * ids of those that were accepted. Shares nothing with the code that makes assertions.
 */
export class ClientAssertionChecks {
  /** By `jti`: the assertion that it came with, and when that ends. */
  readonly #seen = new Map<string, { readonly token: string; readonly endsAtMilliseconds: number }>();

  /**
   * Why the client is not authenticated; undefined when it is. assumed: what names the client itself as issuer is
   * signed by its certificate, everything else is a federated token; the order of the checks.
   */
  check(client: ClientRegistration, assertion: string, context: AssertionContext): EntraRefusal | undefined {
    const jwt = parseJwt(assertion);
    if (jwt === undefined) return unreadable;
    const isOwn = String(jwt.claims['iss']).toLowerCase() === client.clientId.toLowerCase();
    if (!isOwn) return checkFederated(client, jwt, context);
    return checkCertificate(client, jwt, context) ?? this.#checkReplay(jwt, context.nowMilliseconds);
  }

  /** assumed: the same assertion may be sent again, as the MSAL libraries do; another one with its id may not. */
  #checkReplay(jwt: Jwt, nowMilliseconds: number): EntraRefusal | undefined {
    for (const [id, { endsAtMilliseconds }] of this.#seen)
      if (endsAtMilliseconds < nowMilliseconds) this.#seen.delete(id);
    const id = jwt.claims['jti'];
    if (typeof id !== 'string' || id === '') return withoutId;
    const before = this.#seen.get(id);
    if (before !== undefined && before.token !== jwt.token) return replayed;
    this.#seen.set(id, { token: jwt.token, endsAtMilliseconds: Number(jwt.claims['exp']) * 1000 });
    return undefined;
  }
}

function checkCertificate(
  client: ClientRegistration,
  jwt: Jwt,
  { call, nowMilliseconds }: AssertionContext,
): EntraRefusal | undefined {
  if (jwt.claims['sub'] !== jwt.claims['iss']) return otherSubject;
  const { certificates = [] } = client;
  if (certificates.length === 0) return noKeys;
  const thumbprint = thumbprintOf(jwt);
  if (thumbprint === undefined) return noThumbprint;
  const certificate = certificates
    .map((pem) => new X509Certificate(pem))
    .find(({ raw }) => digest(thumbprint.hash, raw) === thumbprint.value);
  if (certificate === undefined) return unknownKey(client, thumbprint.value);
  return (
    signatureFault(jwt, certificate.publicKey) ??
    validityFault(certificate, nowMilliseconds) ??
    timeFault(jwt, nowMilliseconds) ??
    (isAudience(jwt.claims['aud'], call) ? undefined : wrongAudience)
  );
}

function thumbprintOf({ header }: Jwt): { hash: string; value: string } | undefined {
  const { 'x5t#S256': sha256, x5t: sha1 } = header;
  if (typeof sha256 === 'string') return { hash: 'sha256', value: sha256 };
  return typeof sha1 === 'string' ? { hash: 'sha1', value: sha1 } : undefined;
}

const digest = (hash: string, raw: Buffer): string => createHash(hash).update(raw).digest('base64url');

function signatureFault(jwt: Jwt, publicKey: KeyObject): EntraRefusal | undefined {
  const padding = paddings.get(String(jwt.header['alg']));
  if (padding === undefined) return unsuitableAlgorithm;
  const key = { key: publicKey, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return verify('sha256', jwt.signed, key, jwt.signature) ? undefined : wrongSignature;
}

/** RFC 7518 sections 3.3 and 3.5. */
const paddings: ReadonlyMap<string, number> = new Map([
  ['PS256', constants.RSA_PKCS1_PSS_PADDING],
  ['RS256', constants.RSA_PKCS1_PADDING],
]);

function validityFault(
  { validFromDate, validToDate }: X509Certificate,
  nowMilliseconds: number,
): EntraRefusal | undefined {
  const isValid = validFromDate.getTime() <= nowMilliseconds && nowMilliseconds <= validToDate.getTime();
  return isValid ? undefined : certificateEnded;
}

/** The token endpoint of the tenant that was asked, in either version. */
function isAudience(audience: unknown, { authority, tenant }: TokenCall): boolean {
  if (typeof audience !== 'string') return false;
  return ['oauth2/v2.0/token', 'oauth2/token'].some(
    (path) => audience.toLowerCase() === `${authority}/${tenant}/${path}`,
  );
}

/** The public half of a key that stands as JWK. */
export function publicKeyOf(jwk: Readonly<Record<string, string>>): KeyObject {
  return createPublicKey({ key: { ...jwk }, format: 'jwk' });
}

const unreadable = refusal(50027, 'JWT token is invalid or malformed.');
const otherSubject = refusal(
  50048,
  'SubjectMismatchesIssuer: the subject of the assertion is not its issuer.',
);
const noKeys = refusal(700026, 'Client application has no configured keys.');
const noThumbprint = refusal(
  50027,
  'Invalid JWT token. No certificate thumbprint specified in token header.',
);
const wrongSignature = refusal(7000274, 'The client assertion contains an invalid signature.');
const certificateEnded = refusal(
  1000502,
  'The provided certificate is not within its specified validity window.',
);
const unsuitableAlgorithm = refusal(5002730, 'Invalid JWT token. Unsupported key for the signing algorithm.');
// assumed: both are an invalid token.
const withoutId = refusal(50027, 'Invalid JWT token. The assertion has no identifier.');
const replayed = refusal(
  50027,
  'Invalid JWT token. The identifier of the assertion was used by another one.',
);

/** As seen with `invalid_client`, although the documented meaning of the number is another, of scopes. */
const wrongAudience: EntraRefusal = {
  ...refusal(700023, 'Client assertion audience claim does not match Realm issuer.'),
  oauthError: 'invalid_client',
  status: 401,
};

function unknownKey({ clientId }: ClientRegistration, thumbprint: string): EntraRefusal {
  return refusal(
    700027,
    'The certificate with identifier used to sign the client assertion is not registered on application. [Reason - ' +
      `The key was not found., Thumbprint of key used by client: '${Buffer.from(thumbprint, 'base64url').toString('hex').toUpperCase()}', ` +
      `Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '${clientId}'.]`,
  );
}

/**
 * Checks a token against the client's federated identity credentials: issuer, subject and audience, each letter by
 * letter, then signature and time. assumed: the order; and that a token which Entra did not sign is 50013.
 */
function checkFederated(
  { federatedCredentials = [] }: ClientRegistration,
  jwt: Jwt,
  { nowMilliseconds, issuerKey }: AssertionContext,
): EntraRefusal | undefined {
  const { iss, sub, aud, idtyp } = jwt.claims;
  if (federatedCredentials.length === 0) return noCredentials;
  const ofIssuer = federatedCredentials.filter(({ issuer }) => issuer === iss);
  if (ofIssuer.length === 0) return noMatch(700211, 'issuer', iss);
  const ofSubject = ofIssuer.filter(({ subject }) => subject === sub);
  if (ofSubject.length === 0) return wrongSubject(ofIssuer, sub);
  if (!ofSubject.some(({ audience }) => audience === aud)) return noMatch(700212, 'audience', aud);
  const key = { key: issuerKey(), padding: constants.RSA_PKCS1_PADDING };
  if (jwt.header['alg'] !== 'RS256' || !verify('sha256', jwt.signed, key, jwt.signature)) return badSignature;
  if (idtyp !== 'app') return actsForUser;
  return timeFault(jwt, nowMilliseconds);
}

function wrongSubject(candidates: readonly { readonly subject: string }[], subject: unknown): EntraRefusal {
  const isNear = candidates.some((one) => one.subject.toLowerCase() === String(subject).toLowerCase());
  return noMatch(isNear ? 7002138 : 700213, 'subject', subject);
}

function noMatch(code: number, what: string, value: unknown): EntraRefusal {
  return refusal(
    code,
    `No matching federated identity record found for presented assertion ${what} '${String(value)}'. Please check ` +
      'your federated identity credential Subject, Audience and Issuer against the presented assertion.',
  );
}

const noCredentials = refusal(70025, 'The client has no configured federated identity credentials.');
const badSignature = refusal(50013, 'Assertion failed signature validation.');
const actsForUser = refusal(700229, 'Only app-only tokens may be used as a federated identity credential.');
