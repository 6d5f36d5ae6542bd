import { type EpochSeconds, secondsPerDay, secondsPerMinute } from '../time.ts';

/** The state of an account, as reports, telemetry and alerts use the word. */
export type AccountState =
  | 'healthy'
  | 'retrying'
  | 'reconsent'
  | 'credential'
  | 'configuration'
  | 'policy'
  | 'pending_consent'
  | 'paused'
  | 'orphaned';

/** The states that an account keeps as a failure; `credential` is kept on the client's secret instead. */
export type FailureState = 'retrying' | 'reconsent' | 'configuration' | 'policy';

/** What is remembered of an account's failure between sweeps; the absence of it is health. */
export interface FailureRecord {
  readonly state: FailureState;
  /** Stable word: `AADSTS50173`, `registration_invalid`, `http_503`, … */
  readonly code: string;
  readonly cause: string;
  readonly remedy: string;
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
  /** Of the first answer with this code, so that the alert which carries it stays one and the same. */
  readonly traceId?: string;
  /** The Conditional Access challenge that the next consent must answer: JSON text. */
  readonly claims?: string;
}

/** A failure as the state sees it, whoever found it. */
export interface FailureFinding {
  /**
   * `unusable`: something in the vault cannot be used and nothing was sent to Entra; looked at again each sweep.
   * `configuration` and `policy`: Entra said so, so asking slows down. `passing`: throttled, transient, unknown.
   */
  readonly kind:
    | 'reconsent_proven'
    | 'reconsent_suspected'
    | 'configuration'
    | 'unusable'
    | 'policy'
    | 'passing';
  readonly code: string;
  readonly cause: string;
  readonly remedy: string;
  readonly traceId?: string;
  readonly claims?: string;
  /** The named access tokens that it is about; absent: the whole account. */
  readonly tokens?: readonly string[];
  /** With `tokens`: the grant that they were asked from. */
  readonly grantId?: string;
}

/** What one sweep found for an account, reduced to what its state depends on. */
export type Finding =
  | { readonly kind: 'refreshed' }
  /** The client was rejected, or nothing was found out: says nothing about the account. */
  | { readonly kind: 'nothing_learned' }
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

function waitSeconds(kind: FailureFinding['kind'], failures: number): number {
  switch (kind) {
    case 'reconsent_proven':
      return probeIntervalSeconds;
    case 'configuration':
    case 'policy':
      return backoffSeconds(failures);
    case 'unusable':
    case 'reconsent_suspected':
    case 'passing':
      return 0;
    default:
      return kind satisfies never;
  }
}

function failureState(finding: FailureFinding): FailureState {
  switch (finding.kind) {
    case 'reconsent_proven':
      return 'reconsent';
    case 'configuration':
    case 'unusable':
      return 'configuration';
    case 'policy':
      return 'policy';
    case 'reconsent_suspected':
    case 'passing':
      return 'retrying';
    default:
      return finding.kind satisfies never;
  }
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
  finding: Finding,
  now: EpochSeconds,
  judgedId: string | undefined,
): FailureRecord | undefined {
  if (finding.kind === 'refreshed') return undefined;
  if (finding.kind === 'nothing_learned') return previous;
  const state = failureState(finding);
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
    nextAttemptAt: now + waitSeconds(finding.kind, failures),
    ...(judgedId === undefined ? {} : { judgedId }),
    suspected: finding.kind === 'reconsent_suspected' || (same?.suspected ?? false),
    ...(traceId === undefined ? {} : { traceId }),
    ...(finding.claims === undefined ? {} : { claims: finding.claims }),
    ...(finding.tokens === undefined ? {} : { tokens: finding.tokens }),
    ...(finding.tokens === undefined || finding.grantId === undefined ? {} : { grantId: finding.grantId }),
  };
}
