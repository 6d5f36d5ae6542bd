import type { FailureRecord } from '../accounts/account-state.ts';
import type { StoredSecret } from '../accounts/secret.ts';
import { mayBeForeign } from '../oauth/outcome.ts';
import type { DueReason, PlannedAccount } from '../planning/plan.ts';
import type { PreparedAccount } from '../refresh/prepare-account.ts';
import { concernOf, type Result, retryAtOf, worstOf } from '../refresh/results.ts';
import type { EpochSeconds } from '../time.ts';

/** One due access token of a due account. */
export interface TokenWork {
  /** Undefined for the only one of an account, and while nobody has read the account's registration. */
  readonly name: string | undefined;
  readonly reason: DueReason;
  /** The refresh-token versions that earlier attempts of this sweep doubted. */
  readonly suspectedVersions: Set<string>;
  /** An answer of this sweep may not have been Entra's; the next such answer counts. */
  foreignSeen?: true;
  /** Not tried again in this sweep before this moment. */
  notBefore: EpochSeconds;
  result: Result;
  /** No further attempt in this sweep. */
  settled: boolean;
}

/** A due account on its way through the rounds of a sweep. */
export interface WorkItem {
  readonly planned: PlannedAccount;
  readonly reason: DueReason;
  registrationSecret?: StoredSecret;
  prepared?: PreparedAccount;
  /** What is due of it; one without a name until the registration was read. */
  tokens: readonly [TokenWork, ...TokenWork[]];
  /** The attempts whose access tokens the account has published, with those of this sweep. */
  readonly published: Set<string | undefined>;
  /** Its state was told and stored. */
  settled: boolean;
  failure: FailureRecord | undefined;
}

const workOn = (name: string | undefined, reason: DueReason): TokenWork => ({
  name,
  reason,
  suspectedVersions: new Set<string>(),
  notBefore: 0,
  settled: false,
  result: { kind: 'not_started' },
});

/** The work that a plan makes, in its order. */
export function workItems(due: readonly PlannedAccount[]): WorkItem[] {
  return due.flatMap((planned) => {
    const { account, decision } = planned;
    if (decision.kind !== 'due') return [];
    const { reason } = decision;
    const published = new Set([...account.accessTokens.values()].map(({ attemptId }) => attemptId));
    const { failure } = account;
    return [{ planned, reason, tokens: [workOn(undefined, reason)], published, settled: false, failure }];
  });
}

/** Takes down what was read of the account, and which of its access tokens are due. */
export function notePrepared(item: WorkItem, prepared: PreparedAccount): void {
  const { planned, reason } = item;
  const decisionOn = (name?: string) => planned.tokens.find((token) => token.name === name)?.decision;
  const names = prepared.registration.tokens.map(({ name }) => name);
  const due = names.filter((name) => decisionOn(name)?.kind !== 'not_due');
  // Where none is, the registration was rewritten since the listing: all are.
  const [first, ...others] = (due.length > 0 ? due : names).map((name) => {
    const decision = decisionOn(name);
    return workOn(name, decision?.kind === 'due' ? decision.reason : reason);
  });
  item.registrationSecret = prepared.registrationSecret;
  item.prepared = prepared;
  item.tokens = [first ?? workOn(undefined, reason), ...others];
}

/** What may be tried now, first what has not been tried yet: one that fails again and again keeps none waiting. */
export function openTokens({ tokens }: WorkItem, now: EpochSeconds): TokenWork[] {
  const isTried = ({ result }: TokenWork): number => (result.kind === 'not_started' ? 0 : 1);
  return tokens
    .filter(({ settled, notBefore }) => !settled && notBefore <= now)
    .sort((a, b) => isTried(a) - isTried(b));
}

/** The first answer that may not be Entra's passes for a fault on the way; the second one counts. */
function lookTwice(work: TokenWork, result: Result): Result {
  if (result.kind !== 'configuration' || work.foreignSeen || !mayBeForeign(result)) return result;
  work.foreignSeen = true;
  return { ...result, kind: 'transient' };
}

function note(work: TokenWork, result: Result, now: EpochSeconds): void {
  // An attempt that the deadline forbade takes nothing back of what an earlier one found out.
  if (result.kind !== 'not_started') work.result = result;
  if (result.kind === 'reconsent')
    for (const version of result.judgedVersions) work.suspectedVersions.add(version);
  postpone(work, retryAtOf(result, now));
}

/** It waits until then, or for the next sweep. */
function postpone(work: TokenWork, retryAt: EpochSeconds | undefined): void {
  if (retryAt === undefined) work.settled = true;
  else work.notBefore = Math.max(work.notBefore, retryAt);
}

/** Takes down what hinders the account as a whole. */
export function noteHindrance({ tokens }: WorkItem, result: Result, now: EpochSeconds): void {
  for (const work of tokens) if (!work.settled) note(work, result, now);
}

/** Takes down what an attempt at one access token came to. Gives whether the account's others may be tried, too. */
export function noteResult(item: WorkItem, work: TokenWork, found: Result, now: EpochSeconds): boolean {
  const result = lookTwice(work, found);
  note(work, result, now);
  if (result.kind === 'refreshed') item.published.add(result.attemptId);
  const concern = concernOf(result);
  if (concern === 'nobody' || concern === 'token') return true;
  for (const other of item.tokens) if (!other.settled) postpone(other, retryAtOf(result, now));
  return false;
}

/** The result that stands for the account. */
export function resultOf({ tokens: [first, ...others] }: WorkItem): Result {
  return worstOf([first.result, ...others.map(({ result }) => result)]);
}
