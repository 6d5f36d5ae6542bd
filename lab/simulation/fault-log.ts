import type { Step } from './steps.ts';

/** Counts what was done to the refresher: how often each kind of fault struck each step, or the app as a whole. */
export class FaultLog {
  readonly #counts = new Map<string, Map<Step | 'app', number>>();

  count(kind: string, step: Step | 'app'): void {
    const bySteps = this.#counts.get(kind) ?? new Map<Step | 'app', number>();
    this.#counts.set(kind, bySteps);
    bySteps.set(step, (bySteps.get(step) ?? 0) + 1);
  }

  of(kind: string, step?: Step | 'app'): number {
    const bySteps = this.#counts.get(kind);
    if (bySteps === undefined) return 0;
    if (step !== undefined) return bySteps.get(step) ?? 0;
    return [...bySteps.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Kinds in alphabetical order. */
  get kinds(): readonly string[] {
    return [...this.#counts.keys()].sort();
  }

  /** Faults of all kinds at one step. */
  at(step: Step | 'app'): number {
    return this.kinds.reduce((sum, kind) => sum + this.of(kind, step), 0);
  }

  get total(): number {
    return this.kinds.reduce((sum, kind) => sum + this.of(kind), 0);
  }
}
