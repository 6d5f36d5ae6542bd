import { LocalWorld } from '../../local/local-world.ts';
import {
  InMemoryIngestion,
  ingestionConnectionString,
  type TelemetryEnvelope,
} from '../../local/monitor/in-memory-ingestion.ts';
import { SeededRandom } from '../../local/seeded-random.ts';
import { VirtualClock } from '../../local/virtual-clock.ts';
import type { RefreshEnvironment } from '../../src/refresh/environment.ts';
import { runSweep } from '../../src/sweep/sweep.ts';
import { createTelemetry } from '../../src/telemetry/create-telemetry.ts';
import { nowSeconds, secondsPerDay } from '../../src/time.ts';
import type { SecretVault } from '../../src/vault/secret-vault.ts';
import type { PacedVault } from '../../src/vault/write-pacer.ts';
import { SimulatedApp } from '../simulation/simulated-app.ts';

export interface UsageOptions {
  readonly accounts: number;
}

/** What a day without faults uses of what Azure counts. */
export interface UsageFigures {
  readonly accounts: number;
  readonly refreshes: number;
  /** Requests to both vaults: pages of listings, reads, writes, changes of tags. */
  readonly vaultOperations: number;
  /** Records of custom events. */
  readonly events: number;
  /** Their names, properties and measurements, as JSON, in bytes. */
  readonly eventBytes: number;
}

/** Tokens and tags of the first sweeps are not a day like any other. */
const settlingSweeps = 4;
const start = Date.UTC(2026, 10, 22);
const client = { clientId: '6731de76-14a6-49ae-97bc-6eba6914391e', secretName: 'client-secret' };

type Counts = { vaultOperations: number; events: number; eventBytes: number };

/** Counts one request for each page of a listing and for each other call. */
function counting(vault: SecretVault, counts: Counts): SecretVault {
  const counted = <T>(call: Promise<T>): Promise<T> => {
    counts.vaultOperations += 1;
    return call;
  };
  return {
    url: vault.url,
    list: async () => {
      const listing = await vault.list();
      counts.vaultOperations += listing.pages;
      return listing;
    },
    get: (name, version) => counted(vault.get(name, version)),
    versions: (name) => counted(vault.versions(name)),
    set: (name, write) => counted(vault.set(name, write)),
    update: (name, version, patch) => counted(vault.update(name, version, patch)),
  };
}

const countingVault = (paced: PacedVault, counts: Counts): PacedVault => ({
  ...paced,
  vault: counting(paced.vault, counts),
});

function countEvents(envelopes: readonly TelemetryEnvelope[], counts: Counts): void {
  for (const { data } of envelopes) {
    const { name, properties, measurements } = data.baseData;
    counts.events += 1;
    counts.eventBytes += Buffer.byteLength(JSON.stringify([name, properties, measurements]));
  }
}

class Day {
  readonly #clock = new VirtualClock(start);
  readonly #counts: Counts = { vaultOperations: 0, events: 0, eventBytes: 0 };
  readonly #environment: RefreshEnvironment;
  refreshes = 0;

  constructor({ accounts }: UsageOptions) {
    const world = new LocalWorld({ clock: this.#clock });
    for (let index = 0; index < accounts; index++)
      world.addAccount({ id: `account-${index}`, client, owner: 'team-crm' });
    const { credentialsFaults: credentials, tokensFaults: tokens, entraFaults: entra } = world;
    const app = new SimulatedApp(world, { credentials, tokens, entra }, new SeededRandom(1));
    const ingestion = new InMemoryIngestion((envelopes) => countEvents(envelopes, this.#counts));
    const telemetry = createTelemetry({
      connectionString: ingestionConnectionString,
      httpClient: ingestion.httpClient,
      clock: this.#clock,
    })(() => {});
    const environment = app.createEnvironment(telemetry);
    this.#environment = {
      ...environment,
      credentials: countingVault(environment.credentials, this.#counts),
      tokens: countingVault(environment.tokens, this.#counts),
    };
  }

  async sweepUntil(milliseconds: number): Promise<void> {
    const { schedule } = this.#environment.policy;
    for (;;) {
      const tick = schedule.nextTickAfter(nowSeconds(this.#clock)) * 1000;
      if (tick > milliseconds) return;
      this.#clock.advanceTo(tick);
      const request = { trigger: 'timer', invocationId: 'usage', pastDue: false } as const;
      const { accounts } = await this.#clock.run(runSweep(this.#environment, request));
      await this.#environment.telemetry.flush();
      this.refreshes += accounts.filter(({ outcome }) => outcome === 'refreshed').length;
    }
  }

  restart(): void {
    Object.assign(this.#counts, { vaultOperations: 0, events: 0, eventBytes: 0 });
    this.refreshes = 0;
  }

  get counts(): Counts {
    return this.#counts;
  }
}

/** Counts a simulated day of sweeps without faults, at the local vaults and with the real Application Insights SDK. */
export async function runUsageSection(options: UsageOptions): Promise<UsageFigures> {
  const day = new Day(options);
  const begin = start + settlingSweeps * 30 * 60_000;
  await day.sweepUntil(begin);
  day.restart();
  await day.sweepUntil(begin + secondsPerDay * 1000);
  return { accounts: options.accounts, refreshes: day.refreshes, ...day.counts };
}
