import { secretName } from '../accounts/account-id.ts';
import {
  grantIdOf,
  parseRefreshToken,
  refreshTokenTags,
  type StoredRefreshToken,
} from '../accounts/refresh-token-secret.ts';
import type { SecretWrite } from '../accounts/secret.ts';
import { nowSeconds, secondsPerMinute } from '../time.ts';
import { type DurableWrite, writeUntilSettled } from '../vault/durable-write.ts';
import { ignoringVaultErrors, VaultError } from '../vault/secret-vault.ts';
import type { WritePermit } from '../vault/write-pacer.ts';
import type { RefreshEnvironment } from './environment.ts';
import { readRefreshToken } from './read-refresh-token.ts';
import { isNewer, markAllSuperseded, markSuperseded, versionOver } from './superseded-versions.ts';

/**
 * After how many seconds a consent looks whether a sweep has written over it. Key Vault knows no conditional write,
 * so a sweep whose own look and write lay farther apart than half of this looks for a consent itself.
 */
const overlapSeconds = 2;
/** Who redeems a version that is no older than this leaves a mark on it: another process may not have seen it yet. */
const youngSeconds = 5 * secondsPerMinute;
const maximumStores = 3;

interface RotatedToken {
  readonly environment: Pick<RefreshEnvironment, 'credentials' | 'clock'>;
  readonly account: string;
  readonly write: SecretWrite;
  readonly permit: WritePermit;
}

/** What a rotated token that yields is rotated from. */
export interface Origin {
  readonly redeemed: StoredRefreshToken;
  /** The newest version when the redemption began. */
  readonly newest: StoredRefreshToken;
}

/**
 * Stores a rotated refresh token unless somebody newer came. Just before each write the newest version is read: our
 * attempt id means that an unconfirmed write had happened; the version, or the very token, that was redeemed means
 * write; so does a late rotation of an older grant. A write that was slow or unconfirmed may have come after a consent
 * that looked already: then ours does not count, and the next sweep returns to the consent's.
 */
export async function storeYielding(token: RotatedToken, origin: Origin): Promise<DurableWrite> {
  const { credentials, clock } = token.environment;
  const { vault } = credentials;
  const { redeemed, newest } = origin;
  const { name } = redeemed;
  const { attemptId } = parseRefreshToken(token.write);
  let lookedAt = 0;
  const settled = await writeUntilSettled(credentials, clock, { ...token, name }, async () => {
    lookedAt = clock.nowMilliseconds();
    const newer = await vault.get(name);
    // A deleted name is not made anew: whoever deleted it wants no token there.
    if (newer === undefined)
      throw new VaultError({ code: 'deleted', vaultUrl: vault.url, operation: 'set', secretName: name });
    const found = parseRefreshToken(newer);
    if (found.version === newest.version) return 'write';
    if (found.attemptId === attemptId) return { version: found.version };
    if (found.value.equals(redeemed.value)) return 'write';
    return (await isNewer(vault, found, redeemed)) ? 'superseded' : 'write';
  });
  if (settled.kind !== 'stored') return settled;
  const isSlow = clock.nowMilliseconds() - lookedAt >= (overlapSeconds * 1000) / 2;
  const over = isSlow || settled.attempts > 1 ? await versionOver(vault, name, newest.version) : undefined;
  const isYoung = redeemed.createdAt > nowSeconds(clock) - youngSeconds;
  // A copy of what was redeemed is spent; and what came over a late rotation did not see what lies under that.
  const leadsOn = redeemed.version !== newest.version || (over && grantIdOf(over)) === grantIdOf(redeemed);
  if (isYoung && (over === undefined || leadsOn)) await markSuperseded(vault, redeemed, settled.version);
  return over === undefined ? settled : { kind: 'superseded', attempts: settled.attempts };
}

/**
 * Stores a refresh token of a consent: its first one over whatever came meanwhile, because the user's word is newer, a
 * further one like a sweep. Looks again a moment later, and stores it again if a sweep that had begun before wrote its
 * rotation of an older grant over it.
 */
export async function storeInsisting(token: RotatedToken, origin: Origin | undefined): Promise<DurableWrite> {
  const { credentials, clock } = token.environment;
  let stored = await (origin === undefined ? storeOver(token) : storeYielding(token, origin));
  for (let stores = 1; stored.kind === 'stored' && stores < maximumStores; stores++) {
    await clock.sleep(overlapSeconds * 1000);
    const buried = await buriedVersion(token, stored.version);
    if (buried === undefined) break;
    const write = { ...token.write, value: buried.value, tags: copiedTags(buried) };
    const again = await storeOver({ ...token, write, permit: await credentials.pacer.take() }, buried);
    if (again.kind === 'superseded') break;
    stored = again;
  }
  return stored;
}

/** @param again what of it is stored once more; not over anything newer, which only an older grant's rotation is not */
async function storeOver(
  { environment, account, write, permit }: RotatedToken,
  again?: StoredRefreshToken,
): Promise<DurableWrite> {
  const { credentials, clock } = environment;
  const name = secretName('refreshToken', account);
  let replaced: StoredRefreshToken | undefined;
  const settled = await writeUntilSettled(credentials, clock, { name, write, permit }, async () => {
    // One that somebody disabled is mended by a consent, too.
    const newest = await readRefreshToken(credentials.vault, name);
    if (newest !== undefined && grantIdOf(newest) === grantIdOf(parseRefreshToken(write)))
      return { version: newest.version };
    if (newest && again && (await isNewer(credentials.vault, newest, again))) return 'superseded';
    replaced = newest;
    return 'write';
  });
  if (settled.kind === 'stored' && replaced !== undefined)
    await markAllSuperseded(credentials.vault, replaced, settled.version);
  return settled;
}

/** What of a consent's grant has to be stored again, because an older grant's rotation lies over it: its last token. */
async function buriedVersion(
  { environment, account }: RotatedToken,
  stored: string,
): Promise<StoredRefreshToken | undefined> {
  const { vault } = environment.credentials;
  const name = secretName('refreshToken', account);
  const newest = await ignoringVaultErrors(readRefreshToken(vault, name));
  if (newest === undefined || newest.version === stored || newest.source !== 'sweep') return undefined;
  const own = await ignoringVaultErrors(readRefreshToken(vault, name, stored));
  if (own === undefined || grantIdOf(newest) === grantIdOf(own)) return undefined;
  if (await isNewer(vault, newest, own)) return undefined;
  return (await versionOver(vault, name, stored)) ?? own;
}

/** It names what it is a copy of: there a sweep that has rotated that one meanwhile leaves its mark. */
function copiedTags({ supersededBy: _, ...kept }: StoredRefreshToken): SecretWrite['tags'] {
  return refreshTokenTags(kept.tags, { ...kept, previousVersion: kept.version });
}
