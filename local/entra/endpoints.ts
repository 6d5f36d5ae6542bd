import type { EndpointVersion } from './wire.ts';

export type Endpoint = 'token' | 'authorize' | 'keys' | 'configuration';

/** Where a request goes. */
export interface Target {
  readonly endpoint: Endpoint;
  readonly version: EndpointVersion;
  /** A tenant id, a domain or `common`, `organizations`, `consumers`; lower case. */
  readonly tenant: string;
}

/** Each exists in two versions. */
const paths: readonly (readonly [Endpoint, RegExp])[] = [
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
