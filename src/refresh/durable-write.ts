import { readRefreshTokenTags } from '../accounts/refresh-token-secret.ts';
import type { StoredSecret } from '../accounts/secret.ts';
import type { Clock } from '../time.ts';
import { isFinal, type SecretWrite, VaultError } from '../vault/secret-vault.ts';
import { readIfEnabled } from '../vault/stored-value.ts';
import type { PacedVault } from './environment.ts';
import { consentOver, markSuperseded } from './superseded-versions.ts';

/**
 * How long a token that exists only in memory is tried to be stored. A redemption that began at the deadline (30 s),
 * this limit, a last look and write (10 s each) and the loud event (5 s) fit the 3 minutes behind the deadline.
 */
export const storeLimitSeconds = 110;
const pausesSeconds: readonly number[] = [1, 2, 4, 8, 16];

/**
 * After how many seconds a consent looks whether a sweep has written over it. Key Vault knows no conditional write,
 * so a sweep whose own look and write lay farther apart than half of this looks for a consent itself.
 */
export const overlapSeconds = 2;

export type DurableWrite =
  | { readonly kind: 'stored'; readonly version: string; readonly attempts: number }
  /** Somebody newer wrote in between; ours is dropped. */
  | { readonly kind: 'superseded'; readonly attempts: number }
  | { readonly kind: 'not_stored'; readonly error: VaultError; readonly attempts: number };

/** Before each write: write it, or the write is settled already. */
type Look = () => Promise<'write' | { readonly version: string } | 'superseded'>;

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
 * unconfirmed write had happened, the redeemed version means write, anything else means somebody newer won. A write
 * that was slow or unconfirmed may have come after a consent that looked already; then, too, ours does not count, and
 * the next sweep returns to the consent's version.
 *
 * @param expectedVersion the newest version when the redemption began
 */
export async function storeRefreshToken(
  credentials: PacedVault,
  clock: Clock,
  name: string,
  write: SecretWrite,
  attemptId: string,
  expectedVersion: string,
): Promise<DurableWrite> {
  let lookedAt = 0;
  const settled = await writeUntilSettled(credentials, clock, name, write, async () => {
    lookedAt = clock.nowMilliseconds();
    const newest = await credentials.vault.get(name);
    if (newest === undefined) return 'superseded';
    if (readRefreshTokenTags(newest.tags).attemptId === attemptId && newest.version !== expectedVersion) {
      return { version: newest.version };
    }
    return newest.version === expectedVersion ? 'write' : 'superseded';
  });
  const isSlow = clock.nowMilliseconds() - lookedAt >= (overlapSeconds * 1000) / 2;
  if (settled.kind !== 'stored' || (settled.attempts === 1 && !isSlow)) return settled;
  const consent = await consentOver(credentials.vault, name, expectedVersion);
  return consent === undefined ? settled : { kind: 'superseded', attempts: settled.attempts };
}

/** Stores the refresh token of a consent: whatever a sweep stored meanwhile, the user's word is newer. */
export async function storeConsentedToken(
  credentials: PacedVault,
  clock: Clock,
  name: string,
  write: SecretWrite,
  attemptId: string,
): Promise<DurableWrite> {
  const { vault } = credentials;
  let replaced: StoredSecret | undefined;
  const settled = await writeUntilSettled(credentials, clock, name, write, async () => {
    // One that somebody disabled is mended by a consent, too.
    const newest = await readIfEnabled(() => vault.get(name));
    if (newest !== undefined && readRefreshTokenTags(newest.tags).attemptId === attemptId) {
      return { version: newest.version };
    }
    replaced = newest;
    return 'write';
  });
  if (settled.kind === 'stored' && replaced !== undefined) {
    await markSuperseded(vault, replaced, settled.version);
  }
  return settled;
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
