import type { LocalWorld } from '../../local/local-world.ts';
import { AzureMonitor } from '../../local/monitor/azure-monitor.ts';
import type { CompiledRule } from '../../local/monitor/compiled-rules.ts';
import { InMemoryIngestion, ingestionConnectionString } from '../../local/monitor/in-memory-ingestion.ts';
import type { documentedPeriodsToResolve, Notification } from '../../local/monitor/rule-evaluator.ts';
import { Workspace } from '../../local/monitor/workspace.ts';
import type { SeededRandom } from '../../local/seeded-random.ts';
import type { VirtualClock } from '../../local/virtual-clock.ts';
import type { RefreshEnvironment, RefreshPolicy } from '../../src/refresh/environment.ts';
import { runSweep } from '../../src/sweep/sweep.ts';
import { SweepAbortedError } from '../../src/sweep/sweep-error.ts';
import { createTelemetry } from '../../src/telemetry/create-telemetry.ts';
import type { Telemetry } from '../../src/telemetry/events.ts';
import { nowSeconds } from '../../src/time.ts';
import { SimulatedApp } from '../simulation/simulated-app.ts';
import { SimulatedProcess } from '../simulation/simulated-process.ts';

interface MonitoredAppOptions {
  readonly world: LocalWorld;
  /** The world's. */
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly rules: readonly CompiledRule[];
  /** From when on rules are evaluated, milliseconds since 1970; default: now. */
  readonly monitoredFrom?: number;
  /** When a rule is evaluated first, as a share of its frequency after the start. Default: at random. */
  readonly phase?: (rule: CompiledRule) => number;
  /** Default: as documented. */
  readonly periodsToResolve?: typeof documentedPeriodsToResolve;
}

/**
 * Between an event and the moment at which queries see its row. assumed: 2 to 5 minutes; Azure documents an average of
 * 20 seconds to 3 minutes and promises nothing.
 */
const leastLatencyMilliseconds = 2 * 60_000;
const latencySpreadMilliseconds = 3 * 60_000;

/** Real time; the SDK must be loaded first. */
const flushLimitMilliseconds = 60_000;

/**
 * The app on a virtual clock, its timer, the real Application Insights SDK over an ingestion in memory, and Azure
 * Monitor's alert rules over what arrived there.
 */
export class MonitoredApp {
  readonly notifications: Notification[] = [];
  /** What telemetry complained of. */
  readonly warnings: string[] = [];
  /** The timer's ticks, and those at which a sweep began; milliseconds since 1970. */
  readonly ticks: number[] = [];
  readonly sweeps: number[] = [];
  readonly ingestion: InMemoryIngestion;
  readonly monitor: AzureMonitor;
  /** False: the platform does not start the function. */
  isTimerOn = true;
  readonly #clock: VirtualClock;
  readonly #app: SimulatedApp;
  readonly #telemetry: Telemetry;
  #process: SimulatedProcess | undefined;
  #settings: Partial<RefreshPolicy> = {};
  #defect: unknown;

  constructor(options: MonitoredAppOptions) {
    const { world, clock, random, rules, phase, periodsToResolve } = options;
    this.#clock = clock;
    const { credentialsFaults: credentials, tokensFaults: tokens, entraFaults: entra } = world;
    this.#app = new SimulatedApp(world, { credentials, tokens, entra }, random.fork());
    const latencySalt = random.integer(0, 0xffff_ffff);
    const workspace = new Workspace((at) => latencyAt(at, latencySalt));
    this.ingestion = new InMemoryIngestion(workspace.ingest);
    const phases = random.fork();
    this.monitor = new AzureMonitor({
      rules,
      workspace,
      startMilliseconds: options.monitoredFrom ?? clock.nowMilliseconds(),
      phase: phase ?? phases.next,
      ...(periodsToResolve === undefined ? {} : { periodsToResolve }),
    });
    this.#telemetry = createTelemetry({
      connectionString: ingestionConnectionString,
      httpClient: this.ingestion.httpClient,
      clock,
    })((line) => this.warnings.push(line));
  }

  get nowMilliseconds(): number {
    return this.#clock.nowMilliseconds();
  }

  /** Restarts the app with settings that differ from the default ones. */
  configure(settings: Partial<RefreshPolicy>): void {
    this.#settings = settings;
    this.#process = undefined;
  }

  /** What a further process of the app works with: own clients and pacers, the same telemetry. */
  createEnvironment(): RefreshEnvironment {
    return this.#app.createEnvironment(this.#telemetry, this.#settings);
  }

  /** Somebody refreshes one account at once, as `POST /api/refresh` does; it goes on while time passes. */
  refreshNow(account: string): void {
    const environment = this.#app.createEnvironment(this.#telemetry, this.#settings);
    this.#watch(
      runSweep(environment, { trigger: 'on_demand', invocationId: account, pastDue: false, account }),
    );
  }

  /**
   * Lives until a moment, milliseconds since 1970: sweeps at ticks, evaluates rules at their times.
   *
   * @throws whatever a sweep throws that is no `SweepAbortedError`
   */
  async runUntil(milliseconds: number): Promise<void> {
    while (this.nowMilliseconds < milliseconds) {
      const tick = this.#app.policy.schedule.nextTickAfter(nowSeconds(this.#clock)) * 1000;
      const next = Math.min(milliseconds, tick, this.monitor.nextEvaluationAt);
      await this.#passTimeTo(next);
      this.notifications.push(...this.monitor.evaluate(next));
      if (next === tick) this.#tick();
    }
  }

  /** The app's telemetry leaves when a sweep has ended, or within a second; in any case before a rule is evaluated. */
  async #passTimeTo(milliseconds: number): Promise<void> {
    await this.#clock.run(this.#clock.sleep(milliseconds - this.nowMilliseconds));
    if (this.#defect !== undefined) throw this.#defect;
    await this.#telemetry.flush(flushLimitMilliseconds);
  }

  /** The platform starts no second run of a timer function while one is under way. */
  #tick(): void {
    this.ticks.push(this.nowMilliseconds);
    if (!this.isTimerOn) return;
    this.#process ??= new SimulatedProcess(this.createEnvironment(), (environment) => environment);
    if (this.#process.isSweeping) return;
    this.sweeps.push(this.nowMilliseconds);
    this.#watch(this.#process.sweep(`tick-${this.nowMilliseconds}`, false));
  }

  #watch(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (!(error instanceof SweepAbortedError)) this.#defect = error;
    });
  }
}

/** The events of one second arrive together, those of the next one at another time; however they were batched. */
function latencyAt(eventAtMilliseconds: number, salt: number): number {
  let mixed = Math.imul(Math.floor(eventAtMilliseconds / 1000) ^ salt, 0x9e37_79b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85eb_ca6b);
  const share = ((mixed ^ (mixed >>> 13)) >>> 0) / 2 ** 32;
  return leastLatencyMilliseconds + Math.floor(share * latencySpreadMilliseconds);
}
