import { homeOf, isPersonalTenant, type Pin, parseTenant } from '../accounts/entra-ids.ts';
import type { StoredRefreshToken } from '../accounts/refresh-token-secret.ts';
import type { Audience, RegisteredToken } from '../accounts/registration.ts';
import type { Credential } from '../client/credential.ts';
import { authorityHost } from '../oauth/authority.ts';
import { findCode } from '../oauth/error-catalogue.ts';
import type { Exchange } from '../oauth/exchange.ts';
import { judge } from '../oauth/judge.ts';
import type { Outcome } from '../oauth/outcome.ts';
import { lackingScopes } from '../oauth/scopes.ts';
import { buildTokenRequest } from '../oauth/token-request.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { type EpochSeconds, nowSeconds } from '../time.ts';
import type { PreparedAccount } from './prepare-account.ts';
import type { SweepState } from './sweep-state.ts';
import { malformedAnswer, reportTokenLoss } from './token-loss.ts';

export interface RedemptionInput {
  readonly account: PreparedAccount;
  /** The access token that is wanted. */
  readonly token: RegisteredToken;
  readonly credential: Credential;
  readonly refreshToken: StoredRefreshToken;
  readonly pin: Pin | undefined;
  readonly dueReason: string;
  readonly round: number;
}

export interface Redemption {
  readonly outcome: Outcome;
  readonly attemptId: string;
  /** When the request was sent; the access token's life is counted from here. */
  readonly requestedAt: EpochSeconds;
}

/** A personal account whose grant ended for good may have been registered with the tenant that its grants do not live in. */
function adviseTenant(outcome: Outcome, tenant: string, user: Pin | undefined): Outcome {
  if (outcome.kind !== 'reconsent' || !outcome.conclusive || tenant !== 'common') return outcome;
  const home = user && parseTenant(user.tenantId);
  if (home === undefined || !isPersonalTenant(home)) return outcome;
  const remedy = findCode(outcome.facts.code)?.personalAccountOnCommon;
  return remedy === undefined ? outcome : { ...outcome, facts: { ...outcome.facts, remedy } };
}

/** Redeems one refresh token once and reports it. */
export async function redeem(sweep: SweepState, input: RedemptionInput): Promise<Redemption> {
  const { endpoint, clock, createId } = sweep.environment;
  const { account, token, credential, refreshToken, pin } = input;
  const { authority, registration } = account;
  const attemptId = createId();
  const clientAuthentication = await account.client.authenticate(credential, registration);
  const requestedAt = nowSeconds(clock);
  const exchange = await endpoint.send(
    buildTokenRequest({
      authority,
      tenant: registration.tenant,
      clientId: registration.clientId,
      clientAuthentication,
      grant: { type: 'refresh_token', refreshToken: refreshToken.value },
      audience: token.audience,
      attemptId,
      ...omitUndefined({ user: homeOf(pin) }),
    }),
  );
  const answeredAt = nowSeconds(clock);
  const outcome = adviseTenant(judge(exchange, answeredAt), registration.tenant, pin);
  // A clock that was set back meanwhile was ahead when the request left.
  const issuedAt = Math.min(requestedAt, answeredAt);
  report(sweep, input, { outcome, attemptId, requestedAt: issuedAt }, exchange);
  if (outcome.kind === 'malformed' && outcome.refreshTokenLost) {
    reportTokenLoss(sweep, { account, attemptId, newest: refreshToken }, malformedAnswer);
  }
  return { outcome, attemptId, requestedAt: issuedAt };
}

function outcomeProperties(outcome: Outcome, audience: Audience) {
  if (outcome.kind === 'refreshed') {
    const { traceId, correlationId, grant } = outcome;
    return {
      outcome: outcome.kind,
      traceId,
      correlationId,
      rotated: String(grant.refreshToken !== undefined),
      lackingScopes: lackingScopes(audience, grant.scope).join(' ') || undefined,
    };
  }
  const { code, codeKnown, oauthError, suberror, traceId, correlationId } = outcome.facts;
  return {
    outcome: outcome.kind,
    code,
    codeKnown: String(codeKnown),
    oauthError,
    suberror,
    traceId,
    correlationId,
  };
}

function report(sweep: SweepState, input: RedemptionInput, redemption: Redemption, exchange: Exchange): void {
  const { id, registration, authority } = input.account;
  const { name: token, audience } = input.token;
  const { outcome, attemptId } = redemption;
  const { source, generation } = input.refreshToken;
  sweep.environment.telemetry.emit({
    name: 'Redemption',
    properties: {
      sweepId: sweep.sweepId,
      account: id,
      token,
      client: registration.clientId,
      tenant: registration.tenant,
      endpoint: audience.endpoint,
      authorityHost: authorityHost(authority),
      dueReason: input.dueReason,
      attemptId,
      refreshTokenSource: source,
      ...outcomeProperties(outcome, audience),
    },
    measurements: {
      durationMilliseconds: Math.round(exchange.durationMilliseconds),
      httpStatus: exchange.kind === 'answered' ? exchange.status : undefined,
      round: input.round,
      generation,
      expiresInSeconds: outcome.kind === 'refreshed' ? outcome.grant.expiresInSeconds : undefined,
    },
  });
}
