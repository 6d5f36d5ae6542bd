import { type EpochSeconds, secondsPerMinute } from '../time.ts';
import type { Schedule } from './schedule.ts';

/**
 * Pauses before the second, third … round of a sweep, in seconds. The first is Entra's own floor for repeating
 * after a failure (Entra: resilience guide, 5 s); six tries in 18 minutes stay below its loop limit of 15
 * equal requests in 5 minutes.
 */
export const roundPausesSeconds: readonly number[] = [5, 30, 2 * 60, 5 * 60, 10 * 60];

/** A doubtful `invalid_grant` is believed only when it comes again at least this much later. */
export const confirmationDelaySeconds = 2 * secondsPerMinute;

/** The sweep ends this long before the host would end it, so that stores and telemetry find the time. */
export const reserveSeconds = 3 * secondsPerMinute;
const leastRedeemingSeconds = 2 * secondsPerMinute;

/** A timer may fire a moment early; the tick it is early for is not the next one. */
const earlyFiringSeconds = secondsPerMinute;

/** The tick after the one that a sweep belongs to: when the next sweep begins. */
export function nextSweepAfter(schedule: Schedule, startedAt: EpochSeconds): EpochSeconds {
  return schedule.nextTickAfter(startedAt + earlyFiringSeconds);
}

/** A schedule must leave a sweep this much time between two ticks. */
export const leastIntervalSeconds = reserveSeconds + leastRedeemingSeconds;

/**
 * When a sweep stops redeeming: 3 minutes before the function timeout or the next tick, whichever comes first.
 * A sweep that starts late still gets 2 minutes: overlapping the next one harms nothing, refreshing nothing does.
 */
export function sweepDeadline(
  startedAt: EpochSeconds,
  nextSweepAt: EpochSeconds,
  functionTimeoutSeconds: number,
): EpochSeconds {
  const available = Math.min(functionTimeoutSeconds, nextSweepAt - startedAt) - reserveSeconds;
  return startedAt + Math.max(available, leastRedeemingSeconds);
}

/** The pause before the given round (1 is the first repeat), spread by ± 20 %; undefined when rounds are over. */
export function roundPauseSeconds(round: number, random: number): number | undefined {
  const pause = roundPausesSeconds[round - 1];
  return pause === undefined ? undefined : spread(pause, random);
}

/** Shorter than the longest pause between rounds: Entra limits equal requests, a vault does not, and tokens are about to end. */
const longestPreparationPauseSeconds = 2 * secondsPerMinute;

/**
 * The pause before what comes before the first account (identity, listing, probe) is tried again; 1 is the first
 * repeat. As between rounds, but never more than about two minutes, and without an end: the deadline is the end.
 */
export function preparationPauseSeconds(round: number, random: number): number {
  const pause = Math.min(roundPausesSeconds[round - 1] ?? Infinity, longestPreparationPauseSeconds);
  return spread(pause, random);
}

const spread = (pause: number, random: number): number => pause * (0.8 + 0.4 * random);

/** When the same sweep may try something again: at once is the next round. */
export type Retry = 'never' | 'next_round' | 'confirmation';

/**
 * The moment from which the same sweep may try again; undefined when it must not. A doubtful grant is asked again only
 * after {@link confirmationDelaySeconds}.
 *
 * @param retryAfterSeconds what Entra asked for; default 0
 */
export function retryAt(retry: Retry, now: EpochSeconds, retryAfterSeconds = 0): EpochSeconds | undefined {
  switch (retry) {
    case 'never':
      return undefined;
    case 'next_round':
      return now + retryAfterSeconds;
    case 'confirmation':
      return now + confirmationDelaySeconds;
    default:
      return retry satisfies never;
  }
}
