import {
  parseRefreshToken,
  refreshTokenTags,
  type StoredRefreshToken,
} from '../accounts/refresh-token-secret.ts';
import { ignoringVaultErrors, readIfEnabled, type SecretVault } from '../vault/secret-vault.ts';
import type { RefreshEnvironment } from './environment.ts';

/** A version of a refresh token, without one given the newest; undefined for a missing or disabled one. */
export async function readRefreshToken(
  vault: SecretVault,
  name: string,
  version?: string,
): Promise<StoredRefreshToken | undefined> {
  const stored = await readIfEnabled(() => vault.get(name, version));
  return stored && parseRefreshToken(stored);
}

/**
 * The same version, with an attempt id. One that was stored by hand has none, and gets it before it is redeemed: a listing
 * shows neither versions nor, within a second, which of two came first, so a verdict could not name it otherwise.
 */
export async function withAttemptId(
  { createId, credentials }: RefreshEnvironment,
  token: StoredRefreshToken,
): Promise<StoredRefreshToken> {
  if (token.attemptId !== undefined) return token;
  const attemptId = createId();
  const tags = refreshTokenTags(token.tags, { ...token, attemptId });
  const marked = credentials.vault.update(token.name, token.version, { tags }).then(() => true);
  return (await ignoringVaultErrors(marked)) ? { ...token, tags, attemptId } : token;
}

/** What tells a judged version from others: its attempt id, or, where none could be noted, an id that no listing shows. */
export const judgedIdOf = ({ attemptId, version }: StoredRefreshToken): string => attemptId ?? version;
