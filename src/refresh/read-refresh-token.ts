import { secretName } from '../accounts/account-id.ts';
import { readRefreshTokenTags, refreshTokenTags } from '../accounts/refresh-token-secret.ts';
import type { StoredSecret } from '../accounts/secret.ts';
import { readIfEnabled } from '../vault/stored-value.ts';
import { ignoringVaultErrors, versionOver } from './superseded-versions.ts';
import type { SweepState } from './sweep-state.ts';

/** A version of an account's refresh token, without one given the newest; undefined for a missing or disabled one. */
export function readRefreshToken(
  sweep: SweepState,
  id: string,
  version?: string,
): Promise<StoredSecret | undefined> {
  const { vault } = sweep.environment.credentials;
  return readIfEnabled(() => vault.get(secretName('refreshToken', id), version));
}

/** The refresh token that is to be redeemed, and the newest version, which mostly is the same. */
export interface CountingToken {
  readonly counting: StoredSecret;
  readonly newest: StoredSecret;
}

/**
 * Reads the newest version and the one that counts. A late rotation of an older grant may have been written over a
 * consent's token: nothing was published with it, or Entra refuses it, and the version that it was rotated from says
 * which one came over that.
 *
 * @param published the attempts whose newest version needs no further look
 */
export async function readCounting(
  sweep: SweepState,
  id: string,
  published: ReadonlySet<string | undefined>,
): Promise<CountingToken | undefined> {
  const newest = await readRefreshToken(sweep, id);
  if (newest === undefined) return undefined;
  const { attemptId, previousVersion } = readRefreshTokenTags(newest.tags);
  if (previousVersion === undefined || published.has(attemptId)) return { newest, counting: newest };
  const { vault } = sweep.environment.credentials;
  return { newest, counting: (await versionOver(vault, newest.name, previousVersion)) ?? newest };
}

/**
 * The same version, with an attempt id. One that was stored by hand has none, and gets it before it is redeemed: a listing
 * shows neither versions nor, within a second, which of two came first, so a verdict could not name it otherwise.
 */
export async function withAttemptId(sweep: SweepState, token: StoredSecret): Promise<StoredSecret> {
  const present = readRefreshTokenTags(token.tags);
  if (present.attemptId !== undefined) return token;
  const { createId, credentials } = sweep.environment;
  const tags = refreshTokenTags(token.tags, { ...present, attemptId: createId() });
  const marked = credentials.vault.update(token.name, token.version, { tags }).then(() => true);
  return (await ignoringVaultErrors(marked)) ? { ...token, tags } : token;
}

/** What tells a judged version from others: its attempt id, or, where none could be noted, an id that no listing shows. */
export const judgedIdOf = ({ tags, version }: StoredSecret): string =>
  readRefreshTokenTags(tags).attemptId ?? version;
