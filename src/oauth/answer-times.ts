import { type EpochSeconds, secondsPerHour } from '../time.ts';

/** Longer waits are cut: the next sweep asks again anyway (MSAL caps at the same value). */
const retryAfterLimitSeconds = secondsPerHour;

// RFC 9110 section 5.6.7; asctime names no zone and means GMT.
const imfFixdate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const rfc850Date = /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/;
const asctimeDate = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/**
 * Reads a Retry-After header (RFC 9110 section 10.2.3), seconds or an HTTP date, as whole seconds from `now`:
 * 0 (or a past date) to 3,600. Undefined when it is missing or neither. Never throws.
 */
export function parseRetryAfter(header: string | undefined, now: EpochSeconds): number | undefined {
  const text = header?.trim() ?? '';
  const seconds = /^\d+$/.test(text) ? Number(text) : parseHttpDate(text) - now;
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), retryAfterLimitSeconds);
}

/** An HTTP date in any of its three forms as seconds since the epoch; NaN when it is none. Never throws. */
function parseHttpDate(text: string): EpochSeconds {
  if (imfFixdate.test(text) || rfc850Date.test(text)) return Date.parse(text) / 1000;
  if (asctimeDate.test(text)) return Date.parse(`${text} GMT`) / 1000;
  return Number.NaN;
}

/**
 * The longest life that is believed: 28 hours, which Entra gives to clients that take part in continuous access
 * evaluation; nothing of Entra's lives longer (Entra: continuous access evaluation; configurable token lifetimes).
 */
const longestLifetimeSeconds = 28 * secondsPerHour;

/** When an answer arrived and how long it took, by our clock, and when it was made, by the server's. */
export interface AnswerTimes {
  /** When the answer had arrived. */
  readonly now: EpochSeconds;
  /** From the request to the end of the answer. Default: 0. */
  readonly durationMilliseconds?: number;
  /** The answer's `Date` (RFC 9110 section 6.6.1). Default: the server's clock is taken to be ours. */
  readonly date?: string;
}

/**
 * The server's time when the answer arrived: ours, unless its `Date` says that our clock runs ahead. A second is
 * granted for the whole seconds of both. A clock that lags does no harm: tokens then seem to end early.
 */
export function serverNow({ now, durationMilliseconds = 0, date }: AnswerTimes): EpochSeconds {
  const made = parseHttpDate(date ?? '');
  const latest = made + Math.ceil(durationMilliseconds / 1000) + 1;
  return Number.isNaN(made) || latest >= now ? now : latest;
}

/** A clock may be hours ahead, as one that takes its zone for UTC; a `Date` that is days old is no server's time. */
const farthestAheadSeconds = 24 * secondsPerHour;

/**
 * How long a token lives from its request on, by our clock: at most {@link longestLifetimeSeconds}, and shorter by what
 * our clock runs ahead, because readers and APIs go by the true time: by more than its life, too, and then it seems to
 * have ended before it was asked for.
 */
export function trustedLifetime(lifetimeSeconds: number, times: AnswerTimes): number {
  const capped = Math.min(lifetimeSeconds, longestLifetimeSeconds);
  const aheadSeconds = times.now - serverNow(times);
  return aheadSeconds < farthestAheadSeconds ? capped - aheadSeconds : capped;
}
