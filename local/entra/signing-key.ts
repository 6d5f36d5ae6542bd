import { createHash, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto';

/** An RSA key that signs JSON web tokens by RS256; made on construction, which takes a moment. */
export class IssuerKey {
  readonly keyId: string;
  readonly #privateKey: KeyObject;
  readonly #publicKey: JsonWebKey;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.#privateKey = privateKey;
    this.#publicKey = publicKey.export({ format: 'jwk' });
    this.keyId = createHash('sha1').update(String(this.#publicKey.n)).digest('base64url');
  }

  /** The public half as Entra serves it: without `alg`. */
  publicJwk(): Readonly<Record<string, string>> {
    const { n = '', e = '' } = this.#publicKey;
    return { kty: 'RSA', use: 'sig', kid: this.keyId, x5t: this.keyId, n, e };
  }

  /** A compact JWS. `keyId` can name another key than this. */
  signJwt(claims: object, keyId = this.keyId): string {
    const signed = `${encodePart({ typ: 'JWT', alg: 'RS256', kid: keyId })}.${encodePart(claims)}`;
    return `${signed}.${sign('sha256', Buffer.from(signed), this.#privateKey).toString('base64url')}`;
  }
}

/** A JWT by nobody: `alg` none and an empty signature. */
export function unsignedJwt(claims: object): string {
  return `${encodePart({ typ: 'JWT', alg: 'none' })}.${encodePart(claims)}.`;
}

function encodePart(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
