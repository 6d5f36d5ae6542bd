import { type Grant, isPersonal } from './grants.ts';
import type { Refusal } from './refusal.ts';
import { missing } from './request-checks.ts';
import { consentedFor, notConsented, type Permissions, permissionsFor, splitScopes } from './scopes.ts';
import { parameter, type TokenCall } from './wire.ts';

/** What was consented to, by whom. */
type Consented = Pick<Grant, 'clientId' | 'profile' | 'scopes' | 'resource'>;

/** v2 gives a refresh token only with `offline_access`; v1 knows no such scope and always does. */
export function asksForRefreshToken(call: TokenCall, consented: Consented): boolean {
  return call.version === 'v1' || requestedScopes(call, consented).includes('offline_access');
}

function requestedScopes(call: TokenCall, consented: Consented): readonly string[] {
  const scope = parameter(call, 'scope');
  return scope === undefined ? consented.scopes : splitScopes(scope);
}

/**
 * Entra's v2 auth code flow calls `scope` optional: the consented ones then count. Microsoft Advertising's guide
 * calls it required; assumed: so do personal accounts.
 */
export function requestedPermissions(call: TokenCall, consented: Consented): Permissions | Refusal {
  if (call.version === 'v1') return permissionsOfResource(call, consented);
  if (parameter(call, 'scope') === undefined && isPersonal(consented.profile)) return missing('scope');
  return permissionsFor(requestedScopes(call, consented), consented.scopes, consented.clientId);
}

/** v1 ignores `scope`. assumed: without a `resource` now or at the consent it is missed by 900144. */
function permissionsOfResource(call: TokenCall, consented: Consented): Permissions | Refusal {
  const resource = parameter(call, 'resource') ?? consented.resource;
  if (resource === undefined) return missing('resource');
  const scopes = consentedFor(consented.scopes, resource);
  return scopes.length > 0 ? { resource, scopes } : notConsented(consented.clientId);
}
