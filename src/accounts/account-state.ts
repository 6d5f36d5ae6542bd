import { omitUndefined } from '../omit-undefined.ts';
import type { Reason } from '../reason.ts';
import { type EpochSeconds, secondsPerDay, secondsPerMinute } from '../time.ts';

/** The states that only a human ends, the most urgent first. */
const statesForHumans = [
  'reconsent',
  'credential',
  'configuration',
  'policy',
  'pending_consent',
  'orphaned',
] as const;

/** The states of an account, as reports, telemetry and alerts use the words, the most urgent first. */
export const accountStates = [...statesForHumans, 'retrying', 'healthy', 'paused'] as const;

export type AccountState = (typeof accountStates)[number];

/** The states that an account keeps as a failure; `credential` is kept on the client's secret instead. */
export const failureStates = ['reconsent', 'configuration', 'policy', 'retrying'] as const;

type FailureState = (typeof failureStates)[number];

/** Whether only a human ends the state. */
export function needsHuman({ state }: { readonly state: AccountState }): boolean {
  return statesForHumans.some((known) => known === state);
}

/** A consent mends an account in these states. */
export function consentHelps({ state }: { readonly state: AccountState }): boolean {
  return state === 'reconsent' || state === 'pending_consent';
}

/** The most urgent first, those of one state as they came. */
export function byUrgency<A extends { readonly state: AccountState }>(accounts: readonly A[]): A[] {
  const rank = ({ state }: A): number => accountStates.indexOf(state);
  return [...accounts].sort((a, b) => rank(a) - rank(b));
}

/** Accounts by state, every state named. */
export function countStates(
  accounts: readonly { readonly state: AccountState }[],
): Record<AccountState, number> {
  const count = (state: AccountState): number => accounts.filter((account) => account.state === state).length;
  // Object.fromEntries forgets that every state is among them.
  return Object.fromEntries(accountStates.map((state) => [state, count(state)])) as Record<
    AccountState,
    number
  >;
}

/**
 * What is remembered of an account's failure between sweeps; the absence of it is health. Its trace id is of the first
 * answer with this code, so that the alert which carries it stays one and the same.
 */
export interface FailureRecord extends Reason {
  readonly state: FailureState;
  /** When this state began. */
  readonly since: EpochSeconds;
  /** Consecutive failures in this state. */
  readonly failures: number;
  /** Before this moment no redemption is tried unless a human changes something. */
  readonly nextAttemptAt: EpochSeconds;
  /**
   * The attempt id of the refresh-token version that was judged; absent where there was none, or nothing had been done
   * with it. The record counts only while the vault still shows that id: a refresh token stored by hand has thereby
   * reset it. Never the time of creation: two versions may be made within one of Key Vault's seconds.
   */
  readonly judgedId?: string;
  /** The named access tokens that it is about; absent: the whole account. */
  readonly tokens?: readonly string[];
  /** With `tokens`: the grant that was judged, which is then what the record counts for. */
  readonly grantId?: string;
  /** True after a first failure that would mean re-consent if a second one confirmed it. */
  readonly suspected: boolean;
  /** The Conditional Access challenge that the next consent must answer: JSON text. */
  readonly claims?: string;
}

/** A failure as the state sees it, whoever found it. */
export interface FailureFinding extends Reason {
  readonly kind: Verdict;
  readonly claims?: string;
  /** The named access tokens that it is about; absent: the whole account. */
  readonly tokens?: readonly string[];
  /** With `tokens`: the grant that they were asked from. */
  readonly grantId?: string;
}

/** What one sweep found for an account, reduced to what its state depends on. */
export type AccountFinding =
  | { readonly kind: 'refreshed' }
  /** The client was rejected, or nothing was found out: says nothing about the account. */
  | { readonly kind: 'nothing_found' }
  | FailureFinding;

const firstBackoffSeconds = 15 * secondsPerMinute;
/** A dead grant is probed once a day. */
export const probeIntervalSeconds = secondsPerDay;

/**
 * Seconds to wait after the given number of consecutive failures (1 or more): 15 minutes, doubled each time,
 * at most a day. The first wait is shorter than a usual interval, so one more sweep tries before it slows down.
 */
export function backoffSeconds(failures: number): number {
  return Math.min(firstBackoffSeconds * 2 ** (Math.max(failures, 1) - 1), probeIntervalSeconds);
}

const atOnce = (): number => 0;

/**
 * What verdicts make of the state, and for how many seconds nothing is tried after so many of them in a row; the more
 * serious ones below.
 */
const verdicts = {
  /** Throttled, transient, unknown. */
  passing: { state: 'retrying', waitSeconds: atOnce },
  reconsent_suspected: { state: 'retrying', waitSeconds: atOnce },
  /** Something in the vault cannot be used and nothing was sent to Entra; looked at again each sweep. */
  unusable: { state: 'configuration', waitSeconds: atOnce },
  /** Entra said so, so asking slows down. */
  policy: { state: 'policy', waitSeconds: backoffSeconds },
  configuration: { state: 'configuration', waitSeconds: backoffSeconds },
  reconsent_proven: { state: 'reconsent', waitSeconds: () => probeIntervalSeconds },
} as const satisfies Record<string, { state: FailureState; waitSeconds: (failures: number) => number }>;

type Verdict = keyof typeof verdicts;
// Object.keys forgets which keys they are.
const leastSeriousFirst = Object.keys(verdicts) as Verdict[];

/** The larger the worse; 0 for what is no failure. */
export function seriousness(kind: AccountFinding['kind']): number {
  const kinds: readonly AccountFinding['kind'][] = leastSeriousFirst;
  return kinds.indexOf(kind) + 1;
}

/** That of the most serious verdict which leads to a state. */
export function seriousnessOfState(state: FailureState): number {
  return leastSeriousFirst.findLastIndex((verdict) => verdicts[verdict].state === state) + 1;
}

/**
 * The one transition of an account's remembered failure.
 *
 * A success clears it. A passing failure (throttled, transient, unknown) neither ends nor repeats a verdict that
 * stands: a grant found dead yesterday is not alive because Entra was down today.
 *
 * @param judgedId of the refresh-token version that the finding is about, see {@link FailureRecord}
 */
export function transition(
  previous: FailureRecord | undefined,
  finding: AccountFinding,
  now: EpochSeconds,
  judgedId: string | undefined,
): FailureRecord | undefined {
  if (finding.kind === 'refreshed') return undefined;
  if (finding.kind === 'nothing_found') return previous;
  const { state, waitSeconds } = verdicts[finding.kind];
  if (state === 'retrying' && previous !== undefined && previous.state !== 'retrying') return previous;
  const same = previous?.state === state ? previous : undefined;
  if (finding.kind === 'unusable' && same?.code === finding.code && same.cause === finding.cause) return same;
  const failures = (same?.failures ?? 0) + 1;
  const traceId = same?.code === finding.code ? same.traceId : finding.traceId;
  return {
    state,
    code: finding.code,
    cause: finding.cause,
    remedy: finding.remedy,
    since: same?.since ?? now,
    failures,
    nextAttemptAt: now + waitSeconds(failures),
    suspected: finding.kind === 'reconsent_suspected' || (same?.suspected ?? false),
    ...omitUndefined({
      judgedId,
      traceId,
      claims: finding.claims,
      tokens: finding.tokens,
      grantId: finding.tokens && finding.grantId,
    }),
  };
}
