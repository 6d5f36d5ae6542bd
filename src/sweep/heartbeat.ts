import {
  type Heartbeat,
  heartbeatContentType,
  heartbeatName,
  heartbeatTags,
  type RunningSweep,
  runningSweepTags,
} from '../accounts/heartbeat.ts';
import { cappedExpiry, type Tags } from '../accounts/secret.ts';
import type { RefreshEnvironment } from '../refresh/environment.ts';
import { Sensitive } from '../sensitive.ts';
import { type Clock, type EpochSeconds, nowSeconds } from '../time.ts';
import { persistently } from '../vault/durable-write.ts';
import type { SecretVault } from '../vault/secret-vault.ts';
import { type PacedVault, setWithPermit } from '../vault/write-pacer.ts';

/** Where in a vault to leave the sweep's end. */
export interface ProbedVault {
  readonly version: string;
  /** When it was written, by the vault's clock; undefined when somebody has removed it since. */
  readonly writtenAt: EpochSeconds | undefined;
  /** Found there. */
  readonly tags: Tags;
}

/** What is written to prove that a vault takes writes. */
export interface Probe {
  readonly sweepId: string;
  /** Of the secret that is written. */
  readonly name: string;
  /** That it keeps. */
  readonly tags: Tags;
  /** The mark of the whole sweep that begins. */
  readonly running?: RunningSweep;
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
  { sweepId, name, tags, running }: Probe,
): Promise<ProbedVault> {
  const { vault, pacer } = paced;
  const permit = await pacer.take();
  // The longest expiry that a later write will have: what a policy refuses, it refuses here.
  const expiresAt = cappedExpiry(nowSeconds(clock), policy.secretExpirySeconds);
  const write = {
    value: new Sensitive(sweepId),
    contentType: heartbeatContentType,
    tags: runningSweepTags(tags, running),
    expiresAt,
  };
  const version = await setWithPermit(paced, permit, name, write);
  // The right to read belongs to the proof: without it every account would fail one by one.
  const written = await vault.get(name);
  return { version, tags, writtenAt: written?.createdAt };
}

/**
 * Writes the sweep's end on the heartbeats it wrote at its beginning.
 *
 * @param heartbeat undefined for a sweep that was aborted: it only runs no longer
 * @throws VaultError of the vault that failed
 */
export async function endHeartbeats(
  clock: Clock,
  probed: ReadonlyMap<SecretVault, ProbedVault>,
  heartbeat: Heartbeat | undefined,
): Promise<void> {
  await Promise.all(
    [...probed].map(([vault, { version, tags: present }]) => {
      const tags =
        heartbeat === undefined ? runningSweepTags(present, undefined) : heartbeatTags(present, heartbeat);
      return persistently(clock, () => vault.update(heartbeatName, version, { tags }));
    }),
  );
}
