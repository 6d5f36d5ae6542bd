import { personalTenantId } from './grants.ts';
import type { SigningKey } from './signing-key.ts';

/** The JSON Web Key Set; each key says whose tokens it signs (Entra: claims validation, the `issuer` of keys). */
export function keySet(key: SigningKey, authority: string): string {
  return JSON.stringify({ keys: [{ ...key.publicJwk(), issuer: `${authority}/{tenantid}/v2.0` }] });
}

/**
 * The OpenID Connect metadata of a tenant, of v2. assumed: `organizations` has the issuer of `common`.
 * @param tenantId of a tenant that the path names by its domain.
 */
export function configuration(authority: string, tenant: string, tenantId = tenant): string {
  const base = `${authority}/${tenant}`;
  return JSON.stringify({
    token_endpoint: `${base}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    jwks_uri: `${base}/discovery/v2.0/keys`,
    response_modes_supported: ['query'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: `${authority}/${issuerTenant(tenantId)}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
  });
}

function issuerTenant(tenantId: string): string {
  if (tenantId === 'common' || tenantId === 'organizations') return '{tenantid}';
  return tenantId === 'consumers' ? personalTenantId : tenantId;
}
