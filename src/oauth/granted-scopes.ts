import type { Audience } from '../accounts/registration.ts';
import { isDefaultScope } from '../accounts/registration-schemas.ts';

/** OpenID Connect's own: Entra names them in some answers and in others not, `offline_access` never. */
const openIdScopes: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access']);

/**
 * The registered scopes that an answer does not grant, as registered; none where nobody can tell: on v1, for
 * `.default`, and without a `scope` in the answer, which then is the one that was asked for (RFC 6749 section 5.1).
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
