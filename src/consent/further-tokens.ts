import type { RegisteredToken } from '../accounts/registration.ts';
import type { Credential } from '../client/credential.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { type RefreshEnvironment, SweepState } from '../refresh/environment.ts';
import type { PreparedAccount } from '../refresh/prepare-account.ts';
import { attemptAccount } from '../refresh/refresh-account.ts';
import { concernOf, type Result, reasonOf } from '../refresh/results.ts';
import type { EpochSeconds } from '../time.ts';
import { VaultError } from '../vault/secret-vault.ts';

interface FurtherTokens {
  readonly expiries: readonly EpochSeconds[];
  /** Why one of them was not published, the first one: a stable word. */
  readonly failed?: string;
}

/** What a consent has brought so far. */
interface Consented {
  readonly account: PreparedAccount;
  /** With which the client redeemed the code. */
  readonly credential: Credential;
  /** The attempt that redeemed the code. */
  readonly grantId: string;
}

type Failure = { readonly code: string; readonly forAll: boolean };

/**
 * Why an access token was not published, and whether the others would meet the same; nothing for a newer consent. A vault
 * that fails is not waited for once more for each of them: somebody waits for the page.
 */
function failureOf(result: Result): Failure | undefined {
  const reason = reasonOf(result);
  const forAll = 'error' in result || concernOf(result) !== 'token';
  return reason && { code: reason.code, forAll };
}

/** As a sweep would, on the newest refresh token of this consent. */
async function publishToken(
  sweep: SweepState,
  { account: prepared, credential, grantId: consent }: Consented,
  token: RegisteredToken,
): Promise<EpochSeconds | Failure | undefined> {
  try {
    const attempt = {
      account: { id: prepared.id, accessTokens: new Map() },
      prepared,
      token,
      credential,
      dueReason: 'consent',
      round: 0,
    };
    const nothing = { published: new Set<undefined>(), suspectedVersions: new Set<string>() };
    const result = await attemptAccount(sweep, { ...attempt, ...nothing, consent });
    return result.kind === 'refreshed' ? result.accessTokenExpiresAt : failureOf(result);
  } catch (error) {
    if (error instanceof VaultError) return failureOf({ kind: 'vault_unreadable', error });
    throw error;
  }
}

/** Publishes the access tokens that the code itself did not bring, one after another on the newest refresh token. */
export async function publishFurther(
  environment: RefreshEnvironment,
  consented: Consented,
): Promise<FurtherTokens> {
  const sweep = new SweepState(environment, environment.createId());
  const expiries: EpochSeconds[] = [];
  let failed: string | undefined;
  for (const token of consented.account.registration.tokens.slice(1)) {
    const published = await publishToken(sweep, consented, token);
    if (published === undefined) break;
    if (typeof published === 'number') expiries.push(published);
    else failed ??= published.code;
    if (typeof published === 'object' && published.forAll) break;
  }
  return { expiries, ...omitUndefined({ failed }) };
}
