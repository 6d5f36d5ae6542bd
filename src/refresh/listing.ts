import type { ListedSecret, SecretVault, VaultListing } from '../vault/secret-vault.ts';
import { distinctVaults, type RefreshEnvironment } from './environment.ts';
import { persistently } from './persistently.ts';

export type Listings = ReadonlyMap<SecretVault, VaultListing>;

/**
 * Lists both vaults completely, at the same time. No value is read.
 *
 * @throws VaultError of the vault that failed
 */
export async function listVaults(environment: RefreshEnvironment): Promise<Listings> {
  const listed = await Promise.all(
    distinctVaults(environment).map(
      async ({ vault }) => [vault, await persistently(environment.clock, () => vault.list())] as const,
    ),
  );
  return new Map(listed);
}

export function secretsOf(listings: Listings, vault: SecretVault): readonly ListedSecret[] {
  return listings.get(vault)?.secrets ?? [];
}

/** What the two listings show, by role. */
export interface ListedVaults {
  readonly credentials: readonly ListedSecret[];
  readonly tokens: readonly ListedSecret[];
}

/**
 * Lists both vaults as {@link listVaults} does, by role.
 *
 * @throws VaultError of the vault that failed
 */
export async function listBoth(environment: RefreshEnvironment): Promise<ListedVaults> {
  const listings = await listVaults(environment);
  return {
    credentials: secretsOf(listings, environment.credentials.vault),
    tokens: secretsOf(listings, environment.tokens.vault),
  };
}
