import { readRefreshTokenTags } from '../accounts/refresh-token-secret.ts';
import type { StoredSecret } from '../accounts/secret.ts';
import type { PreparedAccount } from './prepare-account.ts';
import type { SweepState } from './sweep-state.ts';

/** Whose token it was. */
export interface LostToken {
  readonly account: PreparedAccount;
  readonly attemptId: string;
  /** The newest version that the vault held before. */
  readonly newest: StoredSecret;
}

interface Loss {
  readonly reason: string;
  readonly cause: string;
  readonly remedy: string;
  readonly attempts?: number;
}

export const otherUser: Loss = {
  reason: 'other_user',
  cause: 'The answer is for another user than the one this account belongs to; it was dropped.',
  remedy: 'Consent again as the expected user, or correct "user" in the registration.',
};

export const ownDefect: Loss = {
  reason: 'internal_error',
  cause: 'The refresher met a defect of its own while it stored the refresh token.',
  remedy: 'Report it with the sweep id; consent again if the next sweep finds the account refused.',
};

export const malformedAnswer: Loss = {
  reason: 'malformed_answer',
  cause: 'Entra issued a refresh token in an answer that cannot be used otherwise; the present one is kept.',
  remedy:
    'Look at the code of the Redemption event; consent again if the next sweep finds the account refused.',
};

/** The loudest event: Entra issued a refresh token and it could not be stored. */
export function reportTokenLoss(sweep: SweepState, lost: LostToken, loss: Loss): void {
  const { account, attemptId, newest } = lost;
  const { reason, cause, remedy, attempts } = loss;
  sweep.environment.telemetry.emit({
    name: 'RotatedTokenNotStored',
    properties: {
      sweepId: sweep.sweepId,
      account: account.id,
      client: account.registration.clientId,
      tenant: account.registration.tenant,
      attemptId,
      reason,
      cause,
      remedy,
      vault: sweep.environment.credentials.vault.url,
      secret: newest.name,
    },
    measurements: { generation: readRefreshTokenTags(newest.tags).generation, storeAttempts: attempts },
  });
}
