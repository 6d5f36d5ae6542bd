import type { TokenEndpoint } from '../../src/oauth/exchange.ts';
import type { RefreshEnvironment } from '../../src/refresh/environment.ts';
import type { SecretVault, VaultOperation } from '../../src/vault/secret-vault.ts';
import type { PacedVault } from '../../src/vault/write-pacer.ts';
import type { VaultRole } from './steps.ts';

/** What a process asks of the outside. */
export interface OutsideCall {
  readonly place: VaultRole | 'entra';
  readonly operation: VaultOperation | 'redeem';
  /** Of the secret; empty where none is named. */
  readonly name: string;
}

type Around = <T>(call: OutsideCall, effect: () => Promise<T>) => Promise<T>;

/** A process whose every call to the outside goes through the given function. */
export function intercept<E extends RefreshEnvironment>(environment: E, around: Around): E {
  const { credentials, tokens, endpoint } = environment;
  const ownCredentials = interceptPaced(credentials, 'credentials', around);
  return {
    ...environment,
    credentials: ownCredentials,
    tokens: tokens === credentials ? ownCredentials : interceptPaced(tokens, 'tokens', around),
    endpoint: interceptEndpoint(endpoint, around),
  };
}

function interceptPaced(paced: PacedVault, role: VaultRole, around: Around): PacedVault {
  return { ...paced, vault: interceptVault(paced.vault, role, around) };
}

function interceptVault(vault: SecretVault, place: VaultRole, around: Around): SecretVault {
  return {
    url: vault.url,
    list: (limit) => around({ place, operation: 'list', name: '' }, () => vault.list(limit)),
    get: (name, version) => around({ place, operation: 'get', name }, () => vault.get(name, version)),
    versions: (name) => around({ place, operation: 'list_versions', name }, () => vault.versions(name)),
    set: (name, write) => around({ place, operation: 'set', name }, () => vault.set(name, write)),
    update: (name, version, patch) =>
      around({ place, operation: 'update', name }, () => vault.update(name, version, patch)),
  };
}

function interceptEndpoint(endpoint: TokenEndpoint, around: Around): TokenEndpoint {
  const call = { place: 'entra', operation: 'redeem', name: '' } as const;
  return { send: (request) => around(call, () => endpoint.send(request)) };
}
