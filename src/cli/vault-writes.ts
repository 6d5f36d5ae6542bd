import type { SecretWrite } from '../accounts/secret.ts';
import type { Clock } from '../time.ts';
import { persistently } from '../vault/durable-write.ts';
import type { SecretPatch } from '../vault/secret-vault.ts';
import { type PacedVault, setWithPermit } from '../vault/write-pacer.ts';

/** Writes a new version at the pace of the environment; a moment of throttling or silence is waited for. */
export function writeSecret(
  paced: PacedVault,
  clock: Clock,
  name: string,
  write: SecretWrite,
): Promise<string> {
  return persistently(clock, async () => setWithPermit(paced, await paced.pacer.take(), name, write));
}

/** Changes attributes of the newest version, also of a disabled one, whose id nobody can read. */
export function patchNewest(
  { vault }: PacedVault,
  clock: Clock,
  name: string,
  patch: SecretPatch,
): Promise<void> {
  return persistently(clock, () => vault.update(name, '', patch));
}
