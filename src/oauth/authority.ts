import type { Tenant } from '../accounts/entra-ids.ts';
import { isLoopbackHost } from '../http/origin.ts';

/** The origin of an allow-listed token service; only {@link parseAuthority} makes one. */
export type Authority = string & { readonly parsed: 'Authority' };

/** `v2` takes scopes, `v1` a resource. */
export type EndpointVersion = 'v1' | 'v2';

/** Why a text is refused, in a sentence that names the remedy and never quotes the value: it may be a misplaced secret. */
interface AuthorityFault {
  readonly kind: 'fault';
  readonly message: string;
}

export interface AuthorityRules {
  /** Further trusted hosts, `host` or `host:port`. Default: none. */
  readonly additionalHosts?: readonly string[];
  /** Accept 127.0.0.1, [::1] and localhost, over plain http too. Only the local environment says true. Default: false. */
  readonly allowLoopback?: boolean;
}

/** The hosts that Entra answers on, by cloud (MSAL.NET: KnownMetadataProvider). Closed and test clouds are left out. */
const entraHosts: ReadonlySet<string> = new Set([
  // public
  'login.microsoftonline.com',
  'login.windows.net',
  'login.microsoft.com',
  'sts.windows.net',
  // US government
  'login.microsoftonline.us',
  'login.usgovcloudapi.net',
  // China
  'login.partner.microsoftonline.cn',
  'login.chinacloudapi.cn',
  // sovereign clouds of France, Germany and Singapore
  'login.sovcloud-identity.fr',
  'login.sovcloud-identity.de',
  'login.sovcloud-identity.sg',
]);

/**
 * The audience of a managed identity's token that proves a client, by cloud (Entra: configure an application to trust
 * a managed identity). For the clouds of France, Germany and Singapore none is documented.
 */
const federationAudiences: ReadonlyMap<string, string | undefined> = new Map([
  ['login.microsoftonline.us', 'api://AzureADTokenExchangeUSGov'],
  ['login.usgovcloudapi.net', 'api://AzureADTokenExchangeUSGov'],
  ['login.partner.microsoftonline.cn', 'api://AzureADTokenExchangeChina'],
  ['login.chinacloudapi.cn', 'api://AzureADTokenExchangeChina'],
  ['login.sovcloud-identity.fr', undefined],
  ['login.sovcloud-identity.de', undefined],
  ['login.sovcloud-identity.sg', undefined],
]);
const publicFederationAudience = 'api://AzureADTokenExchange';

/** For which audience a managed identity's token proves a client at this authority; undefined where nobody says. */
export function federationAudience(authority: Authority): string | undefined {
  const host = authorityHost(authority);
  return federationAudiences.has(host) ? federationAudiences.get(host) : publicFederationAudience;
}

/** The authority of the public cloud. */
export const defaultAuthority = 'https://login.microsoftonline.com' as Authority;

/**
 * Checks that refresh tokens and client credentials may be sent to this authority: an allow-listed host, over
 * TLS, nothing but an origin. Never throws.
 */
export function parseAuthority(
  text: string,
  rules: AuthorityRules = {},
): { readonly kind: 'authority'; readonly authority: Authority } | AuthorityFault {
  const url = URL.parse(text);
  if (url === null) return fault(`authority must be a URL such as ${defaultAuthority}`);
  const message = originFault(url) ?? trustFault(url, rules);
  return message === undefined ? { kind: 'authority', authority: url.origin as Authority } : fault(message);
}

function originFault(url: URL): string | undefined {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'authority must use https';
  if (url.username !== '' || url.password !== '') return 'authority must not carry a user name or password';
  if (url.pathname !== '/') return 'authority must have no path; the tenant is a field of its own';
  if (url.search !== '' || url.hash !== '') return 'authority must have no query and no fragment';
  return undefined;
}

function trustFault(url: URL, rules: AuthorityRules): string | undefined {
  if (isLoopbackHost(url.hostname)) {
    return rules.allowLoopback === true
      ? undefined
      : 'authority on loopback is accepted in the local environment only; give the host of a Microsoft Entra cloud';
  }
  if (url.protocol !== 'https:') return 'authority must use https';
  if (entraHosts.has(url.host) || isListed(url.host, rules.additionalHosts)) return undefined;
  return 'authority is not a trusted host; give the host of a Microsoft Entra cloud or add this one to the trusted hosts';
}

function isListed(host: string, hosts: readonly string[] = []): boolean {
  return hosts.some((listed) => listed.toLowerCase() === host);
}

/** True when nobody on the way can read a request to this URL: TLS, or it does not leave the machine. */
export function isConfidential(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
}

function fault(message: string): AuthorityFault {
  return { kind: 'fault', message };
}

/** The token endpoint (Entra: v2 auth code flow; v1 protocols: OAuth code). */
export function tokenEndpointUrl(authority: Authority, tenant: Tenant, version: EndpointVersion): string {
  const path = version === 'v2' ? 'oauth2/v2.0/token' : 'oauth2/token';
  return `${authority}/${tenant}/${path}`;
}

/** The authority's host, for telemetry. */
export function authorityHost(authority: Authority): string {
  return new URL(authority).host;
}
