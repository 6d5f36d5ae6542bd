import type { Clock } from '../time.ts';
import { NoTokenError } from './call-failures.ts';
import { type SecretVault, VaultError } from './secret-vault.ts';

/**
 * How long a request waits for the app's identity in all, in seconds, but for its last try. The endpoint of a process
 * that has just started was seen to refuse, hang or fail for up to 20 s (azure-functions-host #10189).
 */
const patienceSeconds = 40;
const longestPauseSeconds = 8;

/** Without a token nothing was asked of anybody, so asking again repeats nothing. */
const isTokenMissing = (error: unknown): boolean =>
  error instanceof NoTokenError || (error instanceof VaultError && error.code === 'unauthenticated');

/** The patience of one request with the app's identity: what it does not get a token for is done again, 1, 2, 4, 8 s apart. */
export class IdentityPatience {
  readonly #clock: Clock;
  readonly #untilMilliseconds: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#untilMilliseconds = clock.nowMilliseconds() + patienceSeconds * 1000;
  }

  /** @throws whatever the last try threw */
  async wait<T>(action: () => Promise<T>): Promise<T> {
    for (let pauseSeconds = 1; ; pauseSeconds = Math.min(pauseSeconds * 2, longestPauseSeconds)) {
      try {
        return await action();
      } catch (error) {
        const resumesAt = this.#clock.nowMilliseconds() + pauseSeconds * 1000;
        if (!isTokenMissing(error) || resumesAt > this.#untilMilliseconds) throw error;
        await this.#clock.sleep(pauseSeconds * 1000);
      }
    }
  }
}

/** The same vault, asked with patience. @param patience of one call; give the same one for all calls of a request */
export function patientVault(vault: SecretVault, patience: () => IdentityPatience): SecretVault {
  return {
    url: vault.url,
    list: (limit) => patience().wait(() => vault.list(limit)),
    get: (name, version) => patience().wait(() => vault.get(name, version)),
    versions: (name) => patience().wait(() => vault.versions(name)),
    set: (name, write) => patience().wait(() => vault.set(name, write)),
    update: (name, version, patch) => patience().wait(() => vault.update(name, version, patch)),
  };
}
