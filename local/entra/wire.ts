import type { EndpointVersion } from '../../src/oauth/authority.ts';

/** A request as the endpoint reads it. */
export interface EntraRequest {
  /** Default: `POST`. */
  readonly method?: string;
  /** The path, with or without a query. */
  readonly path: string;
  /** Lower-case names. Without `content-type` the form is taken as form-encoded. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly form: URLSearchParams | string;
  /** The origin that the client asked, as issuers name it. Default: the public cloud's. */
  readonly authority?: string;
}

export interface EntraResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A request to a token endpoint, taken apart. */
export interface TokenCall {
  readonly version: EndpointVersion;
  /** A tenant id, a domain or `common`, `organizations`, `consumers`; lower case. */
  readonly tenant: string;
  readonly authority: string;
  readonly parameters: URLSearchParams;
  readonly headers: EntraRequest['headers'];
}

const formType = 'application/x-www-form-urlencoded';

/** Undefined when the path is no token endpoint's. */
export function parseTokenCall(request: EntraRequest): TokenCall | undefined {
  const target = targetOf(request.path);
  if (target?.endpoint !== 'token') return undefined;
  return {
    version: target.version,
    tenant: target.tenant,
    authority: authorityOf(request),
    parameters: parseForm(request),
    headers: request.headers,
  };
}

/** The origin that the client asked; the public cloud's when nobody says. */
export function authorityOf(request: EntraRequest): string {
  return request.authority ?? 'https://login.microsoftonline.com';
}

/** A body of another type holds no parameters: Entra then misses `grant_type` (seen with a JSON body). */
export function parseForm(request: EntraRequest): URLSearchParams {
  const type = request.headers['content-type'];
  if (type !== undefined && !type.toLowerCase().startsWith(formType)) return new URLSearchParams();
  return typeof request.form === 'string' ? new URLSearchParams(request.form) : request.form;
}

/** A parameter, where an empty one counts as missing. */
export function parameter(call: { readonly parameters: URLSearchParams }, name: string): string | undefined {
  const value = call.parameters.get(name);
  return value === null || value === '' ? undefined : value;
}

export type EntraEndpoint = 'token' | 'authorize' | 'keys' | 'configuration';

/** Where a request goes. */
export interface Target {
  readonly endpoint: EntraEndpoint;
  readonly version: EndpointVersion;
  /** A tenant id, a domain or `common`, `organizations`, `consumers`; lower case. */
  readonly tenant: string;
}

/** Each exists in two versions. */
const paths: readonly (readonly [EntraEndpoint, RegExp])[] = [
  ['token', /^\/([^/?]+)\/oauth2\/(v2\.0\/)?token(?:\?|$)/],
  ['authorize', /^\/([^/?]+)\/oauth2\/(v2\.0\/)?authorize(?:\?|$)/],
  ['keys', /^\/([^/?]+)\/discovery\/(v2\.0\/)?keys(?:\?|$)/],
  ['configuration', /^\/([^/?]+)\/(v2\.0\/)?\.well-known\/openid-configuration(?:\?|$)/],
];

/** Undefined for a path that belongs to no endpoint. */
export function targetOf(path: string): Target | undefined {
  for (const [endpoint, form] of paths) {
    const match = form.exec(path);
    if (match === null) continue;
    return {
      endpoint,
      version: match[2] === undefined ? 'v1' : 'v2',
      tenant: (match[1] ?? '').toLowerCase(),
    };
  }
  return undefined;
}
