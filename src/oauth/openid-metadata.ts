import type { Tenant } from '../accounts/tenant.ts';
import { type Authority, type AuthorityRules, type EndpointVersion, parseAuthority } from './authority.ts';
import { parseJsonObject } from './json-object.ts';

/** What an authority says of its id tokens (OpenID Connect Discovery 1.0, section 3). */
export interface OpenIdMetadata {
  readonly kind: 'metadata';
  /** Who issues them; `{tenantid}` stands for the tenant of the token (Entra: claims validation). */
  readonly issuer: string;
  /** Where the signing keys are, on a trusted host. */
  readonly keysUrl: string;
}

/** Where a tenant's metadata is (Entra: OpenID Connect on the Microsoft identity platform). */
export function metadataUrl(authority: Authority, tenant: Tenant, version: EndpointVersion): string {
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
