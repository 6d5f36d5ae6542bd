import type { Audience } from '../accounts/access-token-secret.ts';
import { homeOf, homePin, isPersonalTenant, type Pin, parseTenant } from '../accounts/entra-ids.ts';
import type { StoredRefreshToken } from '../accounts/refresh-token-secret.ts';
import type { RegisteredToken } from '../accounts/registration.ts';
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
import type { SweepState } from './environment.ts';
import type { PreparedAccount } from './prepare-account.ts';
import { malformedAnswer, reportTokenLoss } from './token-loss.ts';

/** For what refresh tokens of an account are redeemed. */
export interface RedemptionInput {
  readonly prepared: PreparedAccount;
  /** The access token that is wanted. */
  readonly token: RegisteredToken;
  readonly credential: Credential;
  readonly dueReason: string;
  readonly round: number;
}

/** What came of a request to redeem a refresh token. */
export type Redemption = Outcome & {
  readonly attemptId: string;
  /** When the request was sent; the access token's life is counted from here. */
  readonly requestedAt: EpochSeconds;
};

/** The only user whose tokens may be stored: the registered one, else the one of the refresh token. */
export function pinOf(token: StoredRefreshToken, { registration }: PreparedAccount): Pin | undefined {
  return registration.user ? homePin(registration.user) : token.user;
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
export async function redeem(
  sweep: SweepState,
  input: RedemptionInput,
  refreshToken: StoredRefreshToken,
): Promise<Redemption> {
  const { endpoint, clock, createId } = sweep.environment;
  const { prepared, token, credential } = input;
  const { authority, registration, client } = prepared;
  const { tenant, clientId } = registration;
  const pin = pinOf(refreshToken, prepared);
  const attemptId = createId();
  const clientAuthentication = await client.authenticate(credential, registration);
  const sentAt = nowSeconds(clock);
  const exchange = await endpoint.send(
    buildTokenRequest({
      authority,
      tenant,
      clientId,
      clientAuthentication,
      grant: { type: 'refresh_token', refreshToken: refreshToken.value },
      audience: token.audience,
      attemptId,
      ...omitUndefined({ user: homeOf(pin) }),
    }),
  );
  const answeredAt = nowSeconds(clock);
  const outcome = adviseTenant(judge(exchange, answeredAt), tenant, pin);
  // A clock that was set back meanwhile was ahead when the request left.
  const redemption = { ...outcome, attemptId, requestedAt: Math.min(sentAt, answeredAt) };
  report(sweep, input, refreshToken, { ...redemption, exchange });
  if (outcome.kind === 'malformed' && outcome.refreshTokenLost)
    reportTokenLoss(sweep, { account: prepared, attemptId, newest: refreshToken }, malformedAnswer);
  return redemption;
}

function outcomeProperties(outcome: Outcome, audience: Audience) {
  if (outcome.kind === 'refreshed') {
    const { traceId, correlationId, grant } = outcome;
    const rotated = String(grant.refreshToken !== undefined);
    const lacking = lackingScopes(audience, grant.scope).join(' ') || undefined;
    return { traceId, correlationId, rotated, lackingScopes: lacking };
  }
  const { code, codeKnown, oauthError, suberror, traceId, correlationId } = outcome.facts;
  return { code, codeKnown: String(codeKnown), oauthError, suberror, traceId, correlationId };
}

function report(
  { environment, sweepId }: SweepState,
  { prepared, token, dueReason, round }: RedemptionInput,
  { source, generation }: StoredRefreshToken,
  { exchange, ...redemption }: Redemption & { readonly exchange: Exchange },
): void {
  const { id, registration, authority } = prepared;
  environment.telemetry.emit({
    name: 'Redemption',
    properties: {
      sweepId,
      account: id,
      token: token.name,
      client: registration.clientId,
      tenant: registration.tenant,
      endpoint: token.audience.endpoint,
      authorityHost: authorityHost(authority),
      dueReason,
      attemptId: redemption.attemptId,
      refreshTokenSource: source,
      outcome: redemption.kind,
      ...outcomeProperties(redemption, token.audience),
    },
    measurements: {
      durationMilliseconds: Math.round(exchange.durationMilliseconds),
      httpStatus: exchange.kind === 'answered' ? exchange.status : undefined,
      round,
      generation,
      expiresInSeconds: redemption.kind === 'refreshed' ? redemption.grant.expiresInSeconds : undefined,
    },
  });
}
