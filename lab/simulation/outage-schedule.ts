import type { SeededRandom } from '../../local/seeded-random.ts';
import type { Schedule } from '../../src/planning/schedule.ts';
import { type Clock, nowSeconds } from '../../src/time.ts';
import type { EntraFaultInjector, EntraOutage } from './entra-fault-injector.ts';
import type { FaultLog } from './fault-log.ts';
import type { OutagePeriods } from './outage-periods.ts';
import { rates } from './rates.ts';
import type { VaultFaultInjector, VaultOutage } from './vault-fault-injector.ts';

interface OutageScheduleOptions {
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly vaults: readonly VaultFaultInjector[];
  readonly entra: EntraFaultInjector;
  readonly clientIds: readonly string[];
  readonly random: SeededRandom;
  readonly log: FaultLog;
  readonly periods: OutagePeriods;
  /** No outage begins when this says no. */
  readonly mayBegin: () => boolean;
}

/** One outage, ready to be begun and ended. */
interface Outage {
  readonly word: string;
  readonly seconds: readonly [least: number, most: number];
  begin(): void;
  end(): void;
}

/** A sweep does most of its work in this time after its tick. */
const busySeconds = 4;
const deniable = ['list', 'get', 'set', 'update'] as const;

/** Puts outages upon both vaults and Entra, now and then, for minutes to hours; half of them begin within a sweep. */
export class OutageSchedule {
  readonly #options: OutageScheduleOptions;

  constructor(options: OutageScheduleOptions) {
    this.#options = options;
  }

  start(): void {
    for (const vault of this.#options.vaults) void this.#repeat((random) => this.#vaultOutage(vault, random));
    void this.#repeat((random) => this.#entraOutage(random));
  }

  async #repeat(choose: (random: SeededRandom) => Outage): Promise<void> {
    const { clock, mayBegin } = this.#options;
    const random = this.#options.random.fork();
    for (;;) {
      await clock.sleep(random.exponential(rates.meanSecondsBetweenOutages) * 1000);
      if (random.chance(0.5)) await this.#untilMidSweep(random);
      if (!mayBegin()) return;
      await this.#happen(choose(random), random);
    }
  }

  async #untilMidSweep(random: SeededRandom): Promise<void> {
    const { clock, schedule } = this.#options;
    const tick = schedule.nextTickAfter(nowSeconds(clock)) * 1000;
    await clock.sleep(tick + random.between(0, busySeconds) * 1000 - clock.nowMilliseconds());
  }

  async #happen(outage: Outage, random: SeededRandom): Promise<void> {
    const { clock, periods, log } = this.#options;
    log.count(outage.word, 'app');
    outage.begin();
    periods.begin(clock.nowMilliseconds());
    await clock.sleep(random.between(...outage.seconds) * 1000);
    outage.end();
    periods.end(clock.nowMilliseconds());
  }

  #vaultOutage(vault: VaultFaultInjector, random: SeededRandom): Outage {
    const kind = random.pick(['failover', 'forbidden', 'throttled', 'down'] as const);
    const outage = vaultOutageOf(kind, random);
    return {
      word: `outage: ${vault.role} vault ${kind}`,
      seconds: rates[`${kind}Seconds`],
      begin: () => vault.begin(outage),
      end: () => vault.end(outage),
    };
  }

  #entraOutage(random: SeededRandom): Outage {
    const { entra, clientIds } = this.#options;
    const kind = random.pick(['down', 'throttled'] as const);
    const client = random.chance(0.5) ? { clientId: random.pick(clientIds) } : {};
    const outage: EntraOutage = kind === 'down' ? { kind } : { kind, ...client, ...retryAfter(random) };
    return {
      word: `outage: entra ${kind}`,
      seconds: rates[`${kind}Seconds`],
      begin: () => entra.begin(outage),
      end: () => entra.end(outage),
    };
  }
}

function retryAfter(random: SeededRandom): { retryAfterSeconds?: number } {
  return random.chance(0.5) ? { retryAfterSeconds: random.integer(1, 300) } : {};
}

function vaultOutageOf(kind: VaultOutage['kind'], random: SeededRandom): VaultOutage {
  switch (kind) {
    case 'forbidden':
      return { kind, operations: random.chance(0.4) ? deniable : [random.pick(deniable)] };
    case 'throttled':
      return { kind, ...retryAfter(random) };
    case 'failover':
    case 'down':
      return { kind };
  }
}
