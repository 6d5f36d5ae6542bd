import { secretName } from '../accounts/account-id.ts';
import { readRefreshTokenTags, refreshTokenTags } from '../accounts/refresh-token-secret.ts';
import type { StoredSecret } from '../accounts/secret.ts';
import { type SecretVault, VaultError } from '../vault/secret-vault.ts';
import { readIfEnabled } from '../vault/stored-value.ts';
import type { SweepState } from './sweep-state.ts';

interface Rotation {
  /** The version that was redeemed. */
  readonly redeemed: StoredSecret;
  /** The newest version when the redemption began. */
  readonly newest: StoredSecret;
  /** The attempts whose access tokens the account has published. */
  readonly published: ReadonlySet<string | undefined>;
}

/** The redeemed version stays enabled as a fallback; the one before it, or a newest one that failed, does not. */
export async function disableSuperseded(sweep: SweepState, id: string, rotation: Rotation): Promise<void> {
  const { vault } = sweep.environment.credentials;
  const name = secretName('refreshToken', id);
  for (const version of await supersededVersions(vault, name, rotation)) {
    await ignoringVaultErrors(vault.update(name, version, { enabled: false }));
  }
}

/** Oldest first. After a consent, or a rotation that broke off in the middle, all up to one that is disabled already. */
async function supersededVersions(
  vault: SecretVault,
  name: string,
  { redeemed, newest, published }: Rotation,
): Promise<readonly string[]> {
  if (redeemed.version !== newest.version) return [newest.version];
  const { attemptId, previousVersion, source } = readRefreshTokenTags(redeemed.tags);
  if (previousVersion === undefined) return [];
  const brokenOff = !published.has(attemptId);
  // A consent took over from a chain that still had its fallback.
  return brokenOff || source === 'consent'
    ? enabledVersionsUpTo(vault, name, previousVersion)
    : [previousVersion];
}

async function enabledVersionsUpTo(
  vault: SecretVault,
  name: string,
  latest: string,
): Promise<readonly string[]> {
  const versions: string[] = [];
  for (let version: string | undefined = latest; version !== undefined; ) {
    const found = await ignoringVaultErrors(readIfEnabled(() => vault.get(name, version)));
    if (found === undefined) break;
    versions.unshift(found.version);
    version = readRefreshTokenTags(found.tags).previousVersion;
  }
  return versions;
}

/** Notes on a version that a consent was stored over it, for a sweep whose write of its rotation comes after all. */
export async function markSuperseded(
  vault: SecretVault,
  { name, version, tags }: StoredSecret,
  supersededBy: string,
): Promise<void> {
  const marked = refreshTokenTags(tags, { ...readRefreshTokenTags(tags), supersededBy });
  await ignoringVaultErrors(vault.update(name, version, { tags: marked }));
}

/**
 * The last version that a consent has stored over the given one, be it by a further redemption of its own or by a
 * further consent; undefined without one.
 */
export async function consentOver(
  vault: SecretVault,
  name: string,
  version: string,
): Promise<string | undefined> {
  const passed = new Set<string>();
  for (let last: string | undefined; ; ) {
    const at: string = last ?? version;
    const found = await ignoringVaultErrors(readIfEnabled(() => vault.get(name, at)));
    const next = found && readRefreshTokenTags(found.tags).supersededBy;
    if (next === undefined || passed.has(next)) return last;
    passed.add(next);
    last = next;
  }
}

/** For calls whose failure loses nothing: an old version stays enabled, a label is written next time. */
export async function ignoringVaultErrors<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    return undefined;
  }
}
