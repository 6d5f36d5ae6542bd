import type { Clock } from '../time.ts';
import { isPassing, VaultError } from './secret-vault.ts';

const maximumTries = 3;
/** A vault that asks for a longer pause has failed this sweep. */
const longestPauseSeconds = 30;

/**
 * Tries again after what passes, three times in all, 2 and 4 s apart or after a Retry-After of up to 30 s: a moment
 * of throttling or silence must not end a sweep.
 *
 * @throws whatever the last try threw
 */
export async function persistently<T>(clock: Clock, action: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof VaultError) || !isPassing(error) || tries === maximumTries) throw error;
      const pauseSeconds = error.retryAfterSeconds ?? tries * 2;
      if (pauseSeconds > longestPauseSeconds) throw error;
      await clock.sleep(pauseSeconds * 1000);
    }
  }
}
