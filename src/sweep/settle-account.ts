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
import { sameTags } from '../accounts/secret.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { defectReason } from '../reason.ts';
import { concernOf, findingOf, type Result } from '../refresh/results.ts';
import type { SweepState } from '../refresh/sweep-state.ts';
import { nowSeconds } from '../time.ts';
import { VaultError } from '../vault/secret-vault.ts';
import { resultOf, type TokenWork, type WorkItem } from './work-item.ts';

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

const codeOf = (finding: AccountFinding): string | undefined =>
  'code' in finding ? finding.code : undefined;

/**
 * A failure of some of several access tokens: it names them, and holds for them alone. A worse one, of others that
 * were not asked for because they back off, stays.
 */
function aboutTokens(finding: FailureFinding, { tokens, planned }: WorkItem): AccountFinding {
  const { failure } = planned.account;
  const failed = tokens.filter(({ result }) => concernOf(result) === 'token');
  const alike = failed.filter(({ result }) => codeOf(findingOf(result)) === finding.code);
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
