import type { SecretWrite } from '../accounts/secret.ts';
import type { Clock } from '../time.ts';
import { isFinal, isPassing, VaultError } from './secret-vault.ts';
import { type PacedVault, setWithPermit, type WritePermit } from './write-pacer.ts';

/**
 * How long a token that exists only in memory is tried to be stored. A redemption that began at the deadline (30 s),
 * this limit, a last look and write (10 s each) and the loud event (5 s) fit the 3 minutes behind the deadline.
 */
export const storeLimitSeconds = 110;
const pausesSeconds: readonly number[] = [1, 2, 4, 8, 16];

export type DurableWrite =
  | { readonly kind: 'stored'; readonly version: string; readonly attempts: number }
  /** Somebody newer wrote in between; ours is dropped. */
  | { readonly kind: 'superseded'; readonly attempts: number }
  | { readonly kind: 'not_stored'; readonly error: VaultError; readonly attempts: number };

/** Before each write: write it, or the write is settled already. @throws VaultError like the write itself */
type Look = () => Promise<'write' | { readonly version: string } | 'superseded'>;

interface PendingWrite {
  readonly name: string;
  readonly write: SecretWrite;
  readonly permit: WritePermit;
}

/**
 * Writes until it is stored, settled otherwise, refused for good, or the limit is over. Looks before every write,
 * so an ambiguous failure is read back rather than repeated blindly. A permit that was not needed is given back.
 */
export async function writeUntilSettled(
  paced: PacedVault,
  clock: Clock,
  { name, write, permit: first }: PendingWrite,
  look: Look,
): Promise<DurableWrite> {
  const giveUpAt = clock.nowMilliseconds() + storeLimitSeconds * 1000;
  let permit = first;
  try {
    for (let attempts = 1; ; attempts++) {
      try {
        const found = await look();
        if (found === 'superseded') return { kind: 'superseded', attempts };
        if (found !== 'write') return { kind: 'stored', version: found.version, attempts };
        return { kind: 'stored', version: await setWithPermit(paced, permit, name, write), attempts };
      } catch (error) {
        if (!(error instanceof VaultError)) throw error;
        const pause = Math.max(pausesSeconds[attempts - 1] ?? 16, error.retryAfterSeconds ?? 0) * 1000;
        if (isFinal(error) || clock.nowMilliseconds() + pause > giveUpAt)
          return { kind: 'not_stored', error, attempts };
        const again = paced.pacer.takeAgain(permit);
        await clock.sleep(pause);
        permit = await again;
      }
    }
  } finally {
    permit.giveBack();
  }
}

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
