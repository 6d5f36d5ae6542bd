import type { StoredSecret } from '../accounts/secret.ts';
import type { Clock } from '../time.ts';
import type { SecretVault } from './secret-vault.ts';

/** Shorter than any pause of a sweep: whoever has waited reads anew. */
const keptMilliseconds = 3000;

/**
 * The same vault for somebody who has just read some secrets: the next one to ask for their newest version gets what
 * was read, once each and within 3 s; everything else is asked of the vault.
 */
export function withReadAhead(vault: SecretVault, clock: Clock, read: readonly StoredSecret[]): SecretVault {
  const kept = new Map(read.map((secret) => [secret.name.toLowerCase(), secret]));
  const until = clock.nowMilliseconds() + keptMilliseconds;
  const take = (name: string): StoredSecret | undefined => {
    const secret = kept.get(name.toLowerCase());
    kept.delete(name.toLowerCase());
    return clock.nowMilliseconds() < until ? secret : undefined;
  };
  return {
    url: vault.url,
    list: (limit) => vault.list(limit),
    get: async (name, version) =>
      (version === undefined ? take(name) : undefined) ?? (await vault.get(name, version)),
    versions: (name) => vault.versions(name),
    set: (name, write) => {
      kept.delete(name.toLowerCase());
      return vault.set(name, write);
    },
    update: (name, version, patch) => {
      kept.delete(name.toLowerCase());
      return vault.update(name, version, patch);
    },
  };
}
