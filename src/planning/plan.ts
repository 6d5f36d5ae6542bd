/**
 * The room of planning: what is due, why, and when to look again. Pure.
 *
 * In: accounts, the moment, the next sweep's, what the settings demand. Out: a decision with its reason for each account
 * and access token, in the order of refreshing. `schedule` reads the timer's ticks, `rounds` says when a sweep tries
 * again and when it ends.
 */

import type { ListedAccessToken } from '../accounts/access-token-secret.ts';
import { type Account, wantedNames } from '../accounts/account.ts';
import type { FailureRecord } from '../accounts/account-state.ts';
import { grantIdOf, isOfOtherClient } from '../accounts/refresh-token-secret.ts';
import { notedVersion, registeredAt } from '../accounts/registration-tags.ts';
import type { ListedSecret } from '../accounts/secret.ts';
import { omitUndefined } from '../omit-undefined.ts';
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

/** One access token of an account and what the plan says of it. */
interface TokenDecision {
  readonly name?: string;
  readonly decision: Decision;
}

export interface PlannedAccount {
  readonly account: Account;
  /** Due when one of its access tokens is. */
  readonly decision: Decision;
  /** Each of its access tokens; empty where the decision is about the account as a whole. */
  readonly tokens: readonly TokenDecision[];
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
  ...omitUndefined({ lookAgainAt }),
});

type Rule = (account: Account, context: PlanContext) => Decision | undefined;
type TokenRule = (account: Account, name: string | undefined, context: PlanContext) => Decision | undefined;

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

function backoff(failure: FailureRecord | undefined, now: EpochSeconds): Decision | undefined {
  if (failure === undefined || failure.state === 'retrying') return undefined;
  return now < failure.nextAttemptAt ? notDue('backing_off', failure.nextAttemptAt) : due('backoff_ended');
}

function failureRule({ failure }: Account, { now }: PlanContext): Decision | undefined {
  return failure?.tokens === undefined ? backoff(failure, now) : undefined;
}

function consentRule({ summary, refreshToken }: Account): Decision | undefined {
  // Read even without a refresh token, so that a malformed registration is told before anyone consents.
  if (summary === undefined) return due('registration_unread');
  const isUsable = refreshToken !== undefined && !isOfOtherClient(refreshToken, summary.clientId);
  return isUsable ? undefined : notDue('pending_consent');
}

function tokenFailureRule(
  { failure }: Account,
  name: string | undefined,
  { now }: PlanContext,
): Decision | undefined {
  const concerned = name !== undefined && failure?.tokens?.includes(name) === true;
  return concerned ? backoff(failure, now) : undefined;
}

/**
 * Told by the version that the token notes; by times only where it notes none, because a token that was redeemed while
 * the registration changed is the younger of the two and was asked for by the old one.
 */
function isOfOtherRegistration(registration: ListedSecret, token: ListedAccessToken): boolean {
  return token.registrationVersion === undefined
    ? registeredAt(registration) > token.createdAt
    : notedVersion(registration) !== token.registrationVersion;
}

function bindingRule(account: Account, name: string | undefined): Decision | undefined {
  const { registration, refreshToken, accessTokens } = account;
  const secret = accessTokens.get(name);
  if (secret?.expiresAt === undefined || !secret.enabled) return due('no_access_token');
  if (grantIdOf(secret) !== grantIdOf(refreshToken ?? {})) return due('access_token_of_other_grant');
  // A process died between the two writes: which of the tokens it was about, nobody knows.
  const isPublished = [...accessTokens.values()].some(
    ({ attemptId }) => attemptId === refreshToken?.attemptId,
  );
  if (!isPublished) return due('access_token_of_other_grant');
  if (registration !== undefined && isOfOtherRegistration(registration, secret))
    return due('registration_changed');
  return undefined;
}

function expiryRule(account: Account, name: string | undefined, context: PlanContext): Decision {
  const { now } = context;
  const { expiresAt = 0, refreshAfter } = account.accessTokens.get(name) ?? {};
  if (expiresAt <= now) return due('access_token_expired');
  if (refreshAfter !== undefined && refreshAfter <= now) return due('refresh_after_passed');
  const required = requiredLifeSeconds(account, context);
  if (expiresAt - now < required) return due('expires_before_next_sweep');
  const dueAt = expiresAt - required + 1;
  return notDue('fresh', refreshAfter === undefined ? dueAt : Math.min(dueAt, refreshAfter));
}

const rules: readonly Rule[] = [inventoryRule, failureRule, consentRule];
const tokenRules: readonly TokenRule[] = [tokenFailureRule, bindingRule];

/** The first rule that has an answer gives it. */
function decideToken(account: Account, name: string | undefined, context: PlanContext): Decision {
  for (const rule of tokenRules) {
    const decision = rule(account, name, context);
    if (decision !== undefined) return decision;
  }
  return expiryRule(account, name, context);
}

/** Of several decisions the one that comes first: due, else the one to look at again soonest. */
function combine(decisions: readonly Decision[]): Decision {
  const isSooner = (a: Decision, b: Decision): boolean =>
    b.kind === 'not_due' && (a.kind === 'due' || (a.lookAgainAt ?? Infinity) < (b.lookAgainAt ?? Infinity));
  return decisions.reduce((first, next) => (isSooner(next, first) ? next : first));
}

/** Decides one account: the first rule about the whole of it that has an answer gives it, else its access tokens do. */
export function planAccount(account: Account, context: PlanContext): PlannedAccount {
  for (const rule of rules) {
    const decision = rule(account, context);
    if (decision !== undefined) return { account, decision, tokens: [] };
  }
  const tokens = wantedNames(account).map((name) => ({
    ...omitUndefined({ name }),
    decision: decideToken(account, name, context),
  }));
  return { account, decision: combine(tokens.map(({ decision }) => decision)), tokens };
}

/** What {@link planAccount} says of the account as a whole. */
export function decide(account: Account, context: PlanContext): Decision {
  return planAccount(account, context).decision;
}

/** The order of refreshing: whose token ends first goes first, then by id. */
function byExpiryThenId(a: PlannedAccount, b: PlannedAccount): number {
  return firstExpiry(a) - firstExpiry(b) || (a.account.id < b.account.id ? -1 : 1);
}

/** Of the access tokens that are due. */
function firstExpiry({ account, tokens }: PlannedAccount): EpochSeconds {
  const due = tokens.filter(({ decision }) => decision.kind === 'due');
  const names = due.length === 0 ? wantedNames(account) : due.map(({ name }) => name);
  return Math.min(...names.map((name) => account.accessTokens.get(name)?.expiresAt ?? 0));
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
  return divide(accounts.map((account) => planAccount(account, context)));
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
  return divide(
    asked.map((account) => {
      const { decision, tokens } = planAccount(account, context);
      const all = tokens.map((token) => ({ ...token, decision: demanded(token.decision) }));
      return { account, decision: demanded(decision), tokens: all };
    }),
  );
}
