import { secretName } from '../accounts/account-id.ts';
import type { StoredRefreshToken } from '../accounts/refresh-token-secret.ts';
import type { Reason } from '../reason.ts';
import type { VaultError } from '../vault/secret-vault.ts';
import { vaultReason } from '../vault/vault-remedy.ts';
import type { RefreshEnvironment } from './environment.ts';
import type { PreparedAccount } from './prepare-account.ts';

/** Whose token it was. */
interface LostToken {
  readonly account: PreparedAccount;
  readonly attemptId: string;
  /** The newest version that the vault held before; undefined at a first consent. */
  readonly newest: StoredRefreshToken | undefined;
}

type Loss = Reason & { readonly attempts?: number };

export const otherUser: Loss = {
  code: 'other_user',
  cause: 'The answer is for another user than the one this account belongs to; it was dropped.',
  remedy: 'Consent again as the expected user, or correct "user" in the registration.',
};

export const ownDefect: Loss = {
  code: 'internal_error',
  cause: 'The refresher met a defect of its own while it stored the refresh token.',
  remedy: 'Report it with the sweep id; consent again if the next sweep finds the account refused.',
};

export const malformedAnswer: Loss = {
  code: 'malformed_answer',
  cause: 'Entra issued a refresh token in an answer that cannot be used otherwise; the present one is kept.',
  remedy:
    'Look at the code of the Redemption event; consent again if the next sweep finds the account refused.',
};

/** The vault did not take it. */
export const refusedByVault = (error: VaultError, attempts: number): Loss => ({
  ...vaultReason(error),
  code: error.code,
  attempts,
});

/** Where it happened: in a sweep, or in a consent, which has no sweep id. */
export interface Place {
  readonly environment: RefreshEnvironment;
  readonly sweepId?: string;
}

/** The loudest event: Entra issued a refresh token and it could not be stored. */
export function reportTokenLoss({ environment, sweepId }: Place, lost: LostToken, loss: Loss): void {
  const { account, attemptId, newest } = lost;
  const { code: reason, cause, remedy, attempts } = loss;
  environment.telemetry.emit({
    name: 'RotatedTokenNotStored',
    properties: {
      sweepId,
      account: account.id,
      client: account.registration.clientId,
      tenant: account.registration.tenant,
      attemptId,
      reason,
      cause,
      remedy,
      vault: environment.credentials.vault.url,
      secret: newest?.name ?? secretName('refreshToken', account.id),
    },
    measurements: {
      generation: newest?.generation,
      storeAttempts: attempts,
    },
  });
}
