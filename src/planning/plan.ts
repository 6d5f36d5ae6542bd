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
import { omitUndefined } from '../omit-undefined.ts';
import { type EpochSeconds, secondsPerMinute } from '../time.ts';

/** Why an account is refreshed in this sweep. */
const dueReasons = [
  'registration_unread',
  'no_access_token',
  'access_token_expired',
  'access_token_of_other_grant',
  'registration_changed',
  'refresh_after_passed',
  'expires_before_next_sweep',
  'backoff_ended',
  /** Fresh or backing off, and asked for by name. */
  'on_demand',
] as const;

export type DueReason = (typeof dueReasons)[number];

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

/** What is decided: an account as a whole, or one of its access tokens. */
interface Subject {
  readonly account: Account;
  /** The failure that it is about, unless that is tried again in each sweep. */
  readonly failure: FailureRecord | undefined;
  /** Undefined also for an access token that was never published. */
  readonly token: ListedAccessToken | undefined;
}

/** A reason, and whether it applies; of a list's the first that does counts. */
type Rule = readonly [
  reason: DueReason | NotDueReason,
  applies: (subject: Subject, context: PlanContext) => boolean,
];

const backoffRules: readonly Rule[] = [
  ['backing_off', ({ failure }, { now }) => failure !== undefined && now < failure.nextAttemptAt],
  ['backoff_ended', ({ failure }) => failure !== undefined],
];

const accountRules: readonly Rule[] = [
  ['account_id_invalid', ({ account }) => account.idFault !== undefined],
  ['orphaned', ({ account }) => account.registration === undefined],
  ['paused', ({ account }) => account.registration?.enabled === false],
  ['refresh_token_disabled', ({ account }) => account.refreshToken?.enabled === false],
  ...backoffRules,
  // Read even without a refresh token, so that a malformed registration is told before anyone consents.
  ['registration_unread', ({ account }) => account.summary === undefined],
  ['pending_consent', ({ account }) => !hasUsableRefreshToken(account)],
];

/** Where none applies the access token is fresh. */
const tokenRules: readonly Rule[] = [
  ...backoffRules,
  ['no_access_token', ({ token }) => token?.expiresAt === undefined || !token.enabled],
  ['access_token_of_other_grant', isOfOtherGrant],
  ['registration_changed', isOfOtherRegistration],
  ['access_token_expired', ({ token }, { now }) => expiryOf(token) <= now],
  ['refresh_after_passed', ({ token }, { now }) => (token?.refreshAfter ?? Infinity) <= now],
  ['expires_before_next_sweep', (subject, context) => dueAt(subject, context) <= context.now],
];

function hasUsableRefreshToken({ refreshToken, summary }: Account): boolean {
  if (refreshToken === undefined || summary === undefined) return false;
  return !isOfOtherClient(refreshToken, summary.clientId);
}

function isOfOtherGrant({ account: { refreshToken, accessTokens }, token }: Subject): boolean {
  if (grantIdOf(token ?? {}) !== grantIdOf(refreshToken ?? {})) return true;
  // A process died between the two writes: which of the tokens it was about, nobody knows.
  return ![...accessTokens.values()].some(({ attemptId }) => attemptId === refreshToken?.attemptId);
}

/**
 * Told by the version that the token notes; by times only where it notes none, because a token that was redeemed while
 * the registration changed is the younger of the two and was asked for by the old one.
 */
function isOfOtherRegistration({ account: { registration }, token }: Subject): boolean {
  if (registration === undefined || token === undefined) return false;
  return token.registrationVersion === undefined
    ? registeredAt(registration) > token.createdAt
    : notedVersion(registration) !== token.registrationVersion;
}

const expiryOf = (token: ListedAccessToken | undefined): EpochSeconds => token?.expiresAt ?? 0;

/** The first second at which the token has not the life left that the next sweep must find, all else unchanged. */
function dueAt({ account: { summary }, token }: Subject, context: PlanContext): EpochSeconds {
  const minimum = summary?.minimumValidityMinutes;
  const minimumSeconds =
    minimum === undefined ? context.defaultMinimumValiditySeconds : minimum * secondsPerMinute;
  const required = context.nextSweepAt - context.now + context.slackSeconds + minimumSeconds;
  return expiryOf(token) - required + 1;
}

const isDue = (reason: DueReason | NotDueReason): reason is DueReason =>
  dueReasons.some((known) => known === reason);

function lookAgainAt(reason: NotDueReason, subject: Subject, context: PlanContext): EpochSeconds | undefined {
  if (reason === 'backing_off') return subject.failure?.nextAttemptAt;
  return reason === 'fresh'
    ? Math.min(dueAt(subject, context), subject.token?.refreshAfter ?? Infinity)
    : undefined;
}

function decisionOf(reason: DueReason | NotDueReason, subject: Subject, context: PlanContext): Decision {
  if (isDue(reason)) return { kind: 'due', reason };
  return {
    kind: 'not_due',
    reason,
    ...omitUndefined({ lookAgainAt: lookAgainAt(reason, subject, context) }),
  };
}

const unlessRetrying = (failure: FailureRecord | undefined): FailureRecord | undefined =>
  failure?.state === 'retrying' ? undefined : failure;

/** Undefined where the access tokens decide. */
function decideWhole(account: Account, context: PlanContext): Decision | undefined {
  const failure = account.failure?.tokens === undefined ? unlessRetrying(account.failure) : undefined;
  const subject = { account, failure, token: undefined };
  const [reason] = accountRules.find(([, applies]) => applies(subject, context)) ?? [];
  return reason && decisionOf(reason, subject, context);
}

function decideToken(account: Account, name: string | undefined, context: PlanContext): Decision {
  const hasFailed = name !== undefined && account.failure?.tokens?.includes(name) === true;
  const failure = hasFailed ? unlessRetrying(account.failure) : undefined;
  const subject = { account, failure, token: account.accessTokens.get(name) };
  const [reason = 'fresh'] = tokenRules.find(([, applies]) => applies(subject, context)) ?? [];
  return decisionOf(reason, subject, context);
}

/** Of several decisions the one that comes first: due, else the one to look at again soonest. */
function combine(decisions: readonly Decision[]): Decision {
  const isSooner = (a: Decision, b: Decision): boolean =>
    b.kind === 'not_due' && (a.kind === 'due' || (a.lookAgainAt ?? Infinity) < (b.lookAgainAt ?? Infinity));
  return decisions.reduce((first, next) => (isSooner(next, first) ? next : first));
}

/** Decides one account: by the rules about the whole of it, else by those about its access tokens. */
export function planAccount(account: Account, context: PlanContext): PlannedAccount {
  const decision = decideWhole(account, context);
  if (decision !== undefined) return { account, decision, tokens: [] };
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
  return canWait ? { kind: 'due', reason: 'on_demand' } : decision;
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
