import type { Audience } from '../accounts/access-token-secret.ts';
import type { Registration } from '../accounts/registration.ts';
import { isDefaultScope, openIdScopes } from '../accounts/registration-schema.ts';

// Without offline_access the answer carries no refresh token; MSAL sends all three with both grants.
const alwaysRequested = ['openid', 'profile', 'offline_access'];

/** The registered scopes and OpenID Connect's, each once; the same in the authorize and in the token request. */
export function requestedScope(scopes: readonly string[]): string {
  return [...new Set([...scopes, ...alwaysRequested])].join(' ');
}

/**
 * What one consent asks for so that its refresh token serves all of an account's access tokens. v2 takes the scopes
 * of several APIs at this step alone (Entra: v2 auth code flow, `scope`); `.default` and v1 ask for all that the
 * client is registered for, whichever API is named (Entra: scopes and permissions, the .default scope).
 */
export function consentAudience(tokens: Registration['tokens']): Audience {
  const [{ audience: first }] = tokens;
  if (first.endpoint === 'v1' || first.scopes.some(isDefaultScope)) return first;
  const scopes = tokens.flatMap(({ audience }) => (audience.endpoint === 'v2' ? audience.scopes : []));
  return { endpoint: 'v2', scopes: [...new Set(scopes)] };
}

/**
 * The registered scopes that an answer does not grant, as registered; none where nobody can tell: on v1, for
 * `.default` and OpenID Connect's own (Entra names them in some answers, `offline_access` in none), and without a `scope` in the answer, which then is the one that was asked for (RFC 6749 section 5.1).
 * Letter case does not count, and a name stands for itself with or without its resource: Graph's come back short
 * (MicrosoftDocs/azure-docs issue 41925), and an answer is for one resource.
 */
export function lackingScopes(audience: Audience, granted: string | undefined): readonly string[] {
  if (audience.endpoint === 'v1' || granted === undefined) return [];
  const names = granted.split(' ').map(parts);
  return audience.scopes.filter(
    (scope) =>
      !openIdScopes.has(scope.toLowerCase()) &&
      !isDefaultScope(scope) &&
      !names.some((name) => isSame(name, parts(scope))),
  );
}

interface ScopeParts {
  /** Empty for a bare name. */
  readonly resource: string;
  readonly permission: string;
}

function parts(scope: string): ScopeParts {
  const slash = scope.lastIndexOf('/');
  return {
    resource: scope.slice(0, Math.max(slash, 0)).toLowerCase().replace(/\/+$/, ''),
    permission: scope.slice(slash + 1).toLowerCase(),
  };
}

function isSame(one: ScopeParts, other: ScopeParts): boolean {
  const anyResource = one.resource === '' || other.resource === '' || one.resource === other.resource;
  return one.permission === other.permission && anyResource;
}
