import type { EndpointVersion } from '../../src/oauth/authority.ts';
import { personalTenantId } from './grants.ts';
import type { IssuerKey } from './signing-key.ts';

/**
 * Hosts of a cloud that answer with the issuer of another one (China: Azure/azure-dev issue 5912, MSAL.js'
 * AuthorityMetadata; public: login.windows.net's metadata as noted in public sources; assumed: US government alike).
 */
const issuerHosts: Readonly<Record<string, string>> = {
  'login.chinacloudapi.cn': 'login.partner.microsoftonline.cn',
  'login.windows.net': 'login.microsoftonline.com',
  'login.microsoft.com': 'login.microsoftonline.com',
  'sts.windows.net': 'login.microsoftonline.com',
  'login.usgovcloudapi.net': 'login.microsoftonline.us',
};

const chinaHosts: ReadonlySet<string> = new Set([
  'login.partner.microsoftonline.cn',
  'login.chinacloudapi.cn',
]);

/** Who issues a tenant's id tokens, as metadata and tokens both say; `{tenantid}` for any tenant. */
export function issuerOf(authority: string, version: EndpointVersion, tenantId: string): string {
  const { host, hostname, protocol } = new URL(authority);
  if (version === 'v1') {
    // Entra: v1 auth code flow, its sample token; Azure China: multitenant applications.
    return `https://${chinaHosts.has(host) ? 'sts.chinacloudapi.cn' : 'sts.windows.net'}/${tenantId}/`;
  }
  // External ID: the issuer's host names the tenant by id, whatever the authority's does (MSAL.js issue 8592).
  if (hostname.endsWith('.ciamlogin.com')) return `https://${tenantId}.ciamlogin.com/${tenantId}/v2.0`;
  return `${protocol}//${issuerHosts[host] ?? host}/${tenantId}/v2.0`;
}

/** The JSON Web Key Set; each key says whose tokens it signs (Entra: claims validation, the `issuer` of keys). */
export function keySet(key: IssuerKey, issuer: string): string {
  return JSON.stringify({ keys: [{ ...key.publicJwk(), issuer }] });
}

/** What a tenant's metadata is made of. */
interface MetadataFacts {
  /** The origin that the client asked. */
  readonly authority: string;
  /** The one that issuers name; differs only when a test says so. */
  readonly issuerAuthority: string;
  readonly version: EndpointVersion;
  /** As the path names it. */
  readonly tenant: string;
  /** Of a tenant that the path names by its domain. */
  readonly tenantId: string;
}

/** The OpenID Connect metadata of a tenant. `organizations` has the issuer of `common` (CZ-NIC/pyoidc issue 743). */
export function configuration(facts: MetadataFacts): string {
  const { authority, issuerAuthority, version, tenant, tenantId } = facts;
  const base = `${authority}/${tenant}`;
  const path = version === 'v2' ? '/v2.0' : '';
  return JSON.stringify({
    token_endpoint: `${base}/oauth2${path}/token`,
    // In this order (seen: Azure/azure-workload-identity issue 682).
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    // v1 names the keys of all tenants (seen: smallstep/certificates pull request 1309).
    jwks_uri: version === 'v2' ? `${base}/discovery/v2.0/keys` : `${authority}/common/discovery/keys`,
    response_modes_supported: ['query'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code'],
    scopes_supported: version === 'v2' ? ['openid', 'profile', 'email', 'offline_access'] : ['openid'],
    issuer: issuerOf(issuerAuthority, version, issuerTenant(tenantId)),
    authorization_endpoint: `${base}/oauth2${path}/authorize`,
  });
}

function issuerTenant(tenantId: string): string {
  if (tenantId === 'common' || tenantId === 'organizations') return '{tenantid}';
  return tenantId === 'consumers' ? personalTenantId : tenantId;
}
