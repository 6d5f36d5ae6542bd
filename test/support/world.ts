import { InMemoryTokenEndpoint } from '../../local/entra/in-memory-token-endpoint.ts';
import { InMemoryVault } from '../../local/key-vault/in-memory-vault.ts';
import { LocalWorld, type LocalWorldOptions } from '../../local/local-world.ts';
import type { SampleClient } from '../../local/samples.ts';
import { SeededRandom } from '../../local/seeded-random.ts';
import { VirtualClock } from '../../local/virtual-clock.ts';
import { defaultSchedule } from '../../src/config.ts';
import { type LinkEnvironment, SigningKeys } from '../../src/consent/signing-key.ts';
import { signClientAssertion } from '../../src/oauth/client-certificate.ts';
import { parseSchedule } from '../../src/planning/schedule.ts';
import type { RefreshEnvironment, RefreshPolicy } from '../../src/refresh/environment.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { runSweep } from '../../src/sweep/sweep.ts';
import type { AccountReport, SweepReport, SweepRequest } from '../../src/sweep/sweep-report.ts';
import { secondsPerDay } from '../../src/time.ts';
import { WritePacer } from '../../src/vault/write-pacer.ts';
import { RecordingTelemetry } from '../telemetry/recording-telemetry.ts';

export const crm: SampleClient = {
  clientId: '11111111-1111-4111-8111-111111111111',
  secretName: 'client-secret-crm',
};
export const ads: SampleClient = {
  clientId: '22222222-2222-4222-8222-222222222222',
  secretName: 'client-secret-ads',
};

/** 2026-11-22T10:00:00Z, a tick of the default schedule. */
export const startMilliseconds = Date.UTC(2026, 10, 22, 10);

export interface TestWorldOptions extends Omit<LocalWorldOptions, 'clock'> {
  readonly schedule?: string;
  readonly policy?: Partial<RefreshPolicy>;
}

/** The refresher against the models of its surroundings, in this process and on a virtual clock. */
export class TestWorld extends LocalWorld {
  override readonly clock: VirtualClock;
  readonly telemetry = new RecordingTelemetry();
  readonly environment: LinkEnvironment;

  constructor(options: TestWorldOptions = {}) {
    const clock = new VirtualClock(startMilliseconds);
    super({
      entra: { random: new SeededRandom(1).next, accessTokenLength: 0, refreshTokenLength: 0 },
      ...options,
      clock,
    });
    this.clock = clock;
    this.environment = this.createEnvironment(options);
  }

  /** A further process of the same app: own clients and pacers, same vaults and Entra. */
  createEnvironment(options: TestWorldOptions = {}): LinkEnvironment {
    const { clock, telemetry } = this;
    const parsed = parseSchedule(options.schedule ?? defaultSchedule);
    if (!parsed.ok) throw new Error(parsed.fault);
    const credentials = {
      vault: new InMemoryVault({
        state: this.credentials,
        faults: this.credentialsFaults,
        url: 'https://credentials.vault.azure.net',
      }),
      pacer: new WritePacer(clock),
      setting: 'CREDENTIALS_VAULT_URL' as const,
    };
    const tokens = {
      vault: new InMemoryVault({
        state: this.tokens,
        faults: this.tokensFaults,
        url: 'https://tokens.vault.azure.net',
      }),
      pacer: new WritePacer(clock),
      setting: 'TOKENS_VAULT_URL' as const,
    };
    let ids = 0;
    const policy: RefreshPolicy = {
      schedule: parsed.schedule,
      minimumValiditySeconds: 600,
      concurrency: 8,
      writesPerSecond: 29,
      secretExpirySeconds: 90 * secondsPerDay,
      functionTimeoutSeconds: 1800,
      additionalAuthorityHosts: [],
      allowLoopback: false,
      ...options.policy,
    };
    return {
      policy,
      credentials,
      tokens: this.tokens === this.credentials ? credentials : tokens,
      endpoint: new InMemoryTokenEndpoint({ state: this.entra, faults: this.entraFaults }),
      identityToken: async (audience) => new Sensitive(this.entra.identityToken(this.identity, audience)),
      signAssertion: (input) => clock.during(signClientAssertion(input)),
      clock,
      random: () => 0.5,
      createId: () => {
        ids += 1;
        return `${crypto.randomUUID().slice(0, 24)}${String(ids).padStart(12, '0')}`;
      },
      telemetry,
      signingKeys: new SigningKeys(credentials, clock, policy),
    };
  }

  /** One sweep, now. */
  sweep(
    request: Partial<SweepRequest> = {},
    environment: RefreshEnvironment = this.environment,
  ): Promise<SweepReport> {
    return this.clock.run(
      runSweep(environment, { trigger: 'timer', invocationId: 'invocation', pastDue: false, ...request }),
    );
  }

  /** Moves to the next tick and sweeps. */
  nextSweep(): Promise<SweepReport> {
    const now = Math.floor(this.clock.nowMilliseconds() / 1000);
    this.clock.advanceTo(this.environment.policy.schedule.nextTickAfter(now) * 1000);
    return this.sweep();
  }

  minutes(count: number): void {
    this.clock.advanceTo(this.clock.nowMilliseconds() + count * 60_000);
  }
}

/** The report of one account. */
export function accountOf(report: SweepReport, id: string): AccountReport {
  const account = report.accounts.find((candidate) => candidate.account === id);
  if (account === undefined) throw new Error(`no account ${id} in the report`);
  return account;
}
