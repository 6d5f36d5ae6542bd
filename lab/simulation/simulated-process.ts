import type { RefreshEnvironment } from '../../src/refresh/environment.ts';
import { runSweep } from '../../src/sweep/sweep.ts';
import { SweepAbortedError } from '../../src/sweep/sweep-error.ts';
import type { Telemetry } from '../../src/telemetry/events.ts';
import { type Clock, type EpochSeconds, nowSeconds } from '../../src/time.ts';
import { intercept } from './intercept.ts';
import { type Step, stepOf } from './steps.ts';

/** Where a process will die: before or after a step has had its effect. */
interface CrashPoint {
  readonly step: Step;
  readonly moment: 'before' | 'after';
  /** How many times the step passes unharmed first. */
  passes: number;
}

export type SweepEnd = 'completed' | 'aborted' | 'crashed';

/** What nobody ever settles: whoever waits for it has stopped for good, and is forgotten with it. */
const never = <T>(): Promise<T> => new Promise<T>(() => {});

/**
 * One process of the app. Everything it does passes here, so that after a crash nothing of it goes on: no request is
 * sent, no answer arrives, no timer fires, no event leaves.
 */
export class SimulatedProcess {
  readonly environment: RefreshEnvironment;
  readonly crashed: Promise<void>;
  /** Called with the point at which the process has died. */
  onCrash: ((point: CrashPoint) => void) | undefined;
  readonly #crashPoints: CrashPoint[] = [];
  #reportCrash: () => void = () => {};
  #isDead = false;
  #isSweeping = false;
  #sweepStartedAt: EpochSeconds = 0;

  /** @param environment of a process that cannot crash; `alter` may change it as the process sees it */
  constructor(environment: RefreshEnvironment, alter: (own: RefreshEnvironment) => RefreshEnvironment) {
    this.crashed = new Promise((resolve) => {
      this.#reportCrash = resolve;
    });
    this.environment = alter(this.#guarded(environment));
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isSweeping(): boolean {
    return this.#isSweeping;
  }

  /** When its present or last sweep began. */
  get sweepStartedAt(): EpochSeconds {
    return this.#sweepStartedAt;
  }

  crashAt(point: CrashPoint): void {
    this.#crashPoints.push(point);
  }

  /** One sweep, until it ends or the process does. */
  async sweep(invocationId: string, pastDue: boolean): Promise<SweepEnd> {
    this.#isSweeping = true;
    this.#sweepStartedAt = nowSeconds(this.environment.clock);
    const sweep = runSweep(this.environment, { trigger: 'timer', invocationId, pastDue }).then(
      (): SweepEnd => 'completed',
      (error: unknown): SweepEnd => {
        if (error instanceof SweepAbortedError) return 'aborted';
        throw error;
      },
    );
    const end = await Promise.race([sweep, this.crashed.then((): SweepEnd => 'crashed')]);
    this.#isSweeping = false;
    return end;
  }

  #guarded(environment: RefreshEnvironment): RefreshEnvironment {
    const { clock, telemetry } = environment;
    return {
      ...intercept(environment, (call, effect) => this.#take(stepOf(call), effect)),
      clock: this.#guardedClock(clock),
      telemetry: this.#guardedTelemetry(telemetry),
    };
  }

  #guardedClock(clock: Clock): Clock {
    return {
      nowMilliseconds: () => clock.nowMilliseconds(),
      sleep: (milliseconds) => this.#whileAlive(() => clock.sleep(milliseconds)),
    };
  }

  #guardedTelemetry(telemetry: Telemetry): Telemetry {
    return {
      emit: (event) => {
        if (!this.#isDead) telemetry.emit(event);
      },
      flush: () => this.#whileAlive(() => telemetry.flush()),
    };
  }

  async #take<T>(step: Step, effect: () => Promise<T>): Promise<T> {
    const point = this.#crashPoints.length === 0 ? undefined : this.#crashPointAt(step);
    if (point?.moment === 'before') this.#die(point);
    return this.#whileAlive(async () => {
      try {
        return await effect();
      } finally {
        if (point !== undefined) this.#die(point);
      }
    });
  }

  async #whileAlive<T>(effect: () => Promise<T>): Promise<T> {
    if (this.#isDead) return never();
    try {
      const result = await effect();
      return this.#isDead ? never() : result;
    } catch (error) {
      if (this.#isDead) return never();
      throw error;
    }
  }

  #crashPointAt(step: Step): CrashPoint | undefined {
    for (const point of this.#crashPoints) {
      if (point.step !== step) continue;
      if (point.passes === 0) return point;
      point.passes -= 1;
    }
    return undefined;
  }

  #die(point: CrashPoint): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.onCrash?.(point);
    this.#reportCrash();
  }
}
