import type { User } from '../../src/accounts/entra-ids.ts';
import type { Clock } from '../../src/time.ts';
import type { AuthorizationCode } from './authorization-codes.ts';
import { ClientAssertionChecks, publicKeyOf } from './client-assertions.ts';
import { checkPublic, checkSecret, presentedClient } from './client-authentication.ts';
import type { ClientRegistration } from './clients.ts';
import { redeemCode } from './code-redemption.ts';
import type { Directory } from './directory.ts';
import type { EntraGrant } from './grants.ts';
import type { IdTokenFault, IdTokenIssuer } from './id-tokens.ts';
import { decodeRefreshToken, type RefreshTokenFacts } from './issued-tokens.ts';
import { LoopDetector } from './loop-detector.ts';
import { platformOf } from './redirect-uri.ts';
import { checkBinding, invalidGrant, malformedToken, type PresentedToken } from './refresh-token-checks.ts';
import type { EntraRefusal } from './refusal.ts';
import { checkShape, crossOrigin, loopDetected, unknownTenant } from './request-checks.ts';
import { asksForRefreshToken, requestedPermissions } from './requested-permissions.ts';
import type { Permissions } from './scopes.ts';
import { clientInfoWhenAsked, successBody } from './token-answer.ts';
import type { TokenIssuer } from './token-issuer.ts';
import { userKey } from './users.ts';
import { parameter, type TokenCall } from './wire.ts';

/** What a request asks about, as far as it can be told. */
export interface RequestSubject {
  readonly tenant: string;
  readonly clientId: string | undefined;
  readonly grantType: string | undefined;
  readonly refreshToken: string | undefined;
  /** Undefined for a refresh token that is damaged or was never issued. */
  readonly facts: RefreshTokenFacts | undefined;
  readonly grant: EntraGrant | undefined;
  /** Undefined for a code that is damaged or was never issued. */
  readonly code: AuthorizationCode | undefined;
  /** Of the grant or the code. */
  readonly user: User | undefined;
}

interface RedemptionParts {
  readonly clock: Clock;
  readonly directory: Directory;
  readonly issuer: TokenIssuer;
  readonly idTokens: IdTokenIssuer;
  readonly loopDetection: boolean;
}

/** The token endpoint's decisions: a success body, or the refusal. */
export class RedemptionEndpoint {
  readonly #parts: RedemptionParts;
  readonly #loops = new LoopDetector();
  readonly #assertions = new ClientAssertionChecks();

  constructor(parts: RedemptionParts) {
    this.#parts = parts;
  }

  /** What the request asks about; changes nothing. */
  subjectOf(call: TokenCall): RequestSubject {
    const refreshToken = parameter(call, 'refresh_token');
    const facts = refreshToken === undefined ? undefined : decodeRefreshToken(refreshToken);
    const grant = facts === undefined ? undefined : this.#parts.directory.grants.get(facts.grantId);
    const code = this.#parts.directory.codes.get(parameter(call, 'code') ?? '');
    return {
      tenant: call.tenant,
      clientId: presentedClient(call).clientId,
      grantType: parameter(call, 'grant_type'),
      refreshToken,
      facts,
      grant,
      code,
      user: (grant ?? code)?.user,
    };
  }

  /** assumed: shape, tenant, client, origin, credential, loop, grant, scope: checked in this order. */
  process(
    method: string,
    call: TokenCall,
    subject: RequestSubject,
    fault?: IdTokenFault,
  ): EntraRefusal | string {
    const malformed = checkShape(method, call, subject.clientId);
    if (malformed !== undefined) return malformed;
    const client = this.#authenticate(call, subject);
    if ('code' in client) return client;
    if (this.#isLooping(call, subject)) return loopDetected;
    if (subject.grantType === 'authorization_code') {
      return redeemCode(this.#parts, call, client, { code: subject.code, fault });
    }
    return this.#redeemRefreshToken(call, subject, client);
  }

  #authenticate(call: TokenCall, subject: RequestSubject): ClientRegistration | EntraRefusal {
    const { directory, clock } = this.#parts;
    if (!directory.knowsTenant(call.tenant)) return unknownTenant(call.tenant);
    const client = directory.clients.find(subject.clientId ?? '', call.tenant);
    if ('code' in client) return client;
    const origin = call.headers['origin'];
    if (origin !== undefined) return crossOrigin(origin);
    const refused = isPublic(client, subject)
      ? checkPublic(presentedClient(call), subject.user)
      : this.#checkCredential(client, call, clock.nowMilliseconds());
    return refused ?? client;
  }

  /** assumed: an assertion counts before a secret. */
  #checkCredential(
    client: ClientRegistration,
    call: TokenCall,
    nowMilliseconds: number,
  ): EntraRefusal | undefined {
    const { assertion, secret } = presentedClient(call);
    if (assertion === undefined) return checkSecret(client, secret, nowMilliseconds);
    const issuerKey = () => publicKeyOf(this.#parts.idTokens.key.publicJwk());
    return this.#assertions.check(client, assertion, { call, nowMilliseconds, issuerKey });
  }

  #isLooping(call: TokenCall, { clientId, refreshToken, grant }: RequestSubject): boolean {
    if (!this.#parts.loopDetection) return false;
    const who = grant === undefined ? (refreshToken ?? parameter(call, 'code')) : userKey(grant.user);
    const what = parameter(call, 'scope') ?? parameter(call, 'resource');
    return this.#loops.isLooping(`${clientId} ${who} ${what}`, this.#parts.clock.nowMilliseconds());
  }

  #redeemRefreshToken(
    call: TokenCall,
    { facts, grant }: RequestSubject,
    client: ClientRegistration,
  ): EntraRefusal | string {
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
    const rotated = asksForRefreshToken(call, grant)
      ? { refreshToken: issuer.refreshToken(grant, facts.generation + 1, now) }
      : {};
    const asked = clientInfoWhenAsked(call, grant.user);
    const nowSeconds = Math.floor(now / 1000);
    return successBody(
      { ...issuer.accessToken(grant, now), ...rotated, ...asked, permissions, nowSeconds },
      call.version,
    );
  }
}

/**
 * The platform of the redirect URI tells whether a client is public (Microsoft: troubleshooting AADSTS7000218, how Entra
 * determines the client type), also of a refresh token that the consent brought (Microsoft Advertising: get tokens).
 */
function isPublic(client: ClientRegistration, { grant, code }: RequestSubject): boolean {
  const platform = grant?.platform ?? (code && platformOf(client, code.redirectUri));
  return platform === 'native';
}
