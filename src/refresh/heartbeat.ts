import { type Heartbeat, heartbeatContentType, heartbeatName, heartbeatTags } from '../accounts/heartbeat.ts';
import { cappedExpiry, type ListedSecret, type Tags } from '../accounts/secret.ts';
import { Sensitive } from '../sensitive.ts';
import { type Clock, nowSeconds } from '../time.ts';
import { setWithPermit } from '../vault/paced-vault.ts';
import type { SecretVault } from '../vault/secret-vault.ts';
import type { PacedVault, RefreshEnvironment } from './environment.ts';
import { persistently } from './persistently.ts';

/** A vault that took the probe, and where to leave the sweep's end. */
export interface ProbedVault {
  readonly vault: SecretVault;
  readonly version: string;
  readonly tags: Tags;
}

/** What is written to prove that a vault takes writes. */
export interface Probe {
  readonly sweepId: string;
  /** The secret that is written, and the tags that it keeps. */
  readonly secret: Pick<ListedSecret, 'name' | 'tags'>;
}

/**
 * Proves that a vault takes writes before anything is redeemed: a new version of the named secret. A vault that is
 * read-only after a failover, forbidden, or under a policy that later writes would meet, fails here with nothing lost.
 *
 * @throws VaultError
 */
export async function probeVault(
  { clock, policy }: RefreshEnvironment,
  paced: PacedVault,
  { sweepId, secret: { name, tags } }: Probe,
): Promise<ProbedVault> {
  const { vault, pacer } = paced;
  const permit = await pacer.take();
  // The longest expiry that a later write will have: what a policy refuses, it refuses here.
  const expiresAt = cappedExpiry(nowSeconds(clock), policy.secretExpirySeconds);
  const write = { value: new Sensitive(sweepId), contentType: heartbeatContentType, tags, expiresAt };
  const version = await setWithPermit(paced, permit, name, write);
  // The right to read belongs to the proof: without it every account would fail one by one.
  await vault.get(name);
  return { vault, version, tags };
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
