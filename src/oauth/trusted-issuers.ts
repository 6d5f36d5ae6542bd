import {
  createLocalJWKSet,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWK,
  type JWTVerifyGetKey,
} from 'jose';
import type { Tenant } from '../accounts/entra-ids.ts';
import { parseJsonObject } from '../json.ts';
import { type Clock, type EpochSeconds, nowSeconds, secondsPerDay, secondsPerHour } from '../time.ts';
import { type Authority, type AuthorityRules, type EndpointVersion, parseAuthority } from './authority.ts';
import type { Exchange } from './exchange.ts';

/** What an authority says of its id tokens (OpenID Connect Discovery 1.0, section 3). */
interface OpenIdMetadata {
  readonly kind: 'metadata';
  /** Who issues them; `{tenantid}` stands for the tenant of the token (Entra: claims validation). */
  readonly issuer: string;
  /** Where the signing keys are, on a trusted host. */
  readonly keysUrl: string;
}

/** Where a tenant's metadata is (Entra: OpenID Connect on the Microsoft identity platform). */
function metadataUrl(authority: Authority, tenant: Tenant, version: EndpointVersion): string {
  return `${authority}/${tenant}/${version === 'v2' ? 'v2.0/' : ''}.well-known/openid-configuration`;
}

/**
 * Reads a metadata document. The keys may be at another host than the authority, as long as that one is trusted with
 * tokens, too: whoever gives the keys can sign as anybody. Never throws.
 */
export function parseMetadata(
  text: string,
  rules: AuthorityRules,
): OpenIdMetadata | { readonly kind: 'metadata_malformed' | 'keys_host_untrusted' } {
  const { issuer, jwks_uri: keysUrl } = parseJsonObject(text) ?? {};
  if (typeof issuer !== 'string' || issuer === '') return { kind: 'metadata_malformed' };
  const url = typeof keysUrl === 'string' ? URL.parse(keysUrl) : null;
  if (url === null) return { kind: 'metadata_malformed' };
  if (parseAuthority(url.origin, rules).kind === 'fault') return { kind: 'keys_host_untrusted' };
  return { kind: 'metadata', issuer, keysUrl: url.href };
}

/** Whether a token's `iss` is the issuer that the metadata names, for the tenant that the token names. */
export function isIssuedBy(issuer: string, iss: unknown, tenantId: unknown): boolean {
  return typeof tenantId === 'string' && iss === issuer.replaceAll('{tenantid}', tenantId);
}

/** Whose id tokens count, by the authority's own word. */
export interface TrustedIssuer {
  readonly kind: 'trusted';
  /** As the metadata writes it; `{tenantid}` stands for the tenant of the token. */
  readonly issuer: string;
  readonly keys: JWTVerifyGetKey;
}

/** Why nobody knows at the moment whose id tokens count, as a stable word. */
interface UnknownIssuer {
  readonly kind: 'metadata_unreachable' | 'metadata_malformed' | 'keys_host_untrusted';
}

interface TrustedIssuersOptions {
  /** Fetches a document; redirects are not followed. */
  readonly get: (url: string) => Promise<Exchange>;
  readonly clock: Clock;
  /** Which hosts may give keys. */
  readonly rules: AuthorityRules;
}

interface Fetched {
  readonly kind: 'fetched';
  readonly issuer: string;
  readonly keys: JSONWebKeySet;
  readonly fetchedAt: EpochSeconds;
}

/** Within this age what was fetched counts as the authority's word of today. */
const freshSeconds = secondsPerHour;
/** What cannot be fetched anew serves as long as this: keys are to be looked for once a day (Entra: signing key rollover). */
const usableSeconds = secondsPerDay;
const pausesMilliseconds = [1000, 2000];

/**
 * Issuers and signing keys of authorities, from their metadata, each asked for when it is first needed and kept. A
 * fetch that fails is tried twice more; then what is not older than a day serves.
 */
export class TrustedIssuers {
  readonly #options: TrustedIssuersOptions;
  readonly #kept = new Map<string, Fetched>();

  constructor(options: TrustedIssuersOptions) {
    this.#options = options;
  }

  /** The issuer of a tenant's id tokens. Never rejects. */
  async find(
    authority: Authority,
    tenant: Tenant,
    version: EndpointVersion,
  ): Promise<TrustedIssuer | UnknownIssuer> {
    const url = metadataUrl(authority, tenant, version);
    const kept = this.#kept.get(url);
    if (kept !== undefined && this.#isWithin(freshSeconds, kept)) return this.#trust(url, kept);
    const fetched = await this.#loadInRounds(url);
    if (fetched.kind === 'fetched') return this.#trust(url, fetched);
    return kept !== undefined && this.#isWithin(usableSeconds, kept) ? this.#trust(url, kept) : fetched;
  }

  /** False for what was fetched later than now, too: the clock was set back, and nobody knows how old it is. */
  #isWithin(limitSeconds: number, { fetchedAt }: Fetched): boolean {
    const age = nowSeconds(this.#options.clock) - fetchedAt;
    return age >= 0 && age < limitSeconds;
  }

  async #loadInRounds(url: string): Promise<Fetched | UnknownIssuer> {
    let fetched = await this.#load(url);
    for (const pause of pausesMilliseconds) {
      if (fetched.kind === 'fetched') break;
      await this.#options.clock.sleep(pause);
      fetched = await this.#load(url);
    }
    return fetched;
  }

  async #load(url: string): Promise<Fetched | UnknownIssuer> {
    const text = await this.#getText(url);
    if (text === undefined) return { kind: 'metadata_unreachable' };
    const metadata = parseMetadata(text, this.#options.rules);
    if (metadata.kind !== 'metadata') return metadata;
    const keysText = await this.#getText(metadata.keysUrl);
    if (keysText === undefined) return { kind: 'metadata_unreachable' };
    const keys = parseKeys(keysText);
    if (keys === undefined) return { kind: 'metadata_malformed' };
    const { issuer } = metadata;
    const fetched: Fetched = { kind: 'fetched', issuer, keys, fetchedAt: nowSeconds(this.#options.clock) };
    this.#kept.set(url, fetched);
    return fetched;
  }

  async #getText(url: string): Promise<string | undefined> {
    const exchange = await this.#options.get(url);
    return exchange.kind === 'answered' && exchange.status === 200 ? exchange.body.reveal() : undefined;
  }

  #trust(url: string, { issuer, keys }: Fetched): TrustedIssuer {
    return { kind: 'trusted', issuer, keys: this.#keysOf(url, keysByIssuer(keys)) };
  }

  /** A key that is not among those kept may have been added since: they are fetched once more, and the code is spent. */
  #keysOf(url: string, kept: JWTVerifyGetKey): JWTVerifyGetKey {
    return async (header, token) => {
      try {
        return await kept(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        const fetched = await this.#loadInRounds(url);
        if (fetched.kind !== 'fetched') throw error;
        return keysByIssuer(fetched.keys)(header, token);
      }
    };
  }
}

/**
 * Whether a key may sign this token: the key sets of `common` and `organizations` hold keys of several issuers, and each
 * names its own, which is to be checked (Entra: Secure applications and APIs by validating claims, Validation of the
 * signing key issuer). The claims are not proven yet: they only choose the keys that may prove them.
 */
function mayHaveSigned({ issuer }: JWK & { readonly issuer?: unknown }, token: FlattenedJWSInput): boolean {
  if (issuer === undefined) return true;
  const { iss, tid } = parseJsonObject(Buffer.from(String(token.payload), 'base64url').toString()) ?? {};
  return typeof issuer === 'string' && isIssuedBy(issuer, iss, tid);
}

function keysByIssuer({ keys }: JSONWebKeySet): JWTVerifyGetKey {
  return async (header, token) => {
    const usable = keys.filter((key) => mayHaveSigned(key, token));
    if (keys.some((key) => key.kid === header.kid && !usable.includes(key)))
      throw new errors.JWTClaimValidationFailed('the key is of another issuer', {}, 'iss', 'check_failed');
    return createLocalJWKSet({ keys: usable })(header, token);
  };
}

/** Undefined when the text is no set with at least one key. */
function parseKeys(text: string): JSONWebKeySet | undefined {
  try {
    // Whatever is none is refused by the next line.
    const set = JSON.parse(text) as JSONWebKeySet;
    createLocalJWKSet(set);
    return set.keys.length > 0 ? set : undefined;
  } catch {
    return undefined;
  }
}
