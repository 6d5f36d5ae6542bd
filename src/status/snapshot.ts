/**
 * The room of the status: the state of all accounts, told from the listings; of secrets' values it reads only registrations
 * whose login hint has changed, for the new one. Pure.
 *
 * In: two listings, the settings' policy, the moment, a filter. Out: a snapshot of accounts and client credentials, as a
 * page for people (`status-page`) and as JSON for tools (`status-json`).
 */

import { type Account, buildAccounts } from '../accounts/account.ts';
import { type Heartbeat, heartbeatName, readHeartbeat } from '../accounts/heartbeat.ts';
import type { ListedSecret } from '../accounts/secret.ts';
import { credentialKey } from '../client/clients.ts';
import { missingCredential } from '../client/credential.ts';
import { type ClientCredential, clientCredentials } from '../client/credential-report.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { type Decision, type PlanContext, planAccount, slackSeconds } from '../planning/plan.ts';
import type { Schedule } from '../planning/schedule.ts';
import type { RefreshEnvironment, RefreshPolicy } from '../refresh/environment.ts';
import { type AccountStatus, type Knowledge, statusOf } from '../sweep/account-status.ts';
import type { ListedVaults } from '../sweep/listing.ts';
import { type EpochSeconds, nowSeconds, secondsPerDay } from '../time.ts';
import { changedLoginHints } from './login-hints.ts';

/** All accounts as the two listings show them. */
export interface StatusSnapshot {
  readonly asOf: EpochSeconds;
  readonly nextSweepAt: EpochSeconds;
  /** Absent before the first completed sweep. */
  readonly lastSweep?: Heartbeat;
  /** A sweep should have been completed since the last one. */
  readonly overdue: boolean;
  /** By id. */
  readonly accounts: readonly AccountStatus[];
  /** By client. */
  readonly clientCredentials: readonly ClientCredential[];
}

/** Credentials that accounts name and the listing does not show as enabled, by {@link credentialKey}. */
function missingCredentials(accounts: readonly Account[], secrets: readonly ListedSecret[]) {
  const enabled = new Set(secrets.filter((secret) => secret.enabled).map(({ name }) => name.toLowerCase()));
  return new Map(
    accounts.flatMap(({ summary }) => {
      const name = summary?.credentialSecret;
      if (summary === undefined || name === undefined || enabled.has(name.toLowerCase())) return [];
      return [[credentialKey(summary), { incident: missingCredential(name) }] as const];
    }),
  );
}

/** Behind this, a moment stands for itself: a failure that a human wrote may name any year. */
const scheduleHorizonSeconds = 366 * secondsPerDay;

/** The tick at which the account is attempted next; undefined when only a human's act brings one. */
function nextAttemptAt(
  decision: Decision,
  schedule: Schedule,
  nextSweepAt: EpochSeconds,
): EpochSeconds | undefined {
  if (decision.kind === 'due') return nextSweepAt;
  const { lookAgainAt } = decision;
  if (lookAgainAt === undefined || lookAgainAt > nextSweepAt + scheduleHorizonSeconds) return lookAgainAt;
  return schedule.nextTickAfter(Math.max(lookAgainAt, nextSweepAt) - 1);
}

/** True when the tick after the last sweep's, and the time until one more, have passed. */
function isOverdue(lastSweep: Heartbeat | undefined, schedule: Schedule, now: EpochSeconds): boolean {
  if (lastSweep === undefined || lastSweep.completedAt > now) return false;
  return schedule.nextTickAfter(schedule.nextTickAfter(lastSweep.completedAt)) < now;
}

/** How the next sweep will plan. */
export function nextSweepContext(
  lastSweep: Heartbeat | undefined,
  { schedule, minimumValiditySeconds }: RefreshPolicy,
  now: EpochSeconds,
): PlanContext {
  const nextSweepAt = schedule.nextTickAfter(now);
  return {
    now: nextSweepAt,
    nextSweepAt: schedule.nextTickAfter(nextSweepAt),
    slackSeconds: slackSeconds(lastSweep?.durationSeconds),
    defaultMinimumValiditySeconds: minimumValiditySeconds,
  };
}

/** What the last completed sweep left in the credentials vault. */
export function lastSweepOf({ credentials }: ListedVaults): Heartbeat | undefined {
  return readHeartbeat(credentials.find(({ name }) => name.toLowerCase() === heartbeatName)?.tags ?? {});
}

/**
 * Tells every account's state and next attempt from the listings alone: each is planned as the next sweep will plan
 * it, and judged by what is valid now.
 *
 * @param loginHints of accounts that have another one than their user consented under, see `changedLoginHints`
 */
export function takeSnapshot(
  listed: ListedVaults,
  policy: RefreshPolicy,
  now: EpochSeconds,
  loginHints: ReadonlyMap<string, string> = new Map(),
): StatusSnapshot {
  const { schedule } = policy;
  const lastSweep = lastSweepOf(listed);
  const accounts = buildAccounts(listed.credentials, listed.tokens);
  const findings = missingCredentials(accounts, listed.credentials);
  const known: Knowledge = { now, startedAt: now, findings, loginHints };
  const context = nextSweepContext(lastSweep, policy, now);
  const nextSweepAt = context.now;
  const describe = (account: Account): AccountStatus => {
    const planned = planAccount(account, context);
    const { nextAttemptAt: _, ...status } = statusOf(known, planned);
    const next = nextAttemptAt(planned.decision, schedule, nextSweepAt);
    return next === undefined ? status : { ...status, nextAttemptAt: next };
  };
  const described = accounts.map(describe);
  return {
    asOf: now,
    nextSweepAt,
    ...omitUndefined({ lastSweep }),
    overdue: isOverdue(lastSweep, schedule, now),
    accounts: described,
    clientCredentials: clientCredentials(described, listed.credentials),
  };
}

/** The same with the login hints that the listings do not show. */
export async function readSnapshot(
  { credentials, policy, clock }: Pick<RefreshEnvironment, 'credentials' | 'policy' | 'clock'>,
  listed: ListedVaults,
): Promise<StatusSnapshot> {
  const loginHints = await changedLoginHints(credentials.vault, listed);
  return takeSnapshot(listed, policy, nowSeconds(clock), loginHints);
}
