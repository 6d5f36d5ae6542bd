/** Whole seconds since 1970-01-01T00:00:00Z. */
export type EpochSeconds = number;

export const secondsPerMinute = 60;
export const secondsPerHour = 3600;
export const secondsPerDay = 86_400;
/** 9999-12-31T23:59:59Z, the last moment that ISO 8601 writes with four digits. */
export const latestEpochSeconds: EpochSeconds = 253_402_300_799;

/** The only source of time; pure code takes the moment as an argument instead. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  nowMilliseconds(): number;
  /** Resolves after the given time. */
  sleep(milliseconds: number): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  nowMilliseconds: () => Date.now(),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, Math.ceil(milliseconds))),
};

/** The present moment, rounded down; the one place where time is rounded. */
export function nowSeconds(clock: Clock): EpochSeconds {
  return Math.floor(clock.nowMilliseconds() / 1000);
}

/** Milliseconds like the clock's that never run back: a clock that is set right must not lengthen what is under way. */
export function steadyMilliseconds(clock: Clock): () => number {
  let lastSeen = clock.nowMilliseconds();
  let setBack = 0;
  return () => {
    const now = clock.nowMilliseconds();
    setBack += Math.max(0, lastSeen - now);
    lastSeen = now;
    return now + setBack;
  };
}

/** When something has to end. A clock that is set back afterwards does not move it. */
export class Deadline {
  /** By the clock as it was. */
  readonly at: EpochSeconds;
  readonly #now: () => number;

  constructor(clock: Clock, at: EpochSeconds) {
    this.at = at;
    this.#now = steadyMilliseconds(clock);
  }

  get leftMilliseconds(): number {
    return this.at * 1000 - this.#now();
  }

  /** Rounded up; 0 or less when it is over. */
  get leftSeconds(): number {
    return Math.ceil(this.leftMilliseconds / 1000);
  }
}

/** ISO 8601 in UTC without fractions, for people and telemetry. */
export function isoTime(seconds: EpochSeconds): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
