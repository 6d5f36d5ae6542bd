import type { ListedSecret } from '../accounts/secret.ts';
import { distinctVaults, type RefreshEnvironment } from '../refresh/environment.ts';
import { persistently } from '../vault/durable-write.ts';
import type { SecretVault, VaultListing } from '../vault/secret-vault.ts';

export type Listings = ReadonlyMap<SecretVault, VaultListing>;

/**
 * Lists both vaults completely, at the same time, for somebody who waits for it. No value is read.
 *
 * @param limitSeconds in which it must be over, repeats included; default none
 * @throws VaultError of the vault that failed
 */
export async function listVaults(
  environment: RefreshEnvironment,
  limitSeconds = Number.POSITIVE_INFINITY,
): Promise<Listings> {
  const { clock } = environment;
  const until = clock.nowMilliseconds() + limitSeconds * 1000;
  const list = (vault: SecretVault): Promise<VaultListing> =>
    persistently(clock, () => vault.list(until - clock.nowMilliseconds()));
  const vaults = distinctVaults(environment);
  return new Map(await Promise.all(vaults.map(async ({ vault }) => [vault, await list(vault)] as const)));
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
export async function listBoth(
  environment: RefreshEnvironment,
  limitSeconds?: number,
): Promise<ListedVaults> {
  const listings = await listVaults(environment, limitSeconds);
  return {
    credentials: secretsOf(listings, environment.credentials.vault),
    tokens: secretsOf(listings, environment.tokens.vault),
  };
}
