import { type OutagePeriods, type Period, totalLength } from './outage-periods.ts';

/** One published access token: from when a reader gets it, and when it expires; milliseconds since 1970. */
interface Published {
  readonly from: number;
  readonly expiresAt: number;
}

/** Minutes, of each access token, in which a reader would have seen less than the minimum validity. */
export interface BelowMinimum {
  /** Before any fault was injected. */
  faultlessMinutes: number;
  /** Single faults only: no outage was in force. */
  betweenOutagesMinutes: number;
  outageMinutes: number;
}

/** Measures what readers of access tokens see. */
export class ValidityMeter {
  readonly #minimumMilliseconds: number;
  readonly #global: OutagePeriods;
  readonly #published = new Map<string, Published>();
  readonly below: BelowMinimum = { faultlessMinutes: 0, betweenOutagesMinutes: 0, outageMinutes: 0 };
  /** Until when nothing was injected. */
  faultlessUntil = Number.POSITIVE_INFINITY;

  constructor(minimumMilliseconds: number, global: OutagePeriods) {
    this.#minimumMilliseconds = minimumMilliseconds;
    this.#global = global;
  }

  /** A newer access token replaces the last one of that name; in the order of time. */
  publish(name: string, own: OutagePeriods, published: Published): void {
    this.close(name, own, published.from);
    this.#published.set(name, published);
  }

  /** Counts the last access token of that name until a moment. */
  close(name: string, own: OutagePeriods, until: number): void {
    const last = this.#published.get(name);
    if (last === undefined) return;
    const from = Math.max(last.from, last.expiresAt - this.#minimumMilliseconds);
    if (from < until) this.#count({ from, to: until }, own);
  }

  #count(period: Period, own: OutagePeriods): void {
    const { from, to } = period;
    const faultless = Math.max(0, Math.min(to, this.faultlessUntil) - from);
    const outage = totalLength([...this.#global.within(period), ...own.within(period)]);
    this.below.faultlessMinutes += faultless / 60_000;
    this.below.outageMinutes += outage / 60_000;
    this.below.betweenOutagesMinutes += (to - from - faultless - outage) / 60_000;
  }
}
