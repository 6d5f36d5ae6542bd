import { grantIdOf, readRefreshTokenTags, refreshTokenTags } from '../accounts/refresh-token-secret.ts';
import type { StoredSecret } from '../accounts/secret.ts';
import { type SecretVault, VaultError } from '../vault/secret-vault.ts';
import { readIfEnabled } from '../vault/stored-value.ts';

// How versions of a refresh token follow one another. Backwards by `previous-version`; forwards, where somebody may
// have written over one, by `superseded-by`: listing versions would take minutes.

/** A line of versions is followed no further; overlapping sweeps and a consent make a handful. */
const mostSteps = 8;

const readVersion = (vault: SecretVault, name: string, version?: string): Promise<StoredSecret | undefined> =>
  ignoringVaultErrors(readIfEnabled(() => vault.get(name, version)));

/** For calls whose failure loses nothing: an old version stays enabled, a label is written next time. */
export async function ignoringVaultErrors<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    return undefined;
  }
}

interface Rotated {
  /** The version that was redeemed. */
  readonly redeemed: StoredSecret;
  /** The newest version when the redemption began. */
  readonly newest: StoredSecret;
  /** The attempts whose access tokens the account has published. */
  readonly published: ReadonlySet<string | undefined>;
}

/** The redeemed version stays enabled as a fallback; the one before it, or a newest one that failed, does not. */
export async function disableSuperseded(vault: SecretVault, rotated: Rotated): Promise<void> {
  const { name } = rotated.redeemed;
  for (const version of await supersededVersions(vault, rotated)) {
    await ignoringVaultErrors(vault.update(name, version, { enabled: false }));
  }
}

/** Oldest first. After a consent, or a rotation that broke off in the middle, all up to one that is disabled already. */
async function supersededVersions(
  vault: SecretVault,
  { redeemed, newest, published }: Rotated,
): Promise<readonly string[]> {
  if (redeemed.version !== newest.version) return [newest.version];
  const { attemptId, previousVersion, source } = readRefreshTokenTags(redeemed.tags);
  if (previousVersion === undefined) return [];
  const brokenOff = !published.has(attemptId);
  if (!brokenOff && source !== 'consent') return [previousVersion];
  // A consent took over from a chain that still had its fallback.
  const enabled = (await enabledUpTo(vault, redeemed)).slice(1);
  return enabled.map(({ version }) => version).reverse();
}

/** The version and those before it, back to one that is disabled already. */
async function enabledUpTo(vault: SecretVault, latest: StoredSecret): Promise<readonly StoredSecret[]> {
  const versions: StoredSecret[] = [];
  for (let found: StoredSecret | undefined = latest; found !== undefined; ) {
    versions.push(found);
    const { previousVersion } = readRefreshTokenTags(found.tags);
    found = previousVersion === undefined ? undefined : await readVersion(vault, found.name, previousVersion);
  }
  return versions;
}

/** Notes on a version which one came after it, for whoever redeemed the former and writes after the latter. */
export async function markSuperseded(
  vault: SecretVault,
  { name, version, tags }: StoredSecret,
  supersededBy: string,
): Promise<void> {
  const marked = refreshTokenTags(tags, { ...readRefreshTokenTags(tags), supersededBy });
  await ignoringVaultErrors(vault.update(name, version, { tags: marked }));
}

/** A consent was stored over a version: the ones before it, which slower sweeps may have redeemed, lead there, too. */
export async function markAllSuperseded(
  vault: SecretVault,
  replaced: StoredSecret,
  supersededBy: string,
): Promise<void> {
  for (const version of (await enabledUpTo(vault, replaced)).slice(0, mostSteps))
    await markSuperseded(vault, version, supersededBy);
}

/** The end of the line that leads on from a version; undefined without one. */
export async function versionOver(
  vault: SecretVault,
  name: string,
  version: string,
): Promise<StoredSecret | undefined> {
  const passed = new Set([version]);
  let last: StoredSecret | undefined;
  for (let at = await readVersion(vault, name, version); at !== undefined; ) {
    const { supersededBy } = readRefreshTokenTags(at.tags);
    if (supersededBy === undefined || passed.has(supersededBy)) break;
    passed.add(supersededBy);
    at = await readVersion(vault, name, supersededBy);
    last = at ?? last;
  }
  return last;
}

/**
 * Whether what was found in place of a version came after it: as a rotation of it, or as another grant that a human
 * gave since. Otherwise it is a rotation of an older grant whose write came late. In doubt it is
 * newer.
 */
export async function isNewer(vault: SecretVault, found: StoredSecret, than: StoredSecret): Promise<boolean> {
  const [theirs, ours] = [readRefreshTokenTags(found.tags), readRefreshTokenTags(than.tags)];
  if (ours.replacedGrantId !== undefined && ours.replacedGrantId === grantIdOf(theirs)) return false;
  let at = found;
  for (let steps = 0; steps < mostSteps; steps++) {
    const { previousVersion, source, grantId } = readRefreshTokenTags(at.tags);
    if (previousVersion === than.version) return true;
    if (at.createdAt < than.createdAt) return false;
    const beginsGrant = source !== 'sweep' && grantId === undefined;
    if (beginsGrant || previousVersion === undefined) return !sameGrant(at, than);
    const previous = await readVersion(vault, found.name, previousVersion);
    if (previous === undefined) return true;
    at = previous;
  }
  return true;
}

const sameGrant = (a: StoredSecret, b: StoredSecret): boolean =>
  grantIdOf(readRefreshTokenTags(a.tags)) === grantIdOf(readRefreshTokenTags(b.tags));
