/** A request as the endpoint reads it. */
export interface EntraRequest {
  /** Default: `POST`. */
  readonly method?: string;
  /** The path, with or without a query. */
  readonly path: string;
  /** Lower-case names. Without `content-type` the form is taken as form-encoded. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly form: URLSearchParams | string;
}

export interface EntraResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The two token endpoints: `/oauth2/token` and `/oauth2/v2.0/token`. */
export type EndpointVersion = 'v1' | 'v2';

/** A request to a token endpoint, taken apart. */
export interface TokenCall {
  readonly version: EndpointVersion;
  /** A tenant id or `common`, `organizations`, `consumers`; lower case. */
  readonly tenant: string;
  readonly parameters: URLSearchParams;
  readonly headers: EntraRequest['headers'];
}

const tokenPath = /^\/([^/?]+)\/oauth2\/(v2\.0\/)?token(?:\?|$)/;
const formType = 'application/x-www-form-urlencoded';

/** Undefined when the path is no token endpoint's. */
export function parseTokenCall(request: EntraRequest): TokenCall | undefined {
  const match = tokenPath.exec(request.path);
  if (match === null) return undefined;
  return {
    version: match[2] === undefined ? 'v1' : 'v2',
    tenant: (match[1] ?? '').toLowerCase(),
    parameters: parseForm(request),
    headers: request.headers,
  };
}

/** A body of another type holds no parameters: Entra then misses `grant_type` (seen with a JSON body). */
function parseForm(request: EntraRequest): URLSearchParams {
  const type = request.headers['content-type'];
  if (type !== undefined && !type.toLowerCase().startsWith(formType)) return new URLSearchParams();
  return typeof request.form === 'string' ? new URLSearchParams(request.form) : request.form;
}

/** A parameter, where an empty one counts as missing. */
export function parameter(call: TokenCall, name: string): string | undefined {
  const value = call.parameters.get(name);
  return value === null || value === '' ? undefined : value;
}
