/**
 * The room of Entra: a model of its endpoints as far as documentation, recordings or reports show it.
 *
 * In: requests to the token, authorize, keys and configuration endpoints (`wire`), and faults to make
 * (`entra-faults`). Out: answers, and what a test may ask: who consented, what was redeemed, which token is
 * accepted. This file holds the state; `redemption` judges a token request, `authorize-endpoint` signs in,
 * `refusal` makes its errors. What nobody has seen says `assumed`. Served over HTTP by `entra-emulator`, without it
 * by `in-memory-token-endpoint`.
 */

import type { User } from '../../src/accounts/entra-ids.ts';
import { type Clock, secondsPerDay } from '../../src/time.ts';
import { AuthorizeEndpoint } from './authorize-endpoint.ts';
import type { ClientRegistration } from './clients.ts';
import { Directory } from './directory.ts';
import { configuration, issuerOf, keySet } from './discovery.ts';
import type { Consent, EntraGrant, RedemptionCounts } from './grants.ts';
import { type IdTokenFault, IdTokenIssuer } from './id-tokens.ts';
import { identityClaims, type ManagedIdentityPrincipal } from './managed-identities.ts';
import { RedemptionEndpoint, type RequestSubject } from './redemption.ts';
import { type EntraRefusal, refusalBody, type TraceFacts } from './refusal.ts';
import { unknownTenant } from './request-checks.ts';
import { type LoggedRequest, RequestLog } from './request-log.ts';
import { responseHeaders, traceOf } from './response-headers.ts';
import { accessTokenLifetimeSeconds, TokenIssuer } from './token-issuer.ts';
import { type DirectoryUser, userKey } from './users.ts';
import {
  authorityOf,
  type EntraRequest,
  type EntraResponse,
  parseTokenCall,
  type Target,
  targetOf,
} from './wire.ts';

export interface EntraStateOptions {
  readonly clock: Clock;
  /** Uniform over [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
  /**
   * `lenient`, the default, is Entra: using a refresh token does not revoke it (Entra: refresh tokens). `strict`:
   * only the newest refresh token of a grant is accepted.
   */
  readonly rotation?: 'lenient' | 'strict';
  /** Under strict rotation: a spent refresh token ends the whole grant. Default: false. */
  readonly revokeFamilyOnReplay?: boolean;
  /** Default: uniform over 3600 to 5399 (Entra: access tokens). */
  readonly accessTokenLifetimeSeconds?: () => number;
  /** Counts from the issue of the presented token. Default: 90 days (Entra: refresh tokens). */
  readonly refreshTokenLifetimeSeconds?: number;
  /** Characters, about; 0 for the shortest, at most 8000. Default: 1500. */
  readonly accessTokenLength?: number;
  /** Characters, about; 0 for the shortest, at most 8000. Default: 1400. */
  readonly refreshTokenLength?: number;
  /** Default: true. */
  readonly loopDetection?: boolean;
}

/**
 * Entra as a model, without sockets: clients, users, sign-in, codes and grants. Refresh tokens carry their facts in
 * themselves, so memory grows with consents, not with redemptions.
 */
export class EntraState {
  readonly clock: Clock;
  readonly #random: () => number;
  readonly #directory: Directory;
  readonly #issuer: TokenIssuer;
  readonly #idTokens = new IdTokenIssuer();
  readonly #authorize: AuthorizeEndpoint;
  readonly #redemption: RedemptionEndpoint;
  readonly #log = new RequestLog();

  constructor(options: EntraStateOptions) {
    const random = options.random ?? Math.random;
    this.clock = options.clock;
    this.#random = random;
    this.#directory = directoryOf(options, random);
    this.#issuer = new TokenIssuer({
      accessTokenLifetimeSeconds:
        options.accessTokenLifetimeSeconds ?? (() => accessTokenLifetimeSeconds(random())),
      accessTokenLength: options.accessTokenLength ?? 1500,
      refreshTokenLength: options.refreshTokenLength ?? 1400,
    });
    this.#authorize = new AuthorizeEndpoint({ directory: this.#directory, random });
    this.#redemption = new RedemptionEndpoint({
      clock: options.clock,
      directory: this.#directory,
      issuer: this.#issuer,
      idTokens: this.#idTokens,
      loopDetection: options.loopDetection ?? true,
    });
  }

  /** Registers or replaces a client. */
  registerClient(client: ClientRegistration): void {
    this.#directory.clients.set(client);
  }

  /** Registers or replaces a user who can sign in. */
  registerUser(user: DirectoryUser): void {
    this.#directory.users.set(user);
  }

  /** Undefined for a user who was not registered. */
  registeredUser(user: User): DirectoryUser | undefined {
    return this.#directory.users.get(userKey(user));
  }

  /** Ends all secrets of a client now, or only the given one. Throws TypeError for an unknown client. */
  expireSecret(clientId: string, value?: string): void {
    this.#directory.clients.expireSecret(clientId, Math.floor(this.clock.nowMilliseconds() / 1000), value);
  }

  removeClient(clientId: string): void {
    this.#directory.clients.remove(clientId);
  }

  /** A token of a managed identity, as the platform fetches it from Entra. */
  identityToken(identity: ManagedIdentityPrincipal, audience: string, lifetimeSeconds?: number): string {
    const now = Math.floor(this.clock.nowMilliseconds() / 1000);
    const lifetime = lifetimeSeconds === undefined ? {} : { lifetimeSeconds };
    return this.#idTokens.key.signJwt(identityClaims({ identity, audience, now, ...lifetime }));
  }

  /** Lets metadata and id tokens name another authority as the issuer: an alias that a socket on loopback cannot have. */
  set issuerAuthority(authority: string | undefined) {
    this.#idTokens.issuerAuthority = authority;
  }

  /** The first refresh token of a new grant, as a completed consent gives it. Throws TypeError without scopes. */
  grant(consent: Consent): string {
    const registered = this.registeredUser(consent.user);
    const profile =
      registered && this.#directory.users.profileIn(registered, consent.tenant?.toLowerCase() ?? '');
    const grant = this.#directory.grants.add({ ...(profile === undefined ? {} : { profile }), ...consent });
    return this.#issuer.refreshToken(grant, 0, this.clock.nowMilliseconds());
  }

  /**
   * Ends one grant, or all grants the user gave until now; later consents live. `code` is the number that
   * refuses them from then on: 50173 revoked (default), 65001 consent withdrawn, 70000 dead for no stated reason.
   * Personal accounts always get 70000.
   */
  revoke(target: { readonly user: User } | { readonly grantId: string }, code = 50173): void {
    const grants = 'user' in target ? this.#directory.grants.of(target.user) : this.#grantsOf(target.grantId);
    this.#directory.end(grants, code, this.clock.nowMilliseconds());
  }

  /** Every grant of the user is refused with 50057 until {@link enableUser}. */
  disableUser(user: User): void {
    this.#directory.refuseUser(user, 50057);
  }

  /** Every grant of the user is refused with 500341 until {@link enableUser}. assumed: a new sign-in is, too. */
  deleteUser(user: User): void {
    this.#directory.refuseUser(user, 500341);
  }

  enableUser(user: User): void {
    this.#directory.refuseUser(user, undefined);
  }

  /** The grant's id of a refresh token that was issued here; undefined for any other text. */
  grantOf(refreshToken: string): string | undefined {
    return this.#directory.presented(refreshToken)?.grant.id;
  }

  /** Whether Entra would redeem this refresh token now, for its own client with a valid credential. */
  accepts(refreshToken: string): boolean {
    const presented = this.#directory.presented(refreshToken);
    if (presented === undefined) return false;
    return this.#directory.refusalOf(presented, this.clock.nowMilliseconds()) === undefined;
  }

  /** How often the grant was asked for; zeros for an unknown one. */
  countsOf(grantId: string): RedemptionCounts {
    const grant = this.#directory.grants.get(grantId);
    return { succeeded: grant?.succeeded ?? 0, refused: grant?.refused ?? 0 };
  }

  /** The newest requests that were answered, at most 1,000, oldest first. */
  recentRequests(): readonly LoggedRequest[] {
    return this.#log.recent();
  }

  /** What a request asks about; undefined for a path that is no token endpoint's. Changes nothing. */
  subjectOf(request: EntraRequest): RequestSubject | undefined {
    const call = parseTokenCall(request);
    return call === undefined ? undefined : this.#redemption.subjectOf(call);
  }

  /** Answers a request to any endpoint; any other path is 404. */
  serve(request: EntraRequest, idTokenFault?: IdTokenFault): EntraResponse {
    const target = targetOf(request.path);
    if (target === undefined || target.endpoint === 'token') return this.redeem(request, idTokenFault);
    const trace = this.#traceOf(request);
    const answer =
      target.endpoint === 'authorize'
        ? this.#authorize.answer(target, request, trace)
        : this.#discover(target, authorityOf(request), trace);
    return { ...answer, headers: { ...responseHeaders(request, trace), ...answer.headers } };
  }

  /** Answers a request to a token endpoint; any other path is 404. */
  redeem(request: EntraRequest, idTokenFault?: IdTokenFault): EntraResponse {
    const call = parseTokenCall(request);
    if (call === undefined) return this.#respond(request, undefined, { status: 404, headers: {}, body: '' });
    const subject = this.#redemption.subjectOf(call);
    const result = this.#redemption.process(request.method ?? 'POST', call, subject, idTokenFault);
    const answer = typeof result === 'string' ? { status: 200, headers: {}, body: result } : result;
    return this.#respond(request, subject, answer);
  }

  /** Gives a request another answer than its own; counted and logged like any other. */
  answer(request: EntraRequest, answer: EntraRefusal | EntraResponse): EntraResponse {
    return this.#respond(request, this.subjectOf(request), answer);
  }

  #discover({ endpoint, tenant, version }: Target, authority: string, trace: TraceFacts): EntraResponse {
    if (!this.#directory.knowsTenant(tenant)) {
      const refused = unknownTenant(tenant);
      return { status: refused.status, headers: {}, body: refusalBody(refused, trace) };
    }
    const issuerAuthority = this.#idTokens.issuerAuthority ?? authority;
    const tenantId = this.#directory.users.tenantId(tenant) ?? tenant;
    const body =
      endpoint === 'keys'
        ? keySet(this.#idTokens.key, issuerOf(issuerAuthority, version, '{tenantid}'))
        : configuration({ authority, issuerAuthority, version, tenant, tenantId });
    return { status: 200, headers: {}, body };
  }

  #traceOf(request: EntraRequest): TraceFacts {
    return traceOf(request, this.#random, this.clock.nowMilliseconds());
  }

  #respond(
    request: EntraRequest,
    subject: RequestSubject | undefined,
    answer: EntraRefusal | EntraResponse,
  ): EntraResponse {
    const trace = this.#traceOf(request);
    const headers = responseHeaders(request, trace);
    this.#note(request, subject, answer);
    return 'code' in answer
      ? { status: answer.status, headers, body: refusalBody(answer, trace) }
      : { ...answer, headers: { ...headers, ...answer.headers } };
  }

  #note(
    request: EntraRequest,
    subject: RequestSubject | undefined,
    answer: EntraRefusal | EntraResponse,
  ): void {
    if (subject?.grant !== undefined) {
      if (answer.status === 200) subject.grant.succeeded += 1;
      else subject.grant.refused += 1;
    }
    this.#log.add({
      atMilliseconds: this.clock.nowMilliseconds(),
      path: request.path.split('?', 1).join(),
      clientId: subject?.clientId,
      grantId: subject?.grant?.id,
      generation: subject?.facts?.generation,
      status: answer.status,
      code: 'code' in answer ? answer.code : undefined,
    });
  }

  #grantsOf(grantId: string): readonly EntraGrant[] {
    const grant = this.#directory.grants.get(grantId);
    return grant === undefined ? [] : [grant];
  }
}

function directoryOf(options: EntraStateOptions, random: () => number): Directory {
  const policy = {
    lifetimeMilliseconds: (options.refreshTokenLifetimeSeconds ?? 90 * secondsPerDay) * 1000,
    strictRotation: options.rotation === 'strict',
    revokeFamilyOnReplay: options.revokeFamilyOnReplay ?? false,
  };
  return new Directory(policy, random);
}
