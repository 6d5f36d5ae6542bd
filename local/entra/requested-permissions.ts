import { type EntraGrant, isPersonal } from './grants.ts';
import type { EntraRefusal } from './refusal.ts';
import { missing } from './request-checks.ts';
import { consentedFor, notConsented, type Permissions, permissionsFor, splitScopes } from './scopes.ts';
import { parameter, type TokenCall } from './wire.ts';

/** What was consented to, by whom. */
type ConsentedScopes = Pick<EntraGrant, 'clientId' | 'profile' | 'scopes' | 'resource'>;

/** v2 gives a refresh token only with `offline_access`; v1 knows no such scope and always does. */
export function asksForRefreshToken(call: TokenCall, consented: ConsentedScopes): boolean {
  return call.version === 'v1' || requestedScopes(call, consented).includes('offline_access');
}

function requestedScopes(call: TokenCall, consented: ConsentedScopes): readonly string[] {
  const scope = parameter(call, 'scope');
  return scope === undefined ? consented.scopes : splitScopes(scope);
}

/**
 * Entra's v2 auth code flow calls `scope` optional: the consented ones then count. Microsoft Advertising's guide
 * calls it required; assumed: so do personal accounts.
 */
export function requestedPermissions(
  call: TokenCall,
  consented: ConsentedScopes,
): Permissions | EntraRefusal {
  if (call.version === 'v1') return permissionsOfResource(call, consented);
  if (parameter(call, 'scope') === undefined && isPersonal(consented.profile)) return missing('scope');
  return permissionsFor(requestedScopes(call, consented), consented.scopes, consented.clientId);
}

/** v1 ignores `scope`. assumed: without a `resource` now or at the consent it is missed by 900144. */
function permissionsOfResource(call: TokenCall, consented: ConsentedScopes): Permissions | EntraRefusal {
  const resource = parameter(call, 'resource') ?? consented.resource;
  if (resource === undefined) return missing('resource');
  const scopes = consentedFor(consented.scopes, resource);
  return scopes.length > 0 ? { resource, scopes } : notConsented(consented.clientId);
}
