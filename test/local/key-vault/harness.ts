import type { TestContext } from 'node:test';
import { SecretClient, type SecretClientOptions } from '@azure/keyvault-secrets';
import {
  type KeyVaultEmulator,
  type KeyVaultEmulatorOptions,
  type ReceivedRequest,
  startKeyVaultEmulator,
} from '../../../local/key-vault/key-vault-emulator.ts';
import { createLoopbackCertificate } from '../../../local/key-vault/loopback-certificate.ts';
import type { VaultFaults } from '../../../local/key-vault/vault-faults.ts';
import { VaultState, type VaultStateOptions } from '../../../local/key-vault/vault-state.ts';
import { SkippingClock } from '../../../local/skipping-clock.ts';
import { Sensitive } from '../../../src/sensitive.ts';

/** Stands still until it is moved; a sleep moves it. */
export const stillClock = (milliseconds = Date.UTC(2026, 0, 1)): SkippingClock =>
  new SkippingClock(milliseconds);

export const secret = (value: string): { value: Sensitive } => ({ value: new Sensitive(value) });

export const acceptedToken = 'a-token-that-the-vault-accepts';
const certificate = createLoopbackCertificate();
const tlsOptions = { ca: certificate.certificate };

export interface Harness {
  readonly clock: SkippingClock;
  readonly state: VaultState;
  readonly faults: VaultFaults;
  readonly emulator: KeyVaultEmulator;
  /** Every request in order of arrival. */
  readonly received: readonly ReceivedRequest[];
  readonly client: SecretClient;
  /** Another client, cold. */
  createClient(options?: SecretClientOptions): SecretClient;
}

type HarnessOptions = Partial<Omit<VaultStateOptions, 'clock'>> &
  Pick<KeyVaultEmulatorOptions, 'latencyMilliseconds'>;

/** An emulator of its own for one test, and the real SDK's client on it; both end with the test. */
export async function startHarness(context: TestContext, options: HarnessOptions = {}): Promise<Harness> {
  const clock = stillClock();
  const state = new VaultState({ clock, ...options });
  const received: ReceivedRequest[] = [];
  const emulator = await startKeyVaultEmulator({
    state,
    certificate,
    acceptsToken: (token) => token === acceptedToken,
    onRequest: (request) => received.push(request),
    ...(options.latencyMilliseconds && { latencyMilliseconds: options.latencyMilliseconds }),
  });
  context.after(() => emulator.close());
  const createClient = (clientOptions: SecretClientOptions = {}) =>
    new SecretClient(emulator.url, credential, { ...loopbackClientOptions, ...clientOptions });
  const { faults } = emulator;
  return { clock, state, faults, emulator, received, client: createClient(), createClient };
}

const credential = {
  getToken: async () => ({ token: acceptedToken, expiresOnTimestamp: Date.now() + 3_600_000 }),
};

/** Retries without waiting, so that tests need no time. */
export const loopbackClientOptions = {
  disableChallengeResourceVerification: true,
  serviceVersion: '7.6',
  retryOptions: { maxRetries: 3, retryDelayInMs: 0, maxRetryDelayInMs: 0 },
  tlsOptions,
} as const;

/** The two ways in which the service hands out a listing: full pages, or short and empty ones in between. */
export const pagings: readonly { title: string; pageSizes: (pageIndex: number) => number }[] = [
  { title: 'with full pages', pageSizes: () => 25 },
  { title: 'with short and empty pages', pageSizes: (pageIndex) => [0, 2, 0, 0, 1][pageIndex % 5] ?? 0 },
];

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** Lets deletion and recovery end after some polls: each look at the secret takes a second of the vault's time. */
export function passTimeOnPolls(harness: Harness): void {
  const before = (): void => {
    harness.clock.advance(1000);
  };
  harness.faults.add({ operation: ['get', 'get_deleted'], before });
}

/** Something that one side of a test waits for and the other raises. */
export function signal(): { readonly raised: Promise<void>; readonly raise: () => void } {
  let raise = (): void => {};
  const raised = new Promise<void>((resolve) => {
    raise = resolve;
  });
  return { raised, raise };
}
