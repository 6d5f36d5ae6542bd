import { type EntraRefusal, refusal } from './refusal.ts';

const openIdScopes: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access']);
/** Of bare names. */
export const graphResource = 'https://graph.microsoft.com';
const defaultPermission = '.default';

/** What an access token will be for. */
export interface Permissions {
  readonly resource: string;
  /** Full names, without the OpenID Connect scopes. */
  readonly scopes: readonly string[];
}

/** Splits a `scope` value. */
export function splitScopes(scope: string): string[] {
  return scope.split(' ').filter((part) => part !== '');
}

/** `https://ads.microsoft.com/msads.manage` is `https://ads.microsoft.com`'s; a bare name is Graph's. */
function resourceOf(scope: string): string {
  return scope.includes('://') ? scope.slice(0, scope.lastIndexOf('/')) : graphResource;
}

/** The consented scopes of one resource. assumed: a trailing slash of the resource does not matter. */
export function consentedFor(consented: readonly string[], resource: string): string[] {
  const wanted = withoutSlash(resource);
  return consented.filter((scope) => !openIdScopes.has(scope) && withoutSlash(resourceOf(scope)) === wanted);
}

function withoutSlash(resource: string): string {
  return resource.endsWith('/') ? resource.slice(0, -1) : resource;
}

/**
 * The permissions of a v2 request: all that is consented for the requested resource, since an answer may be
 * wider than asked (Entra: breaking changes, August 2021). Scopes of several resources are 28000 at the token endpoint
 * (seen: msal-js issue 1487, Earlybyte/aad_oauth issue 328; 700022 was the authorize endpoint's in 2018). assumed: it
 * comes as `invalid_scope`; without an API scope the first
 * consented resource counts.
 */
export function permissionsFor(
  requested: readonly string[],
  consented: readonly string[],
  clientId: string,
): Permissions | EntraRefusal {
  const asked = apiScopes(requested);
  const resource = resourceOf(asked[0] ?? apiScopes(consented)[0] ?? graphResource);
  if (asked.some((scope) => resourceOf(scope) !== resource)) return severalResources;
  const mixed = checkDefault(requested);
  if (mixed !== undefined) return mixed;
  const scopes = consentedFor(consented, resource);
  const covered = asked.every((scope) => isDefault(scope) || scopes.includes(scope));
  return covered && scopes.length > 0 ? { resource, scopes } : notConsented(clientId);
}

/** `.default` stands alone (Entra: scopes and permissions). */
export function checkDefault(scopes: readonly string[]): EntraRefusal | undefined {
  const asked = apiScopes(scopes);
  return asked.length > 1 && asked.some(isDefault) ? defaultMixed(asked) : undefined;
}

function apiScopes(scopes: readonly string[]): string[] {
  return scopes.filter((scope) => !openIdScopes.has(scope));
}

/** Stands for all permissions in the client's manifest. */
export function isDefault(scope: string): boolean {
  return scope.endsWith(`/${defaultPermission}`) || scope === defaultPermission;
}

const severalResources = refusal(
  28000,
  'Provided value for the input parameter scope is not valid because it contains more than one resource.',
);

function defaultMixed(scopes: readonly string[]): EntraRefusal {
  return refusal(
    70011,
    `The provided value for the input parameter 'scope' is not valid. The scope ${scopes.join(' ')} is not ` +
      "valid. .default scope can't be combined with resource-specific scopes.",
  );
}

/** The user or an administrator took the consent back, or never gave it for this resource. */
export function notConsented(clientId: string): EntraRefusal {
  return refusal(
    65001,
    `The user or administrator has not consented to use the application with ID '${clientId}'. Send an ` +
      'interactive authorization request for this user and resource.',
  );
}
