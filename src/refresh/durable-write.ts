import { readRefreshTokenTags } from '../accounts/refresh-token-secret.ts';
import type { Clock } from '../time.ts';
import { type SecretWrite, VaultError } from '../vault/secret-vault.ts';
import type { PacedVault } from './environment.ts';

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

/** Before each write: write it, or the write is settled already. */
type Look = () => Promise<'write' | { readonly version: string } | 'superseded'>;

/** Refusals that no waiting changes. */
const isFinal = (error: VaultError): boolean => ['rejected', 'deleted', 'disabled'].includes(error.code);

/**
 * Writes until it is stored, settled otherwise, refused for good, or the limit is over. Looks before every write,
 * so an ambiguous failure is read back rather than repeated blindly. The first write's permit was taken before.
 */
async function writeUntilSettled(
  { vault, pacer }: PacedVault,
  clock: Clock,
  name: string,
  write: SecretWrite,
  look: Look,
): Promise<DurableWrite> {
  const giveUpAt = clock.nowMilliseconds() + storeLimitSeconds * 1000;
  for (let attempts = 1; ; attempts++) {
    try {
      let found = await look();
      // The write leaves right after its turn; what was seen before a wait is seen again.
      if (found === 'write' && (await pacer.pass())) found = await look();
      if (found === 'superseded') return { kind: 'superseded', attempts };
      if (found !== 'write') return { kind: 'stored', version: found.version, attempts };
      return { kind: 'stored', version: await vault.set(name, write), attempts };
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      const pause = Math.max(pausesSeconds[attempts - 1] ?? 16, error.retryAfterSeconds ?? 0) * 1000;
      if (isFinal(error) || clock.nowMilliseconds() + pause > giveUpAt)
        return { kind: 'not_stored', error, attempts };
      await clock.sleep(pause);
      await pacer.take();
    }
  }
}

/**
 * Stores a rotated refresh token. Just before each write the newest version is read: our attempt id means that an
 * unconfirmed write had happened, the redeemed version means write, anything else means somebody newer won.
 *
 * @param expectedVersion the newest version when the redemption began
 */
export function storeRefreshToken(
  credentials: PacedVault,
  clock: Clock,
  name: string,
  write: SecretWrite,
  attemptId: string,
  expectedVersion: string,
): Promise<DurableWrite> {
  return writeUntilSettled(credentials, clock, name, write, async () => {
    const newest = await credentials.vault.get(name);
    if (newest === undefined) return 'superseded';
    if (readRefreshTokenTags(newest.tags).attemptId === attemptId && newest.version !== expectedVersion) {
      return { version: newest.version };
    }
    return newest.version === expectedVersion ? 'write' : 'superseded';
  });
}

/** Stores the refresh token of a consent: whatever a sweep stored meanwhile, the user's word is newer. */
export function storeConsentedToken(
  credentials: PacedVault,
  clock: Clock,
  name: string,
  write: SecretWrite,
  attemptId: string,
): Promise<DurableWrite> {
  return writeUntilSettled(credentials, clock, name, write, async () => {
    const newest = await credentials.vault.get(name);
    const stored = newest !== undefined && readRefreshTokenTags(newest.tags).attemptId === attemptId;
    return stored ? { version: newest.version } : 'write';
  });
}

/** Publishes an access token. A second version after an unconfirmed write is harmless, so nothing is read back. */
export function publishAccessToken(
  tokens: PacedVault,
  clock: Clock,
  name: string,
  write: SecretWrite,
): Promise<DurableWrite> {
  return writeUntilSettled(tokens, clock, name, write, () => Promise.resolve('write'));
}
