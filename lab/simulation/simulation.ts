import type { LocalWorld } from '../../local/local-world.ts';
import { SeededRandom } from '../../local/seeded-random.ts';
import { VirtualClock } from '../../local/virtual-clock.ts';
import type { RefreshEnvironment } from '../../src/refresh/environment.ts';
import type { TelemetryEvent } from '../../src/telemetry/events.ts';
import { nowSeconds, secondsPerDay } from '../../src/time.ts';
import { EntraFaultInjector } from './entra-fault-injector.ts';
import { FaultLog } from './fault-log.ts';
import { IdentityFaultInjector } from './identity-fault-injector.ts';
import { Oracle } from './oracle.ts';
import { OutagePeriods, totalLength } from './outage-periods.ts';
import { OutageSchedule } from './outage-schedule.ts';
import { People } from './people.ts';
import { Population } from './population.ts';
import { rates } from './rates.ts';
import { RefreshRate } from './refresh-rate.ts';
import { minimumValiditySeconds, SimulatedApp } from './simulated-app.ts';
import { SimulatedProcess, type SweepEnd } from './simulated-process.ts';
import { createSimulatedWorld } from './simulated-world.ts';
import { optimalRefreshesPerTokenDay, type SimulationReport } from './simulation-report.ts';
import { isFrequent, steps, type VaultRole } from './steps.ts';
import { noFates, TokenLedger } from './token-ledger.ts';
import { ValidityMeter } from './validity-meter.ts';
import { VaultFaultInjector } from './vault-fault-injector.ts';

interface SimulationOptions {
  readonly seed: number;
  /** Token requests to be made, about. */
  readonly redemptions: number;
  /** Default: a thousandth of the redemptions, at least 20. */
  readonly accounts?: number;
  /** The first part of the redemptions, in which nothing goes wrong; 0 to 1, default 0.1. */
  readonly faultlessShare?: number;
  /** Default: `lenient`, which is Entra's. */
  readonly rotation?: 'lenient' | 'strict';
  /** Changes each process's surroundings, to prove that the oracle notices. */
  readonly alter?: (environment: RefreshEnvironment) => RefreshEnvironment;
}

/** `faultless`, then `faulty`, then `settling`: nothing new goes wrong, and what did is brought to its end. */
type Phase = 'faultless' | 'faulty' | 'settling' | 'over';

/** 2026-11-22T10:00:00Z. */
const startMilliseconds = Date.UTC(2026, 10, 22, 10);
/** Ticks at the end that must make good everything that went wrong before. */
const quietTicks = 3;
/** The refresher over weeks of moved time, in which everything around it fails now and then. */
class Simulation {
  readonly #options: SimulationOptions;
  readonly #random: SeededRandom;
  readonly #clock = new VirtualClock(startMilliseconds);
  readonly #log = new FaultLog();
  readonly #outages = new OutagePeriods();
  readonly #meter = new ValidityMeter(minimumValiditySeconds * 1000, this.#outages);
  readonly #world: LocalWorld;
  readonly #population: Population;
  readonly #oracle: Oracle;
  readonly #vaultFaults: Readonly<Record<VaultRole, VaultFaultInjector>>;
  readonly #entraFaults: EntraFaultInjector;
  readonly #identityFaults: IdentityFaultInjector;
  readonly #app: SimulatedApp;
  readonly #rate: RefreshRate;
  readonly #ledgers = new Map<SimulatedProcess, TokenLedger>();
  readonly #fates = noFates();
  readonly #sweeps: Record<SweepEnd, number> = { completed: 0, aborted: 0, crashed: 0 };
  readonly #running = new Set<Promise<void>>();
  #phase: Phase = 'faultless';
  #process: SimulatedProcess | undefined;
  #missingTicks = 0;
  #quietTicks = 0;
  #notStoredEvents = 0;

  constructor(options: SimulationOptions) {
    const { seed, redemptions, rotation = 'lenient' } = options;
    const accounts = options.accounts ?? Math.max(20, Math.round(redemptions / 1000));
    this.#options = options;
    this.#random = new SeededRandom(seed);
    this.#world = createSimulatedWorld(this.#clock, this.#random.fork(), {
      rotation,
      refreshTokenLifetimeSeconds: rates.refreshTokenLifetimeSeconds,
    });
    this.#population = new Population(this.#world, accounts, this.#random.fork());
    this.#oracle = new Oracle(this.#world, this.#population, this.#meter);
    this.#vaultFaults = {
      credentials: new VaultFaultInjector('credentials', this.#random.fork(), this.#log),
      tokens: new VaultFaultInjector('tokens', this.#random.fork(), this.#log),
    };
    this.#entraFaults = new EntraFaultInjector(this.#clock, this.#random.fork(), this.#log);
    this.#identityFaults = new IdentityFaultInjector(this.#clock, this.#random.fork(), this.#log);
    this.#app = new SimulatedApp(
      this.#world,
      { ...this.#vaultFaults, entra: this.#entraFaults, identity: this.#identityFaults },
      this.#random.fork(),
    );
    this.#rate = new RefreshRate(this.#population.accounts);
  }

  async run(): Promise<SimulationReport> {
    const began = performance.now();
    await this.#clock.run(this.#live());
    const { faultless, overall } = this.#rate;
    const period = { from: startMilliseconds, to: this.#clock.nowMilliseconds() };
    return {
      seed: this.#options.seed,
      redemptions: this.#app.counts.sent,
      accounts: this.#population.accounts.length,
      accessTokens: this.#population.accounts.flatMap((account) => account.accessTokenNames).length,
      simulatedDays: (period.to - period.from) / 1000 / secondsPerDay,
      sweeps: this.#sweeps,
      faults: this.#log,
      verdicts: this.#oracle.verdicts,
      staleAccounts: this.#oracle.staleAccounts(minimumValiditySeconds * 1000),
      fates: this.#fates,
      notStoredEvents: this.#notStoredEvents,
      outageDays: totalLength(this.#outages.within(period)) / 1000 / secondsPerDay,
      belowMinimum: this.#meter.below,
      refreshesPerTokenDay: { faultless, overall },
      realSeconds: (performance.now() - began) / 1000,
    };
  }

  async #live(): Promise<void> {
    this.#oracle.inspect();
    for (;;) {
      const tick = this.#app.policy.schedule.nextTickAfter(nowSeconds(this.#clock)) * 1000;
      await this.#clock.sleep(tick - this.#clock.nowMilliseconds());
      this.#changePhase(tick);
      if (this.#phase === 'over') break;
      this.#tick(tick);
    }
    await Promise.all(this.#running);
    const now = this.#clock.nowMilliseconds();
    for (const { accessTokenNames, outages } of this.#population.accounts) {
      for (const name of accessTokenNames) this.#meter.close(name, outages, now);
    }
  }

  #changePhase(now: number): void {
    const { redemptions, faultlessShare = 0.1 } = this.#options;
    const { sent, granted } = this.#app.counts;
    this.#rate.observe(now, granted, this.#phase === 'faultless');
    const isDone = (share: number): boolean =>
      sent >= redemptions * share || now >= startMilliseconds + this.#timeLimit * share;
    if (this.#phase === 'faultless' && isDone(faultlessShare)) this.#letFaultsBegin(now);
    if (this.#phase === 'faulty' && isDone(1)) this.#letFaultsEnd();
    if (this.#phase !== 'settling') return;
    const isTroubled =
      this.#outages.isActive || this.#population.accounts.some(({ outages }) => outages.isActive);
    this.#quietTicks = isTroubled ? 0 : this.#quietTicks + 1;
    if (this.#quietTicks > quietTicks && this.#running.size === 0) this.#phase = 'over';
  }

  /** An app that has stopped redeeming must not make the simulation endless; in milliseconds. */
  get #timeLimit(): number {
    const redemptionsOfEach = this.#options.redemptions / this.#population.accounts.length;
    return (3 * redemptionsOfEach * secondsPerDay * 1000) / optimalRefreshesPerTokenDay;
  }

  #letFaultsBegin(now: number): void {
    this.#phase = 'faulty';
    this.#meter.faultlessUntil = now;
    this.#inject(true);
    const mayBegin = (): boolean => this.#phase === 'faulty';
    const shared = { clock: this.#clock, log: this.#log, mayBegin };
    new People({ ...shared, population: this.#population, random: this.#random.fork() }).start();
    new OutageSchedule({
      ...shared,
      schedule: this.#app.policy.schedule,
      vaults: Object.values(this.#vaultFaults),
      entra: this.#entraFaults,
      clientIds: this.#population.clients.map(({ client }) => client.clientId),
      random: this.#random.fork(),
      periods: this.#outages,
    }).start();
  }

  #letFaultsEnd(): void {
    this.#phase = 'settling';
    this.#inject(false);
  }

  #inject(active: boolean): void {
    const { credentials, tokens } = this.#vaultFaults;
    for (const faults of [credentials, tokens, this.#entraFaults, this.#identityFaults])
      faults.active = active;
  }

  #tick(at: number): void {
    if (this.#isMissed()) {
      this.#log.count('tick missed', 'app');
      this.#outages.add({ from: at, to: at });
      return;
    }
    const isFaulty = this.#phase === 'faulty';
    if (isFaulty && this.#random.chance(rates.silentTickShare)) void this.#silenceVault();
    const isLate = isFaulty && this.#random.chance(rates.lateTickShare);
    if (isLate) this.#log.count('tick late', 'app');
    this.#start(at, isLate ? this.#random.between(...rates.lateTickSeconds) : 0, () => this.#freeProcess());
    if (!isFaulty || !this.#random.chance(rates.overlapShare)) return;
    this.#log.count('overlapping sweep', 'app');
    this.#start(at, this.#random.pick(rates.overlapSeconds) * this.#random.next(), () =>
      this.#createProcess(),
    );
  }

  /** No outage for the oracle: a sweep has to make it good. */
  async #silenceVault(): Promise<void> {
    const vault = this.#vaultFaults[this.#random.pick(['credentials', 'tokens'] as const)];
    this.#log.count('vault silent at the tick', 'app');
    await vault.silentDuring(this.#clock.sleep(this.#random.between(...rates.silentTickSeconds) * 1000));
  }

  #isMissed(): boolean {
    if (this.#phase !== 'faulty') return false;
    if (this.#missingTicks === 0 && this.#random.chance(rates.missedTickShare)) {
      this.#missingTicks = this.#random.integer(...rates.missedTicks);
    }
    if (this.#missingTicks === 0) return false;
    this.#missingTicks -= 1;
    return true;
  }

  #start(tick: number, delaySeconds: number, processOf: () => SimulatedProcess): void {
    const work = this.#sweepAfter(tick, delaySeconds, processOf).finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  async #sweepAfter(tick: number, delaySeconds: number, processOf: () => SimulatedProcess): Promise<void> {
    await this.#clock.sleep(delaySeconds * 1000);
    const from = this.#clock.nowMilliseconds();
    if (delaySeconds > 0) this.#outages.add({ from: tick, to: from });
    const process = processOf();
    this.#armCrash(process);
    const end = await process.sweep(`tick-${tick}`, delaySeconds > 0);
    this.#sweeps[end] += 1;
    this.#settle(process, end);
    const period = { from, to: this.#clock.nowMilliseconds() };
    if (end === 'crashed') this.#outages.add(period);
    for (const outages of [this.#outages, ...this.#population.accounts.map((account) => account.outages)]) {
      if (end === 'completed') outages.sweepCompleted(period);
    }
  }

  #settle(process: SimulatedProcess, end: SweepEnd): void {
    const { credentials, entra } = this.#world;
    this.#oracle.inspect();
    this.#ledgers.get(process)?.settle(end === 'crashed', (token) => {
      const account = this.#population.ownerOf(entra.grantOf(token));
      const versions = account === undefined ? [] : credentials.versionsOf(account.refreshTokenName);
      return versions.map(({ value }) => value.reveal());
    });
    if (end === 'crashed') this.#ledgers.delete(process);
  }

  /** The app's process; a fresh one after a crash, a further one while it still sweeps. */
  #freeProcess(): SimulatedProcess {
    if (this.#process === undefined || this.#process.isDead || this.#process.isSweeping) {
      this.#process = this.#createProcess();
    }
    return this.#process;
  }

  #createProcess(): SimulatedProcess {
    const { alter = (environment) => environment } = this.#options;
    const ledger = new TokenLedger(this.#fates);
    const telemetry = {
      emit: (event: TelemetryEvent) => this.#hear(event, process, ledger),
      flush: () => Promise.resolve(),
    };
    const process: SimulatedProcess = new SimulatedProcess(this.#app.createEnvironment(telemetry), (own) =>
      alter({ ...own, endpoint: ledger.watch(own.endpoint) }),
    );
    process.onCrash = ({ step, moment }) => this.#log.count(`crash ${moment}`, step);
    this.#ledgers.set(process, ledger);
    return process;
  }

  #armCrash(process: SimulatedProcess): void {
    if (this.#phase !== 'faulty' || !this.#random.chance(rates.crashShare)) return;
    const step = this.#random.pick(steps);
    const passes = isFrequent(step) ? this.#random.integer(0, this.#population.accounts.length / 2) : 0;
    process.crashAt({ step, moment: this.#random.pick(['before', 'after'] as const), passes });
  }

  #hear(event: TelemetryEvent, process: SimulatedProcess, ledger: TokenLedger): void {
    if (event.name === 'RotatedTokenNotStored') {
      this.#notStoredEvents += 1;
      ledger.tell(event.properties.attemptId ?? '');
    }
    if (event.name === 'AccountState' && event.properties.state === 'reconsent') {
      this.#oracle.hearReconsent(event.properties.account ?? '', process.sweepStartedAt);
    }
  }
}

/** Runs a simulation; equal options give equal reports, but for the real time. */
export function simulate(options: SimulationOptions): Promise<SimulationReport> {
  return new Simulation(options).run();
}
