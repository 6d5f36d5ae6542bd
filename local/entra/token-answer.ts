import type { User } from '../../src/accounts/entra-ids.ts';
import type { EndpointVersion } from '../../src/oauth/authority.ts';
import { graphResource, type Permissions } from './scopes.ts';
import { parameter, type TokenCall } from './wire.ts';

/** What was issued, before it is written as v1 or v2. */
interface Issued {
  readonly accessToken: string;
  readonly refreshToken?: string;
  readonly idToken?: string;
  readonly nowSeconds: number;
  readonly lifetimeSeconds: number;
  readonly permissions: Permissions;
  /** Present when `client_info=1` was asked for. */
  readonly clientInfoOf?: User;
}

/** Has the answer name the user when the request asked for it. */
export function clientInfoWhenAsked(call: TokenCall, user: User): Pick<Issued, 'clientInfoOf'> {
  return parameter(call, 'client_info') === '1' ? { clientInfoOf: user } : {};
}

/** The success body. assumed: only a code brings an `id_token`, a refresh does not. */
export function successBody(issued: Issued, version: EndpointVersion): string {
  return JSON.stringify(version === 'v1' ? v1Body(issued) : v2Body(issued));
}

/**
 * v1 writes numbers as strings; `not_before` lies five minutes back (seen in recordings). assumed: `scope` names
 * the permissions without their resource and without the OpenID Connect scopes.
 */
function v1Body(issued: Issued): object {
  const { resource, scopes } = issued.permissions;
  return {
    token_type: 'Bearer',
    scope: scopes.map((scope) => scope.slice(scope.lastIndexOf('/') + 1)).join(' '),
    expires_in: String(issued.lifetimeSeconds),
    ext_expires_in: String(issued.lifetimeSeconds),
    expires_on: String(issued.nowSeconds + issued.lifetimeSeconds),
    not_before: String(issued.nowSeconds - 300),
    resource,
    access_token: issued.accessToken,
    refresh_token: issued.refreshToken,
    id_token: issued.idToken,
    client_info: clientInfo(issued.clientInfoOf),
  };
}

function v2Body(issued: Issued): object {
  return {
    token_type: 'Bearer',
    scope: v2Scope(issued.permissions),
    expires_in: issued.lifetimeSeconds,
    ext_expires_in: issued.lifetimeSeconds,
    refresh_in: refreshInSeconds(issued.lifetimeSeconds),
    access_token: issued.accessToken,
    refresh_token: issued.refreshToken,
    id_token: issued.idToken,
    client_info: clientInfo(issued.clientInfoOf),
  };
}

/**
 * Graph's names stand without their resource, and OpenID Connect's beside them, `offline_access` never (seen:
 * MicrosoftDocs/azure-docs issue 41925). assumed: other resources' stand in full and alone.
 */
function v2Scope({ resource, scopes }: Permissions): string {
  if (resource !== graphResource) return scopes.join(' ');
  const short = scopes.map((scope) => scope.slice(scope.lastIndexOf('/') + 1));
  return [...short, 'profile', 'openid', 'email'].join(' ');
}

/** assumed: tokens of two hours and more carry `refresh_in`, half of their life. */
function refreshInSeconds(lifetimeSeconds: number): number | undefined {
  return lifetimeSeconds >= 7200 ? Math.floor(lifetimeSeconds / 2) : undefined;
}

/** Ids of the home tenant, whichever tenant issues the tokens (msal-common: `uid.utid` is the home account id). */
function clientInfo(user: User | undefined): string | undefined {
  if (user === undefined) return undefined;
  return Buffer.from(JSON.stringify({ uid: user.objectId, utid: user.tenantId })).toString('base64url');
}
