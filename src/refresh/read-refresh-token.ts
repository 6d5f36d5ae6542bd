import { secretName } from '../accounts/account-id.ts';
import { readRefreshTokenTags, refreshTokenTags } from '../accounts/refresh-token-secret.ts';
import type { StoredSecret } from '../accounts/secret.ts';
import { readIfEnabled } from '../vault/stored-value.ts';
import { ignoringVaultErrors } from './superseded-versions.ts';
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
