import type { Clock } from '../../src/time.ts';
import { type AuthorizationCode, checkCode, malformedCode } from './authorization-codes.ts';
import type { ClientRegistration } from './clients.ts';
import type { Directory } from './directory.ts';
import { type Consent, consentedScopes, isPersonal } from './grants.ts';
import type { IdTokenFault, IdTokenIssuer } from './id-tokens.ts';
import { platformOf } from './redirect-uri.ts';
import { userRefused, v1ForPersonal } from './refresh-token-checks.ts';
import type { EntraRefusal } from './refusal.ts';
import { asksForRefreshToken, requestedPermissions } from './requested-permissions.ts';
import { isDefault, type Permissions } from './scopes.ts';
import { clientInfoWhenAsked, successBody } from './token-answer.ts';
import type { TokenIssuer } from './token-issuer.ts';
import { parameter, type TokenCall } from './wire.ts';

interface CodeRedemptionParts {
  readonly clock: Clock;
  readonly directory: Directory;
  readonly issuer: TokenIssuer;
  readonly idTokens: IdTokenIssuer;
}

interface PresentedCode {
  readonly code: AuthorizationCode | undefined;
  readonly fault: IdTokenFault | undefined;
}

/** `grant_type=authorization_code` of an authenticated client. A success makes a new grant; nothing else revokes one. */
export function redeemCode(
  parts: CodeRedemptionParts,
  call: TokenCall,
  client: ClientRegistration,
  { code, fault }: PresentedCode,
): EntraRefusal | string {
  if (code === undefined) return malformedCode;
  const refused =
    checkCode(code, client, call, parts.clock.nowMilliseconds()) ?? checkUser(parts, code, call);
  if (refused !== undefined) return refused;
  const consent = consentOf(code, client, call);
  const consented = { ...code, scopes: consentedScopes(consent), resource: consent.resource };
  const permissions = requestedPermissions(call, consented);
  if ('code' in permissions) return permissions;
  code.spent = true;
  return issue(parts, call, { code, consent, permissions, fault });
}

function checkUser(
  { directory }: CodeRedemptionParts,
  { user, profile }: AuthorizationCode,
  call: TokenCall,
) {
  const refusedBy = directory.userRefusedBy(user);
  if (refusedBy !== undefined) return userRefused(refusedBy);
  return isPersonal(profile) && call.version === 'v1' ? v1ForPersonal : undefined;
}

/**
 * v1 takes the resource at either step (Entra: v1 auth code flow). There and for `.default` the user is asked for all
 * that the client's manifest names, of whatever API (Entra: scopes and permissions, the .default scope).
 */
function consentOf(
  { clientId, tenant, user, profile, scopes, resource, redirectUri }: AuthorizationCode,
  client: ClientRegistration,
  call: TokenCall,
): Consent {
  const { permissions = [] } = client;
  const wanted = resource ?? (call.version === 'v1' ? parameter(call, 'resource') : undefined);
  const isStatic = call.version === 'v1' || scopes.some(isDefault);
  const all = isStatic ? [...scopes, ...permissions] : scopes;
  return {
    clientId,
    tenant,
    user,
    profile,
    scopes: all,
    platform: platformOf(client, redirectUri),
    ...(wanted === undefined ? {} : { resource: wanted }),
  };
}

interface Granted {
  readonly code: AuthorizationCode;
  readonly consent: Consent;
  readonly permissions: Permissions;
  readonly fault: IdTokenFault | undefined;
}

/** assumed: on v2 `offline_access` has to be asked for at both steps. */
function issue(parts: CodeRedemptionParts, call: TokenCall, granted: Granted): string {
  const { code, consent, permissions, fault } = granted;
  const { clock, directory, issuer, idTokens } = parts;
  const now = clock.nowMilliseconds();
  const nowSeconds = Math.floor(now / 1000);
  const grant = directory.grants.add(consent);
  const isOffline = call.version === 'v1' || grant.scopes.includes('offline_access');
  const { version, authority } = call;
  const idToken = idTokens.issue({ code, version, authority, nowSeconds }, fault);
  const issued = {
    ...(isOffline && asksForRefreshToken(call, grant)
      ? { refreshToken: issuer.refreshToken(grant, 0, now) }
      : {}),
    ...issuer.accessToken(grant, now),
    ...(idToken === undefined ? {} : { idToken }),
    ...clientInfoWhenAsked(call, grant.user),
  };
  return successBody({ ...issued, permissions, nowSeconds }, version);
}
