import { secretName } from '../accounts/account-id.ts';
import {
  grantIdOf,
  type RefreshTokenTags,
  refreshTokenTags,
  type StoredRefreshToken,
} from '../accounts/refresh-token-secret.ts';
import { ignoringVaultErrors, type SecretVault } from '../vault/secret-vault.ts';
import { readRefreshToken } from './read-refresh-token.ts';

// How versions of a refresh token follow one another. Backwards by `previous-version`; forwards, where somebody may
// have written over one, by `superseded-by`: listing versions would take minutes.

/** A line of versions is followed no further; overlapping sweeps and a consent make a handful. */
const mostSteps = 8;

const readVersion = (vault: SecretVault, name: string, version: string) =>
  ignoringVaultErrors(readRefreshToken(vault, name, version));

interface Rotated {
  /** The version that was redeemed. */
  readonly redeemed: StoredRefreshToken;
  /** The newest version when the redemption began. */
  readonly newest: StoredRefreshToken;
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
  const { attemptId, previousVersion, source } = redeemed;
  if (previousVersion === undefined) return [];
  const brokenOff = !published.has(attemptId);
  if (!brokenOff && source !== 'consent') return [previousVersion];
  // A consent took over from a chain that still had its fallback.
  const enabled = (await enabledUpTo(vault, redeemed)).slice(1);
  return enabled.map(({ version }) => version).reverse();
}

/** The version and those before it, back to one that is disabled already. */
async function enabledUpTo(
  vault: SecretVault,
  latest: StoredRefreshToken,
): Promise<readonly StoredRefreshToken[]> {
  const versions: StoredRefreshToken[] = [];
  for (let found: StoredRefreshToken | undefined = latest; found !== undefined; ) {
    versions.push(found);
    const { previousVersion }: RefreshTokenTags = found;
    found = previousVersion === undefined ? undefined : await readVersion(vault, found.name, previousVersion);
  }
  return versions;
}

/** Whether a human gave it, by a consent or by hand; it is no rotation. */
const beginsGrant = ({ source, grantId }: RefreshTokenTags): boolean =>
  source !== 'sweep' && grantId === undefined;

/** Notes on a version which one came after it, for whoever redeemed the former and writes after the latter. */
export async function markSuperseded(
  vault: SecretVault,
  token: StoredRefreshToken,
  supersededBy: string,
): Promise<void> {
  const tags = refreshTokenTags(token.tags, { ...token, supersededBy });
  await ignoringVaultErrors(vault.update(token.name, token.version, { tags }));
}

/** A consent was stored over a version: the ones before it, which slower sweeps may have redeemed, lead there, too. */
export async function markAllSuperseded(
  vault: SecretVault,
  replaced: StoredRefreshToken,
  supersededBy: string,
): Promise<void> {
  for (const version of (await enabledUpTo(vault, replaced)).slice(0, mostSteps))
    await markSuperseded(vault, version, supersededBy);
}

/** What a version is a copy of, when a consent's token had to be stored again. */
async function copiedFrom(
  vault: SecretVault,
  { name, attemptId, previousVersion }: StoredRefreshToken,
): Promise<StoredRefreshToken | undefined> {
  if (previousVersion === undefined) return undefined;
  const previous = await readVersion(vault, name, previousVersion);
  return previous?.attemptId === attemptId ? previous : undefined;
}

/** The end of the line that leads on from a version, or from what it is a copy of; undefined without one. */
export async function versionOver(
  vault: SecretVault,
  name: string,
  version: string,
): Promise<StoredRefreshToken | undefined> {
  const passed = new Set([version]);
  let last: StoredRefreshToken | undefined;
  for (let at = await readVersion(vault, name, version); at !== undefined; ) {
    const { supersededBy }: RefreshTokenTags = at;
    if (supersededBy === undefined) {
      at = last === undefined ? await copiedFrom(vault, at) : undefined;
    } else if (passed.has(supersededBy)) {
      break;
    } else {
      passed.add(supersededBy);
      at = await readVersion(vault, name, supersededBy);
      last = at ?? last;
    }
  }
  return last;
}

/** Whether a consent put the grant of one in the place of the other's. */
const replaces = (one: StoredRefreshToken, other: StoredRefreshToken): boolean =>
  one.replacedGrantId !== undefined && one.replacedGrantId === grantIdOf(other);

/**
 * Whether what was found in place of a version came after it: as a rotation of it, or as another grant that a human
 * gave since. Otherwise it is a rotation of an older grant whose write came late. In doubt it is
 * newer.
 */
export async function isNewer(
  vault: SecretVault,
  found: StoredRefreshToken,
  than: StoredRefreshToken,
): Promise<boolean> {
  if (replaces(than, found)) return false;
  if (replaces(found, than)) return true;
  let at = found;
  for (let steps = 0; steps < mostSteps; steps++) {
    const { previousVersion }: RefreshTokenTags = at;
    if (previousVersion === than.version) return true;
    if (at.createdAt < than.createdAt) return false;
    if (beginsGrant(at) || previousVersion === undefined) return grantIdOf(at) !== grantIdOf(than);
    const previous = await readVersion(vault, found.name, previousVersion);
    if (previous === undefined) return true;
    at = previous;
  }
  return true;
}

/** The refresh token that is to be redeemed, and the newest version, which mostly is the same. */
interface CountingToken {
  readonly counting: StoredRefreshToken;
  readonly newest: StoredRefreshToken;
}

/**
 * Reads the newest version and the one that counts. A late rotation of an older grant may have been written over a
 * consent's token: nothing was published with it, or Entra refuses it, and the version that it was rotated from says
 * which one came over that.
 *
 * @param published the attempts whose newest version needs no further look
 */
export async function readCounting(
  vault: SecretVault,
  id: string,
  published: ReadonlySet<string | undefined>,
): Promise<CountingToken | undefined> {
  const name = secretName('refreshToken', id);
  const newest = await readRefreshToken(vault, name);
  if (newest === undefined) return undefined;
  const { attemptId, previousVersion } = newest;
  if (previousVersion === undefined || published.has(attemptId)) return { newest, counting: newest };
  const over = await versionOver(vault, name, previousVersion);
  // What a human has just given is nobody's late rotation; only a copy of it may hide a rotation of its own.
  const counts = over !== undefined && (!beginsGrant(newest) || grantIdOf(over) === grantIdOf(newest));
  return { newest, counting: counts ? over : newest };
}
