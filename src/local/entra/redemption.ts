import type { Clock } from '../../time.ts';
import { checkSecret, presentedClient } from './client-authentication.ts';
import type { ClientRegistration } from './clients.ts';
import { type Directory, userKey } from './directory.ts';
import { type Grant, isPersonal } from './grants.ts';
import { decodeRefreshToken, type RefreshTokenFacts } from './issued-tokens.ts';
import { LoopDetector } from './loop-detector.ts';
import { checkBinding, invalidGrant, malformedToken, type PresentedToken } from './refresh-token-checks.ts';
import type { Refusal } from './refusal.ts';
import { checkShape, crossOrigin, loopDetected, missing, unknownTenant } from './request-checks.ts';
import { consentedFor, notConsented, type Permissions, permissionsFor, splitScopes } from './scopes.ts';
import { successBody } from './token-answer.ts';
import type { TokenIssuer } from './token-issuer.ts';
import { parameter, type TokenCall } from './wire.ts';

/** What a request asks about, as far as it can be told. */
export interface RequestSubject {
  readonly tenant: string;
  readonly clientId: string | undefined;
  readonly refreshToken: string | undefined;
  /** Undefined for a refresh token that is damaged or was never issued. */
  readonly facts: RefreshTokenFacts | undefined;
  readonly grant: Grant | undefined;
}

export interface RedemptionParts {
  readonly clock: Clock;
  readonly directory: Directory;
  readonly issuer: TokenIssuer;
  readonly loopDetection: boolean;
}

/** The token endpoint's decisions: a success body, or the refusal. */
export class Redemption {
  readonly #parts: RedemptionParts;
  readonly #loops = new LoopDetector();

  constructor(parts: RedemptionParts) {
    this.#parts = parts;
  }

  /** What the request asks about; changes nothing. */
  subjectOf(call: TokenCall): RequestSubject {
    const refreshToken = parameter(call, 'refresh_token');
    const facts = refreshToken === undefined ? undefined : decodeRefreshToken(refreshToken);
    return {
      tenant: call.tenant,
      clientId: presentedClient(call).clientId,
      refreshToken,
      facts,
      grant: facts === undefined ? undefined : this.#parts.directory.grants.get(facts.grantId),
    };
  }

  /** assumed: shape, tenant, client, origin, credential, loop, grant, scope: checked in this order. */
  process(method: string, call: TokenCall, subject: RequestSubject): Refusal | string {
    const malformed = checkShape(method, call, subject.clientId);
    if (malformed !== undefined) return malformed;
    const client = this.#authenticate(call, subject.clientId ?? '');
    if ('code' in client) return client;
    if (this.#isLooping(call, subject)) return loopDetected;
    return this.#redeemRefreshToken(call, subject, client);
  }

  #authenticate(call: TokenCall, clientId: string): ClientRegistration | Refusal {
    const { directory, clock } = this.#parts;
    if (!directory.knowsTenant(call.tenant)) return unknownTenant(call.tenant);
    const client = directory.clients.find(clientId, call.tenant);
    if ('code' in client) return client;
    const origin = call.headers['origin'];
    if (origin !== undefined) return crossOrigin(origin);
    return checkSecret(client, presentedClient(call).secret, clock.nowMilliseconds()) ?? client;
  }

  #isLooping(call: TokenCall, { clientId, refreshToken, grant }: RequestSubject): boolean {
    if (!this.#parts.loopDetection) return false;
    const who = grant === undefined ? refreshToken : userKey(grant.user);
    const what = parameter(call, 'scope') ?? parameter(call, 'resource');
    return this.#loops.isLooping(`${clientId} ${who} ${what}`, this.#parts.clock.nowMilliseconds());
  }

  #redeemRefreshToken(
    call: TokenCall,
    { facts, grant }: RequestSubject,
    client: ClientRegistration,
  ): Refusal | string {
    if (facts === undefined) return malformedToken;
    if (grant === undefined) return invalidGrant;
    const presented = { facts, grant };
    const now = this.#parts.clock.nowMilliseconds();
    const refused = checkBinding(presented, client, call) ?? this.#parts.directory.use(presented, now);
    if (refused !== undefined) return refused;
    const permissions = requestedPermissions(call, grant);
    return 'code' in permissions ? permissions : this.#issue(call, presented, permissions);
  }

  #issue(call: TokenCall, { facts, grant }: PresentedToken, permissions: Permissions): string {
    const { issuer, clock } = this.#parts;
    const now = clock.nowMilliseconds();
    const rotated = givesRefreshToken(call, grant)
      ? { refreshToken: issuer.refreshToken(grant, facts.generation + 1, now) }
      : {};
    const asked = parameter(call, 'client_info') === '1' ? { clientInfoOf: grant.user } : {};
    const nowSeconds = Math.floor(now / 1000);
    return successBody(
      { ...issuer.accessToken(grant, now), ...rotated, ...asked, permissions, nowSeconds },
      call.version,
    );
  }
}

/** v2 gives a refresh token only with `offline_access`; v1 knows no such scope and always does. */
function givesRefreshToken(call: TokenCall, grant: Grant): boolean {
  return call.version === 'v1' || requestedScopes(call, grant).includes('offline_access');
}

function requestedScopes(call: TokenCall, grant: Grant): readonly string[] {
  const scope = parameter(call, 'scope');
  return scope === undefined ? grant.scopes : splitScopes(scope);
}

/**
 * Entra's v2 auth code flow calls `scope` optional: the consented ones then count. Microsoft Advertising's guide
 * calls it required; assumed: so do personal accounts.
 */
function requestedPermissions(call: TokenCall, grant: Grant): Permissions | Refusal {
  if (call.version === 'v1') return permissionsOfResource(call, grant);
  if (parameter(call, 'scope') === undefined && isPersonal(grant.user)) return missing('scope');
  return permissionsFor(requestedScopes(call, grant), grant.scopes, grant.clientId);
}

/** v1 ignores `scope`. assumed: without a `resource` now or at the consent it is missed by 900144. */
function permissionsOfResource(call: TokenCall, grant: Grant): Permissions | Refusal {
  const resource = parameter(call, 'resource') ?? grant.resource;
  if (resource === undefined) return missing('resource');
  const scopes = consentedFor(grant.scopes, resource);
  return scopes.length > 0 ? { resource, scopes } : notConsented(grant.clientId);
}
