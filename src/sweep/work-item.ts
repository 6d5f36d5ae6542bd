import {
  type AccountFinding,
  type FailureFinding,
  type FailureRecord,
  seriousness,
  seriousnessOfState,
  transition,
} from '../accounts/account-state.ts';
import { notingGrant, summarize } from '../accounts/registration-summary.ts';
import { notingOrigin, registrationTags } from '../accounts/registration-tags.ts';
import { type StoredSecret, sameTags } from '../accounts/secret.ts';
import { mayBeForeign } from '../oauth/outcome.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { DueReason, PlannedAccount } from '../planning/plan.ts';
import { defectReason } from '../reason.ts';
import type { SweepState } from '../refresh/environment.ts';
import type { PreparedAccount } from '../refresh/prepare-account.ts';
import { concernOf, findingOf, type Result, reasonOf, retryAtOf, worstOf } from '../refresh/results.ts';
import { type EpochSeconds, nowSeconds } from '../time.ts';
import { VaultError } from '../vault/secret-vault.ts';

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

/** Names for a sentence: some, when there are many. */
function enumerate(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => `"${name}"`);
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return `Access token${names.length > 1 ? 's' : ''} ${shown.join(', ')}${more}`;
}

/** The grant that the access tokens were asked from, as far as this sweep saw it. */
function judgedGrant(works: readonly TokenWork[]): string | undefined {
  const ids = works.map(({ result }) => {
    if (result.kind === 'refreshed') return result.grantId;
    return 'judgedGrantId' in result ? result.judgedGrantId : undefined;
  });
  return ids.findLast((id) => id !== undefined);
}

const namesOf = (works: readonly TokenWork[]): string[] => works.flatMap(({ name }) => name ?? []);

/**
 * A failure of some of several access tokens: it names them, and holds for them alone. A worse one, of others that
 * were not asked for because they back off, stays.
 */
function aboutTokens(finding: FailureFinding, { tokens, planned }: WorkItem): AccountFinding {
  const { failure } = planned.account;
  const failed = tokens.filter(({ result }) => concernOf(result) === 'token');
  const alike = failed.filter(({ result }) => reasonOf(result)?.code === finding.code);
  const waiting = (failure?.tokens ?? []).filter((name) => !namesOf(tokens).includes(name));
  const isWorse = failure !== undefined && seriousnessOfState(failure.state) > seriousness(finding.kind);
  if (isWorse && waiting.length > 0) return { kind: 'nothing_found' };
  return {
    ...finding,
    cause: `${enumerate(namesOf(alike))}: ${finding.cause}`,
    tokens: [...namesOf(failed), ...waiting],
    ...omitUndefined({ grantId: judgedGrant(tokens) }),
  };
}

/** What the account's state learns of this sweep: of several access tokens the worst of what it found for each. */
function learntOf(item: WorkItem, result: Result): AccountFinding {
  const { tokens, planned } = item;
  const names = namesOf(tokens);
  const finding = findingOf(result);
  if ('code' in finding)
    return names.length > 0 && concernOf(result) === 'token' ? aboutTokens(finding, item) : finding;
  const refreshed = tokens.filter(({ result: { kind } }) => kind === 'refreshed');
  const failing = names.length === 0 ? undefined : planned.account.failure?.tokens;
  // Of an account that as a whole was failing, one refreshed token proves the opposite.
  const isMended = failing?.every((name) => namesOf(refreshed).includes(name)) ?? refreshed.length > 0;
  return { kind: isMended ? 'refreshed' : 'nothing_found' };
}

/** The failure that is to be remembered of an account after what this sweep found out about it. */
function nextFailure(sweep: SweepState, item: WorkItem): FailureRecord | undefined {
  const { account } = item.planned;
  const result = resultOf(item);
  return transition(
    account.failure,
    learntOf(item, result),
    nowSeconds(sweep.environment.clock),
    'judgedId' in result ? result.judgedId : account.refreshToken?.attemptId,
  );
}

/**
 * Writes an account's remembered state into its registration's tags, only when they changed, and to the version
 * that was read: a registration rewritten meanwhile keeps its clean slate.
 */
async function saveState(sweep: SweepState, item: WorkItem): Promise<void> {
  const { registrationSecret: registration, prepared, failure, tokens } = item;
  if (registration === undefined || sweep.endsUnnoted) return;
  const isStruck = tokens.some(({ result }) => concernOf(result) === 'client');
  const isRefreshed = resultOf(item).kind === 'refreshed';
  const rejection = isRefreshed
    ? undefined
    : prepared?.client.incident.toRemember(registration.tags, isStruck);
  const summary = prepared && summarize(prepared.id, prepared.registration);
  const present = notingOrigin(registration);
  const grantId = tokens.flatMap(({ result }) => (result.kind === 'refreshed' ? result.grantId : [])).at(-1);
  const noted = grantId === undefined ? present : notingGrant(present, grantId);
  const tags = registrationTags(noted, summary, failure, rejection);
  if (sameTags(registration.tags, tags)) return;
  // The next sweep finds the same again; a missing right shows when the heartbeat is updated.
  const { vault } = sweep.environment.credentials;
  await sweep.noting(vault.update(registration.name, registration.version, { tags }));
}

/** One account's failing vault or bug must not stop the others. */
export function failureOf(error: unknown): Result {
  return error instanceof VaultError
    ? { kind: 'vault_unreadable', error }
    : { kind: 'defect', facts: defectReason(error, 'on this account') };
}

/** Ends an account's work in this sweep. */
export async function settle(sweep: SweepState, item: WorkItem): Promise<void> {
  item.settled = true;
  item.failure = nextFailure(sweep, item);
  try {
    await saveState(sweep, item);
  } catch (error) {
    for (const work of item.tokens) work.result = failureOf(error);
    item.failure = nextFailure(sweep, item);
  }
}
