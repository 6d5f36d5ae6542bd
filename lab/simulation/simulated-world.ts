import type { EntraStateOptions } from '../../local/entra/entra-state.ts';
import { LocalWorld } from '../../local/local-world.ts';
import type { SeededRandom } from '../../local/seeded-random.ts';
import type { VirtualClock } from '../../local/virtual-clock.ts';

/** Key Vault's 300 writes in 10 seconds, but in a window that two sweeps of a hundred accounts can fill. */
const writeLimit = { count: 100, windowMilliseconds: 3333 };
const keptVersions = 8;

/** Surroundings for weeks of moved time: short tokens, few old versions, and the same ids for the same random. */
export function createSimulatedWorld(
  clock: VirtualClock,
  random: SeededRandom,
  entra: Pick<EntraStateOptions, 'rotation' | 'refreshTokenLifetimeSeconds'> = {},
): LocalWorld {
  let versions = 0;
  const createVersionId = (): string => {
    versions += 1;
    return versions.toString(16).padStart(32, '0');
  };
  const lengths = { accessTokenLength: 0, refreshTokenLength: 0 };
  return new LocalWorld({
    clock,
    entra: { random: random.fork().next, ...entra, ...lengths },
    vaults: { createVersionId, keptVersions, writeLimit },
  });
}
