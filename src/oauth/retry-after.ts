import { type EpochSeconds, secondsPerHour } from '../time.ts';

/** Longer waits are cut: the next sweep asks again anyway (MSAL caps at the same value). */
export const retryAfterLimitSeconds = secondsPerHour;

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
export function parseHttpDate(text: string): EpochSeconds {
  if (imfFixdate.test(text) || rfc850Date.test(text)) return Date.parse(text) / 1000;
  if (asctimeDate.test(text)) return Date.parse(`${text} GMT`) / 1000;
  return Number.NaN;
}
