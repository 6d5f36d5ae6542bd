/**
 * The room of the simulation: weeks of the app on a virtual clock against models that fail.
 *
 * In: a seed, days, accounts and rates of faults (`rates`). Out: a report of what was promised and what happened.
 * `simulation` runs it, `population` and `people` are who uses it, the fault injectors and `outage-schedule` what
 * goes wrong; `oracle`, `token-ledger` and `validity-meter` judge. This file is the app as deployed;
 * `simulated-process` can die at every step.
 */

import type { EntraFaults } from '../../local/entra/entra-faults.ts';
import { guid } from '../../local/entra/guid.ts';
import { InMemoryTokenEndpoint } from '../../local/entra/in-memory-token-endpoint.ts';
import { InMemoryVault } from '../../local/key-vault/in-memory-vault.ts';
import type { VaultFaults } from '../../local/key-vault/vault-faults.ts';
import type { LocalWorld } from '../../local/local-world.ts';
import type { SeededRandom } from '../../local/seeded-random.ts';
import { VirtualClock } from '../../local/virtual-clock.ts';
import { defaultSchedule, defaultSweepConcurrency } from '../../src/config.ts';
import { signClientAssertion } from '../../src/oauth/client-certificate.ts';
import type { TokenEndpoint } from '../../src/oauth/exchange.ts';
import { parseSchedule, type Schedule } from '../../src/planning/schedule.ts';
import type { RefreshEnvironment, RefreshPolicy } from '../../src/refresh/environment.ts';
import { Sensitive } from '../../src/sensitive.ts';
import type { Telemetry } from '../../src/telemetry/events.ts';
import { type Clock, secondsPerDay, secondsPerMinute } from '../../src/time.ts';
import {
  maximumWritesPerSecond,
  type PacedVault,
  sweepBudget,
  WritePacer,
} from '../../src/vault/write-pacer.ts';
import type { IdentityFaultInjector } from './identity-fault-injector.ts';
import type { VaultRole } from './steps.ts';

/** The simulated app's minimum validity: the default setting. */
export const minimumValiditySeconds = 10 * secondsPerMinute;

interface TokenRequestCounts {
  sent: number;
  /** Answered with tokens. */
  granted: number;
}

/** What can go wrong around the app. */
interface SimulatedFaults extends Readonly<Record<VaultRole, VaultFaults>> {
  readonly entra: EntraFaults;
  /** Default: every process gets a token at once. */
  readonly identity?: IdentityFaultInjector;
}

function defaultPolicy(schedule: Schedule): RefreshPolicy {
  return {
    schedule,
    minimumValiditySeconds,
    concurrency: defaultSweepConcurrency,
    writesPerSecond: maximumWritesPerSecond,
    secretExpirySeconds: 90 * secondsPerDay,
    functionTimeoutSeconds: 30 * secondsPerMinute,
    additionalAuthorityHosts: [],
    allowLoopback: false,
  };
}

function parseDefaultSchedule(): Schedule {
  const parsed = parseSchedule(defaultSchedule);
  if (!parsed.ok) throw new Error(parsed.fault);
  return parsed.schedule;
}

/** The app as deployed, with the default settings, against the models of its surroundings. */
export class SimulatedApp {
  readonly policy: RefreshPolicy = defaultPolicy(parseDefaultSchedule());
  readonly counts: TokenRequestCounts = { sent: 0, granted: 0 };
  readonly #world: LocalWorld;
  readonly #faults: SimulatedFaults;
  readonly #random: SeededRandom;
  readonly #endpoint: TokenEndpoint;

  constructor(world: LocalWorld, faults: SimulatedFaults, random: SeededRandom) {
    this.#world = world;
    this.#faults = faults;
    this.#random = random;
    const endpoint = new InMemoryTokenEndpoint({
      state: world.entra,
      faults: faults.entra,
      latencyMilliseconds: () => random.integer(150, 400),
    });
    this.#endpoint = counting(endpoint, this.counts);
  }

  /** What a new process of the app has: its own pacers and clients; and what somebody has set otherwise. */
  createEnvironment(telemetry: Telemetry, settings: Partial<RefreshPolicy> = {}): RefreshEnvironment {
    const policy = { ...this.policy, ...settings };
    // A token for each audience: cold for the one, the endpoint may give the other.
    const signIn = this.#faults.identity?.startProcess();
    const signInAsClient = this.#faults.identity?.startProcess();
    return {
      policy,
      credentials: this.#paced('credentials', policy, signIn),
      tokens: this.#paced('tokens', policy, signIn),
      endpoint: this.#endpoint,
      identityToken: async (audience) => {
        await signInAsClient?.();
        return new Sensitive(this.#world.entra.identityToken(this.#world.identity, audience));
      },
      signAssertion: (input) => standingStill(this.#world.clock, signClientAssertion(input)),
      clock: this.#world.clock,
      random: this.#random.next,
      createId: () => guid(this.#random.next),
      telemetry,
    };
  }

  #paced(role: VaultRole, policy: RefreshPolicy, signIn: (() => Promise<void>) | undefined): PacedVault {
    const setting = role === 'credentials' ? 'CREDENTIALS_VAULT_URL' : 'TOKENS_VAULT_URL';
    const vault = new InMemoryVault({
      state: this.#world[role],
      faults: this.#faults[role],
      url: `https://${role}.vault.azure.net`,
      ...(signIn === undefined ? {} : { signIn }),
      latencyMilliseconds: () => this.#random.integer(20, 60),
    });
    return { vault, pacer: new WritePacer(this.#world.clock, sweepBudget(policy.writesPerSecond)), setting };
  }
}

/** A signature takes real time, in which a virtual clock must not run on. */
function standingStill<T>(clock: Clock, work: Promise<T>): Promise<T> {
  return clock instanceof VirtualClock ? clock.during(work) : work;
}

function counting(endpoint: TokenEndpoint, counts: TokenRequestCounts): TokenEndpoint {
  return {
    send: async (request) => {
      counts.sent += 1;
      const exchange = await endpoint.send(request);
      if (exchange.kind === 'answered' && exchange.status === 200) counts.granted += 1;
      return exchange;
    },
  };
}
