/** A stretch of time, in milliseconds since 1970. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/**
 * When outages were in force. One is in force from its beginning until the first sweep that ran wholly after it was
 * completed: only then could the refresher have made good what was missed.
 */
export class OutagePeriods {
  #active = 0;
  #lastEndedAt = 0;
  #openSince: number | undefined;
  readonly #closed: Period[] = [];

  /** True while the cause itself lasts. */
  get isActive(): boolean {
    return this.#active > 0;
  }

  begin(at: number): void {
    this.#active += 1;
    this.#openSince ??= at;
  }

  end(at: number): void {
    this.#active -= 1;
    this.#lastEndedAt = Math.max(this.#lastEndedAt, at);
  }

  /** Something that went wrong from one moment to another, told afterwards. */
  add({ from, to }: Period): void {
    this.begin(from);
    this.#openSince = Math.min(this.#openSince ?? from, from);
    this.end(to);
  }

  sweepCompleted({ from, to }: Period): void {
    if (this.#openSince === undefined || this.isActive || from < this.#lastEndedAt) return;
    this.#closed.push({ from: this.#openSince, to });
    this.#openSince = undefined;
  }

  /** The parts of a period in which an outage was in force, as far as is known now. */
  within(period: Period): Period[] {
    const parts: Period[] = [];
    const add = ({ from, to }: Period): void => {
      const part = { from: Math.max(from, period.from), to: Math.min(to, period.to) };
      if (part.from < part.to) parts.push(part);
    };
    if (this.#openSince !== undefined) add({ from: this.#openSince, to: Number.POSITIVE_INFINITY });
    for (const closed of this.#closed) add(closed);
    return parts;
  }
}

/** The length of all periods together, what overlaps counted once; in milliseconds. */
export function totalLength(periods: readonly Period[]): number {
  let total = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const { from, to } of [...periods].sort((a, b) => a.from - b.from)) {
    total += Math.max(0, to - Math.max(from, reached));
    reached = Math.max(reached, to);
  }
  return total;
}
