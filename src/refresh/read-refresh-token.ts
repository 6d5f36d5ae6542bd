import type { Account } from '../accounts/account.ts';
import type { FailureRecord } from '../accounts/account-state.ts';
import {
  grantIdOf,
  parseRefreshToken,
  refreshTokenTags,
  type StoredRefreshToken,
} from '../accounts/refresh-token-secret.ts';
import type { RegisteredToken } from '../accounts/registration.ts';
import type { Outcome } from '../oauth/outcome.ts';
import { confirmationDelaySeconds } from '../planning/rounds.ts';
import type { EpochSeconds } from '../time.ts';
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

/** Entra refuses a refresh token as one refuses a dead grant's. */
export type Refusal = Extract<Outcome, { kind: 'reconsent' }>;

interface Doubts {
  readonly account: Account;
  readonly token: RegisteredToken;
  readonly suspectedVersions: ReadonlySet<string>;
}

/**
 * Whether a refusal proves that a refresh token is dead: Entra's word was final, or this is the second failure of the
 * same version, minutes apart. `before`: the account is told dead already.
 */
export function proofOf(
  { account, token, suspectedVersions }: Doubts,
  { conclusive }: Refusal,
  judged: StoredRefreshToken,
  now: EpochSeconds,
): 'now' | 'before' | undefined {
  const { failure } = account;
  const known = failure !== undefined && isAbout(failure, token, judged) ? failure : undefined;
  if (known?.state === 'reconsent') return 'before';
  // Sweeps may overlap. The doubt is at least as old as its record, whose waiting time is nothing.
  const isOldDoubt = known?.suspected && now - known.nextAttemptAt >= confirmationDelaySeconds;
  return conclusive || isOldDoubt || suspectedVersions.has(judged.version) ? 'now' : undefined;
}

/** The verdict was passed on this refresh token, or on its grant for this access token. */
function isAbout(failure: FailureRecord, { name }: RegisteredToken, judged: StoredRefreshToken): boolean {
  const { tokens, grantId, judgedId } = failure;
  if (tokens !== undefined && (name === undefined || !tokens.includes(name))) return false;
  if (grantId === undefined) return judgedId === judgedIdOf(judged);
  return grantId === grantIdOf(judged);
}
