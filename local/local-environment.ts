import type { Clock } from '../src/time.ts';
import { startEntraEmulator } from './entra/entra-emulator.ts';
import {
  type KeyVaultEmulator,
  type KeyVaultEmulatorOptions,
  startKeyVaultEmulator,
} from './key-vault/key-vault-emulator.ts';
import { createLoopbackCertificate, trustInThisProcess } from './key-vault/loopback-certificate.ts';
import { type ManagedIdentity, startManagedIdentity } from './key-vault/managed-identity.ts';
import { serviceLimits } from './key-vault/sliding-window.ts';
import { LocalWorld } from './local-world.ts';

/** Key Vault, Entra and the managed identity's endpoint, listening on loopback. */
export interface LocalEnvironment {
  readonly world: LocalWorld;
  readonly urls: { readonly credentialsVault: string; readonly tokensVault: string; readonly entra: string };
  readonly identity: ManagedIdentity;
  /** What the platform would give the app: vault URLs, managed identity, authentication; and consent to loopback. */
  readonly appSettings: Readonly<Record<string, string>>;
  /** The vaults' certificate in PEM, for another process to trust. */
  readonly certificate: string;
  close(): Promise<void>;
}

interface LocalEnvironmentOptions {
  readonly clock: Clock;
  /** Real time of one token request; default none. */
  readonly entraLatencyMilliseconds?: () => number;
  /** Real time of one vault request; default none. */
  readonly vaultLatencyMilliseconds?: () => number;
  /** One vault for both roles; default false. */
  readonly oneVault?: boolean;
}

/**
 * Starts everything that the refresher talks to on free ports of 127.0.0.1. This process then trusts the vaults'
 * certificate, which is made for the occasion.
 */
export async function startLocalEnvironment(options: LocalEnvironmentOptions): Promise<LocalEnvironment> {
  const { clock, oneVault = false } = options;
  const world = new LocalWorld({ clock, oneVault, vaults: { writeLimit: serviceLimits.writes } });
  const certificate = createLoopbackCertificate();
  trustInThisProcess(certificate.certificate);
  const identity = await startManagedIdentity({
    tokenFor: (resource) =>
      resource.startsWith('api://') ? world.entra.identityToken(world.identity, resource) : undefined,
  });
  const { credentials, tokens } = await startVaults(world, options, {
    certificate,
    acceptsToken: identity.accepts,
    latencyMilliseconds: options.vaultLatencyMilliseconds ?? (() => 0),
  });
  const entra = await startEntraEmulator({
    state: world.entra,
    faults: world.entraFaults,
    latencyMilliseconds: options.entraLatencyMilliseconds ?? (() => 0),
  });
  world.authority = entra.url;
  return {
    world,
    identity,
    urls: { credentialsVault: credentials.url, tokensVault: tokens.url, entra: entra.url },
    appSettings: {
      ...identity.environment,
      CREDENTIALS_VAULT_URL: credentials.url,
      TOKENS_VAULT_URL: tokens.url,
      ALLOW_LOOPBACK: 'true',
      WEBSITE_AUTH_ENABLED: 'True',
      // As infra/modules/function-app.bicep sets it.
      FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '16384',
      NO_PROXY: '127.0.0.1,localhost',
    },
    certificate: certificate.certificate,
    close: async () => {
      await Promise.all([...new Set([identity, credentials, tokens, entra])].map((server) => server.close()));
    },
  };
}

async function startVaults(
  world: LocalWorld,
  { oneVault = false }: LocalEnvironmentOptions,
  shared: Omit<KeyVaultEmulatorOptions, 'state' | 'faults'>,
): Promise<{ readonly credentials: KeyVaultEmulator; readonly tokens: KeyVaultEmulator }> {
  const { credentialsFaults, tokensFaults } = world;
  const credentials = await startKeyVaultEmulator({
    ...shared,
    state: world.credentials,
    faults: credentialsFaults,
  });
  if (oneVault) return { credentials, tokens: credentials };
  const tokens = await startKeyVaultEmulator({ ...shared, state: world.tokens, faults: tokensFaults });
  return { credentials, tokens };
}
