import { type Heartbeat, heartbeatContentType, heartbeatName, heartbeatTags } from '../accounts/heartbeat.ts';
import { cappedExpiry, type ListedSecret, type Tags } from '../accounts/secret.ts';
import { Sensitive } from '../sensitive.ts';
import { type Clock, nowSeconds } from '../time.ts';
import type { SecretVault } from '../vault/secret-vault.ts';
import { distinctVaults, type PacedVault, type RefreshEnvironment } from './environment.ts';
import { type Listings, secretsOf } from './listing.ts';
import { persistently } from './persistently.ts';

/** A vault that took the probe, and where to leave the sweep's end. */
export interface ProbedVault {
  readonly vault: SecretVault;
  readonly version: string;
  readonly tags: Tags;
}

function probe(
  { clock, policy }: RefreshEnvironment,
  { vault, pacer }: PacedVault,
  { name, tags }: Pick<ListedSecret, 'name' | 'tags'>,
  sweepId: string,
): Promise<ProbedVault> {
  return persistently(clock, async () => {
    await pacer.take();
    await pacer.pass();
    // The longest expiry that a later write will have: what a policy refuses, it refuses here.
    const expiresAt = cappedExpiry(nowSeconds(clock), policy.secretExpirySeconds);
    const write = { value: new Sensitive(sweepId), contentType: heartbeatContentType, tags, expiresAt };
    const version = await vault.set(name, write);
    // The right to read belongs to the proof: without it every account would fail one by one.
    await vault.get(name);
    return { vault, version, tags };
  });
}

/**
 * Proves that both vaults take writes before anything is redeemed: a new version of the named secret in each. A
 * vault that is read-only after a failover, forbidden, or under a policy that later writes would meet, ends the sweep here with nothing lost.
 *
 * @throws VaultError of the vault that failed
 */
export function probeVaults(
  environment: RefreshEnvironment,
  listings: Listings,
  sweepId: string,
  name: string,
): Promise<ProbedVault[]> {
  return Promise.all(
    distinctVaults(environment).map((paced) => {
      const present = secretsOf(listings, paced.vault).find((secret) => secret.name.toLowerCase() === name);
      return probe(environment, paced, { name, tags: present?.tags ?? {} }, sweepId);
    }),
  );
}

/**
 * Writes the sweep's end on the heartbeats it wrote at its beginning.
 *
 * @throws VaultError of the vault that failed
 */
export async function completeHeartbeats(
  clock: Clock,
  probed: readonly ProbedVault[],
  heartbeat: Heartbeat,
): Promise<void> {
  await Promise.all(
    probed.map(({ vault, version, tags }) => {
      const patch = { tags: heartbeatTags(tags, heartbeat) };
      return persistently(clock, () => vault.update(heartbeatName, version, patch));
    }),
  );
}
