import type { Account } from '../accounts/account.ts';
import type { FailureRecord } from '../accounts/account-state.ts';
import { grantIdOf, type StoredRefreshToken } from '../accounts/refresh-token-secret.ts';
import type { RegisteredToken } from '../accounts/registration.ts';
import type { Outcome } from '../oauth/outcome.ts';
import { confirmationDelaySeconds } from '../planning/rounds.ts';
import type { EpochSeconds } from '../time.ts';
import { judgedIdOf } from './read-refresh-token.ts';

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
