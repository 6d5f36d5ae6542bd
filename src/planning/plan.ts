import { readAccessTokenTags } from '../accounts/access-token-secret.ts';
import type { Account } from '../accounts/account.ts';
import { readRefreshTokenTags } from '../accounts/refresh-token-secret.ts';
import { type EpochSeconds, secondsPerMinute } from '../time.ts';

/** Why an account is refreshed in this sweep. */
export type DueReason =
  | 'registration_unread'
  | 'no_access_token'
  | 'access_token_expired'
  | 'access_token_of_other_grant'
  | 'registration_changed'
  | 'refresh_after_passed'
  | 'expires_before_next_sweep'
  | 'backoff_ended'
  /** Fresh or backing off, and asked for by name. */
  | 'on_demand';

/** Why it is not. */
export type NotDueReason =
  | 'fresh'
  | 'backing_off'
  | 'pending_consent'
  | 'paused'
  | 'orphaned'
  | 'refresh_token_disabled'
  | 'account_id_invalid';

export type Decision =
  | { readonly kind: 'due'; readonly reason: DueReason }
  /** `lookAgainAt`: the first second at which a sweep as far from its next one as this would find it due. */
  | { readonly kind: 'not_due'; readonly reason: NotDueReason; readonly lookAgainAt?: EpochSeconds };

export interface PlanContext {
  readonly now: EpochSeconds;
  readonly nextSweepAt: EpochSeconds;
  /** How long the next sweep may take to reach an account: see {@link slackSeconds}. */
  readonly slackSeconds: number;
  readonly defaultMinimumValiditySeconds: number;
}

export interface PlannedAccount {
  readonly account: Account;
  readonly decision: Decision;
}

const leastSlackSeconds = 5 * secondsPerMinute;

/** The larger of 5 minutes and the last sweep's duration. */
export function slackSeconds(lastSweepDurationSeconds: number | undefined): number {
  return Math.max(leastSlackSeconds, lastSweepDurationSeconds ?? 0);
}

const due = (reason: DueReason): Decision => ({ kind: 'due', reason });
const notDue = (reason: NotDueReason, lookAgainAt?: EpochSeconds): Decision => ({
  kind: 'not_due',
  reason,
  ...(lookAgainAt === undefined ? {} : { lookAgainAt }),
});

type Rule = (account: Account, context: PlanContext) => Decision | undefined;

/** The life that an access token must have left now so that the next sweep still finds the minimum validity. */
function requiredLifeSeconds({ summary }: Account, context: PlanContext): number {
  const minimum = summary?.minimumValidityMinutes;
  const minimumSeconds =
    minimum === undefined ? context.defaultMinimumValiditySeconds : minimum * secondsPerMinute;
  return context.nextSweepAt - context.now + context.slackSeconds + minimumSeconds;
}

function inventoryRule({ idFault, registration, refreshToken }: Account): Decision | undefined {
  if (idFault !== undefined) return notDue('account_id_invalid');
  if (registration === undefined) return notDue('orphaned');
  if (!registration.enabled) return notDue('paused');
  if (refreshToken?.enabled === false) return notDue('refresh_token_disabled');
  return undefined;
}

function failureRule({ failure }: Account, { now }: PlanContext): Decision | undefined {
  if (failure === undefined || failure.state === 'retrying') return undefined;
  return now < failure.nextAttemptAt ? notDue('backing_off', failure.nextAttemptAt) : due('backoff_ended');
}

function consentRule({ summary, refreshToken }: Account): Decision | undefined {
  // Read even without a refresh token, so that a malformed registration is told before anyone consents.
  if (summary === undefined) return due('registration_unread');
  return refreshToken === undefined ? notDue('pending_consent') : undefined;
}

function bindingRule({ registration, refreshToken, accessToken }: Account): Decision | undefined {
  if (accessToken?.expiresAt === undefined || !accessToken.enabled) return due('no_access_token');
  const published = readAccessTokenTags(accessToken.tags).attemptId;
  const held = readRefreshTokenTags(refreshToken?.tags ?? {}).attemptId;
  if (published !== held) return due('access_token_of_other_grant');
  if (registration !== undefined && registration.createdAt > accessToken.createdAt)
    return due('registration_changed');
  return undefined;
}

function expiryRule(account: Account, context: PlanContext): Decision {
  const { now } = context;
  const expiresAt = account.accessToken?.expiresAt ?? 0;
  if (expiresAt <= now) return due('access_token_expired');
  const { refreshAfter } = readAccessTokenTags(account.accessToken?.tags ?? {});
  if (refreshAfter !== undefined && refreshAfter <= now) return due('refresh_after_passed');
  const required = requiredLifeSeconds(account, context);
  if (expiresAt - now < required) return due('expires_before_next_sweep');
  const dueAt = expiresAt - required + 1;
  return notDue('fresh', refreshAfter === undefined ? dueAt : Math.min(dueAt, refreshAfter));
}

const rules: readonly Rule[] = [inventoryRule, failureRule, consentRule, bindingRule];

/** Decides one account: the first rule that has an answer gives it. */
export function decide(account: Account, context: PlanContext): Decision {
  for (const rule of rules) {
    const decision = rule(account, context);
    if (decision !== undefined) return decision;
  }
  return expiryRule(account, context);
}

/** The order of refreshing: whose token ends first goes first, then by id. */
function byExpiryThenId(a: PlannedAccount, b: PlannedAccount): number {
  const expiry = (planned: PlannedAccount): number => planned.account.accessToken?.expiresAt ?? 0;
  return expiry(a) - expiry(b) || (a.account.id < b.account.id ? -1 : 1);
}

export interface Plan {
  /** In the order of refreshing. */
  readonly due: readonly PlannedAccount[];
  readonly notDue: readonly PlannedAccount[];
}

function divide(planned: readonly PlannedAccount[]): Plan {
  return {
    due: planned.filter(({ decision }) => decision.kind === 'due').sort(byExpiryThenId),
    notDue: planned.filter(({ decision }) => decision.kind === 'not_due'),
  };
}

/** Decides every account. */
export function plan(accounts: readonly Account[], context: PlanContext): Plan {
  return divide(accounts.map((account) => ({ account, decision: decide(account, context) })));
}

function demanded(decision: Decision): Decision {
  const canWait = decision.reason === 'fresh' || decision.reason === 'backing_off';
  return canWait ? due('on_demand') : decision;
}

/**
 * Decides the one account that somebody asked for by name, which is due even while it is fresh or backing off, but
 * not while it is paused, orphaned, without consent or invalid. The plan is empty when there is no such account.
 */
export function planOne(accounts: readonly Account[], id: string, context: PlanContext): Plan {
  const asked = accounts.filter((account) => account.id === id);
  return divide(asked.map((account) => ({ account, decision: demanded(decide(account, context)) })));
}
