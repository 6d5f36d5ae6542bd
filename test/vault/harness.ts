import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { TestContext } from 'node:test';
import { ManagedIdentityCredential, type TokenCredential } from '@azure/identity';
import {
  type KeyVaultEmulatorOptions,
  type ReceivedRequest,
  startKeyVaultEmulator,
} from '../../local/key-vault/key-vault-emulator.ts';
import { createLoopbackCertificate, trustInThisProcess } from '../../local/key-vault/loopback-certificate.ts';
import { listen } from '../../local/key-vault/loopback-server.ts';
import { startManagedIdentity } from '../../local/key-vault/managed-identity.ts';
import type { VaultFaults } from '../../local/key-vault/vault-faults.ts';
import { VaultState, type VaultStateOptions } from '../../local/key-vault/vault-state.ts';
import type { SkippingClock } from '../../local/skipping-clock.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { UndiciHttpClient } from '../../src/vault/http-client.ts';
import { KeyVault, type KeyVaultOptions } from '../../src/vault/key-vault.ts';
import { VaultError } from '../../src/vault/secret-vault.ts';
import { stillClock } from '../local/key-vault/harness.ts';

/** A host name in the domain that the vault's challenge names; resolved by its test. */
export const vaultHost = 'refresher-test.vault.azure.net';

/** Trusted in this process. */
export const certificate = createLoopbackCertificate(['localhost', vaultHost, 'vault.example']);
trustInThisProcess(certificate.certificate);

// One for the process, because @azure/identity keeps tokens for the process.
export const identity = await startManagedIdentity();
Object.assign(process.env, identity.environment);

/** A credential that needs no endpoint. */
export const staticCredential: TokenCredential = {
  getToken: async () => ({ token: 'static-token', expiresOnTimestamp: Date.now() + 3_600_000 }),
};

// The first call of a process takes hundreds of milliseconds, which tests with a short limit do not have.
await listOnce();

interface Harness {
  readonly clock: SkippingClock;
  readonly state: VaultState;
  readonly faults: VaultFaults;
  /** Every request in order of arrival. */
  readonly received: readonly ReceivedRequest[];
  readonly url: string;
  /** In PEM: what a client without {@link trustInThisProcess} has to trust. */
  readonly certificate: string;
  /** A cold adapter, signed in by the managed identity. */
  readonly vault: KeyVault;
  connect(options?: Partial<KeyVaultOptions>): KeyVault;
  closeEmulator(): Promise<void>;
}

type HarnessOptions = Partial<
  VaultStateOptions & Pick<KeyVaultEmulatorOptions, 'latencyMilliseconds' | 'acceptsToken'>
> &
  Partial<KeyVaultOptions> & { readonly clock?: SkippingClock };

/** An emulator of its own for one test, and the real adapter, SDK and credential on it. */
export async function startVault(t: TestContext, options: HarnessOptions = {}): Promise<Harness> {
  const { clock = stillClock() } = options;
  const state = new VaultState({ ...options, clock });
  const received: ReceivedRequest[] = [];
  const { url, faults, close } = await startKeyVaultEmulator({
    acceptsToken: identity.accepts,
    ...options,
    state,
    certificate,
    onRequest: (request) => received.push(request),
  });
  t.after(close);
  const connect = (other: Partial<KeyVaultOptions> = {}) => connectTo(url, { ...options, ...other });
  return {
    ...{ clock, state, faults, received, url, certificate: certificate.certificate },
    ...{ vault: connect(), connect, closeEmulator: close },
  };
}

export function connectTo(vaultUrl: string, options: Partial<KeyVaultOptions> = {}): KeyVault {
  return new KeyVault({
    vaultUrl,
    credential: new ManagedIdentityCredential({ httpClient: new UndiciHttpClient() }),
    allowLoopback: true,
    throttlePauseMilliseconds: 1,
    ...options,
  });
}

/** A vault that challenges, and then answers whatever the listener says, right or wrong. */
export async function startOddVault(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(
    { cert: certificate.certificate, key: certificate.privateKey },
    (request, response) => {
      if (request.headers.authorization !== undefined) return listener(request, response);
      const challenge =
        'Bearer authorization="https://login.windows.net/common", resource="https://vault.azure.net"';
      return response.writeHead(401, { 'WWW-Authenticate': challenge }).end();
    },
  );
  const { url, close } = await listen(server);
  t.after(close);
  return url;
}

async function listOnce(): Promise<void> {
  const state = new VaultState({ clock: stillClock() });
  const { url, close } = await startKeyVaultEmulator({ state, certificate, acceptsToken: () => true });
  await connectTo(url, { credential: staticCredential }).list();
  await close();
}

export const write = {
  value: new Sensitive('green'),
  contentType: 'text/plain',
  tags: { a: '1' },
  expiresAt: 2_000_000_000,
};

/** The VaultError that the call ends in; anything else fails the test. */
export async function errorOf(call: Promise<unknown>): Promise<VaultError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof VaultError) return error;
    throw error;
  }
  throw new Error('the call succeeded');
}
