import { concernsScopesOnly } from '../oauth/error-catalogue.ts';
import { mayBeForeign } from '../oauth/outcome.ts';
import { retryInSweepAt } from '../planning/rounds.ts';
import type { EpochSeconds } from '../time.ts';
import { isPassing } from '../vault/secret-vault.ts';
import type { PreparedAccount } from './prepare-account.ts';
import type { ItemResult, TokenWork, WorkItem } from './work-item.ts';

/** The access tokens of an account that are due; all of them where the plan could not look at each. */
export function dueTokens({ planned, reason }: WorkItem, { registration }: PreparedAccount): TokenWork[] {
  const works = registration.tokens.map((token) => {
    const decision = planned.tokens.find(({ name }) => name === token.name)?.decision;
    const isDue = decision?.kind !== 'not_due';
    const work = { notBefore: 0, result: { kind: 'not_started' as const }, settled: false };
    return { isDue, work: { token, reason: isDue ? (decision?.reason ?? reason) : reason, ...work } };
  });
  const due = works.filter(({ isDue }) => isDue);
  // None: the registration was rewritten since the listing.
  return (due.length === 0 ? works : due).map(({ work }) => work);
}

/** What may be tried now, first what has not been tried yet: one that fails again and again keeps none waiting. */
export function openTokens({ tokens }: WorkItem, now: EpochSeconds): TokenWork[] {
  const open = tokens.filter(({ settled, notBefore }) => !settled && notBefore <= now);
  const isUntried = ({ result }: TokenWork): boolean => result.kind === 'not_started';
  return [...open.filter(isUntried), ...open.filter((work) => !isUntried(work))];
}

/** When this sweep may try again after a result; undefined when it is settled. */
export function retryAtOf(result: ItemResult, now: EpochSeconds): EpochSeconds | undefined {
  if (result.kind === 'failed') return result.proven ? undefined : retryInSweepAt(result.outcome, now);
  if (result.kind === 'credential') return result.doubted ? now : undefined;
  if (result.kind !== 'vault_unreadable') return undefined;
  // Whoever signed in for the listing signs in again.
  return isPassing(result.error) || result.error.code === 'unauthenticated' ? now : undefined;
}

/** The first answer that may not be Entra's passes for a fault on the way; the second one counts. */
export function lookTwice(work: TokenWork, result: ItemResult): ItemResult {
  if (result.kind !== 'failed' || result.outcome.kind !== 'configuration') return result;
  if (work.foreignSeen || !mayBeForeign(result.outcome)) return result;
  work.foreignSeen = true;
  return { ...result, outcome: { kind: 'transient', facts: result.outcome.facts } };
}

/** Takes down what an attempt came to. */
export function noteResult(work: TokenWork, result: ItemResult, now: EpochSeconds): void {
  // An attempt that the deadline forbade takes nothing back of what an earlier one found out.
  if (result.kind !== 'not_started') work.result = result;
  if (result.kind === 'failed' && result.outcome.kind === 'reconsent')
    work.suspectedVersion = result.judgedVersion;
  const retryAt = retryAtOf(result, now);
  if (retryAt === undefined) work.settled = true;
  else work.notBefore = retryAt;
}

/** The access tokens that are left wait until then, or for the next sweep. */
export function postpone({ tokens }: WorkItem, retryAt: EpochSeconds | undefined): void {
  for (const work of tokens.filter(({ settled }) => !settled)) {
    if (retryAt === undefined) work.settled = true;
    else work.notBefore = Math.max(work.notBefore, retryAt);
  }
}

/** Whether a failure is about the one access token that was asked for; the refresh token may bring others. */
export function concernsToken(result: ItemResult): boolean {
  if (result.kind === 'not_published') return true;
  if (result.kind !== 'failed') return false;
  const { outcome } = result;
  if (outcome.kind === 'reconsent') return concernsScopesOnly(outcome.facts);
  return ['configuration', 'policy', 'malformed'].includes(outcome.kind);
}

/** Whether the account's other access tokens would meet the same: its grant, its client, Entra or the vault is to blame. */
export function endsTurn(result: ItemResult): boolean {
  return result.kind !== 'refreshed' && result.kind !== 'superseded' && !concernsToken(result);
}

const bestFirst: readonly ItemResult['kind'][] = [
  ...(['refreshed', 'superseded', 'not_started', 'gone', 'pending_consent', 'not_published'] as const),
  ...([
    'failed',
    'vault_unreadable',
    'credential',
    'defect',
    'unusable',
    'other_user',
    'not_stored',
  ] as const),
];

/** Of the results of an account's access tokens the one that stands for the account. */
export function worstResult(results: readonly ItemResult[]): ItemResult {
  const rank = (result: ItemResult): number =>
    2 * bestFirst.indexOf(result.kind) + Number(result.kind === 'failed' && isVerdict(result));
  return results.reduce((worst, next) => (rank(next) > rank(worst) ? next : worst));
}

/** Rather than a failure that may pass by itself. */
function isVerdict({ outcome, proven }: Extract<ItemResult, { kind: 'failed' }>): boolean {
  return proven || outcome.kind === 'configuration' || outcome.kind === 'policy';
}
