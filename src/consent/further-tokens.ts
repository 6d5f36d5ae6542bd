import { secretName } from '../accounts/account-id.ts';
import { grantIdOf, readRefreshTokenTags, refreshTokenWrite } from '../accounts/refresh-token-secret.ts';
import type { RegisteredToken } from '../accounts/registration.ts';
import type { StoredSecret } from '../accounts/secret.ts';
import { sameUser, type User } from '../accounts/user.ts';
import type { Credential } from '../client/credential.ts';
import type { TokenGrant } from '../oauth/outcome.ts';
import type { RefreshEnvironment } from '../refresh/environment.ts';
import type { PreparedAccount } from '../refresh/prepare-account.ts';
import { type Redemption, redeem } from '../refresh/redemption.ts';
import { laterGrantId, publishGrant } from '../refresh/store-grant.ts';
import { SweepState } from '../refresh/sweep-state.ts';
import { otherUser, refusedByVault, reportTokenLoss } from '../refresh/token-loss.ts';
import { type EpochSeconds, nowSeconds } from '../time.ts';
import { VaultError } from '../vault/secret-vault.ts';
import { readIfEnabled } from '../vault/stored-value.ts';
import { storeOverSweeps } from './store-over-sweeps.ts';

/** A vault's failure as a stable word. */
export const vaultCode = (error: VaultError): string => `vault_${error.code}`;

export interface FurtherTokens {
  readonly expiries: readonly EpochSeconds[];
  /** Why one of them was not published, the first one: a stable word. */
  readonly failed?: string;
}

type Published =
  | { readonly kind: 'published'; readonly expiresAt: EpochSeconds }
  /** `forAll`: the others would meet the same. */
  | { readonly kind: 'failed'; readonly code: string; readonly forAll: boolean }
  /** A newer consent has taken over. */
  | { readonly kind: 'superseded' };

const failed = (code: string, forAll: boolean): Published => ({ kind: 'failed', code, forAll });

/** What a consent has brought so far. */
export interface Consented {
  readonly account: PreparedAccount;
  /** With which the client redeemed the code. */
  readonly credential: Credential;
  /** The attempt that redeemed the code. */
  readonly grantId: string;
  readonly user: User;
}

interface Progress extends Consented {
  readonly sweep: SweepState;
}

/**
 * Publishes the access tokens that the code itself did not bring, one after another on the newest refresh token. No
 * old version is disabled on the way: by their tags a sweep that comes late learns that a consent has taken over.
 */
export async function publishFurther(
  environment: RefreshEnvironment,
  consented: Consented,
): Promise<FurtherTokens> {
  const now = nowSeconds(environment.clock);
  const sweep = new SweepState(environment, environment.createId(), now, now);
  const expiries: EpochSeconds[] = [];
  let code: string | undefined;
  for (const token of consented.account.registration.tokens.slice(1)) {
    const published = await publishSafely({ sweep, ...consented }, token);
    if (published.kind === 'published') expiries.push(published.expiresAt);
    if (published.kind === 'failed') code ??= published.code;
    if (published.kind === 'superseded' || (published.kind === 'failed' && published.forAll)) break;
  }
  return { expiries, ...(code === undefined ? {} : { failed: code }) };
}

async function publishSafely(consented: Progress, token: RegisteredToken): Promise<Published> {
  try {
    return await publishToken(consented, token);
  } catch (error) {
    if (error instanceof VaultError) return failed(vaultCode(error), true);
    throw error;
  }
}

async function publishToken(consented: Progress, token: RegisteredToken): Promise<Published> {
  const { credentials, tokens } = consented.sweep.environment;
  const newest = await readNewest(consented);
  if (newest === undefined) return { kind: 'superseded' };
  await Promise.all([credentials.pacer.take(), tokens.pacer.take()]);
  const published = await redeemAndKeep(consented, token, newest);
  if (published.kind !== 'failed' || published.forAll) return published;
  // A sweep may have redeemed and replaced the refresh token meanwhile: the newer one counts.
  const newer = await readNewest(consented);
  if (newer === undefined) return { kind: 'superseded' };
  return newer.version === newest.version ? published : redeemAndKeep(consented, token, newer);
}

/** The newest refresh token, as long as it comes from this consent. */
async function readNewest({ sweep, account, grantId }: Progress): Promise<StoredSecret | undefined> {
  const { vault } = sweep.environment.credentials;
  const newest = await readIfEnabled(() => vault.get(secretName('refreshToken', account.id)));
  return newest && grantIdOf(readRefreshTokenTags(newest.tags)) === grantId ? newest : undefined;
}

async function redeemAndKeep(
  consented: Progress,
  token: RegisteredToken,
  refreshToken: StoredSecret,
): Promise<Published> {
  const { sweep, account, credential, user: pin } = consented;
  const asked = { account, token, credential, refreshToken, pin, dueReason: 'consent', round: 0 };
  const redemption = await redeem(sweep, asked);
  const { outcome } = redemption;
  if (outcome.kind === 'refreshed')
    return keep(consented, token, refreshToken, { ...redemption, grant: outcome.grant });
  const isOwnFault = ['configuration', 'policy', 'reconsent', 'malformed'].includes(outcome.kind);
  return failed(outcome.facts.code, !isOwnFault);
}

type Granted = Redemption & { readonly grant: TokenGrant };

/** The refresh token first, as in a sweep. */
async function keep(
  consented: Progress,
  token: RegisteredToken,
  newest: StoredSecret,
  redemption: Granted,
): Promise<Published> {
  const { sweep, account, grantId, user } = consented;
  const { grant, attemptId } = redemption;
  if (grant.user !== undefined && !sameUser(user, grant.user)) {
    if (grant.refreshToken !== undefined)
      reportTokenLoss({ environment: sweep.environment }, { account, attemptId, newest }, otherUser);
    return failed('user_mismatch', true);
  }
  const before = readRefreshTokenTags(newest.tags);
  const refused = await storeRotated(consented, newest, redemption);
  if (refused !== undefined) return refused;
  const held = grant.refreshToken === undefined ? (before.attemptId ?? attemptId) : attemptId;
  const toPublish = { account, token, grant, redemption, publishedTags: {} };
  const published = await publishGrant(sweep.environment, toPublish, { attemptId: held, grantId });
  return published.kind === 'not_stored'
    ? failed(vaultCode(published.error), true)
    : { kind: 'published', expiresAt: published.expiresAt };
}

/** Stores the refresh token that came back, if one did; gives the failure. */
async function storeRotated(
  { sweep, account, grantId, user }: Progress,
  newest: StoredSecret,
  { grant, attemptId, requestedAt }: Granted,
): Promise<Published | undefined> {
  if (grant.refreshToken === undefined) return undefined;
  const tags = {
    generation: readRefreshTokenTags(newest.tags).generation + 1,
    source: 'consent' as const,
    attemptId,
    ...laterGrantId({ attemptId, grantId }),
    previousVersion: newest.version,
    user,
  };
  const write = refreshTokenWrite(grant.refreshToken, newest.tags, tags, {
    from: requestedAt,
    lifetimeSeconds: grant.refreshTokenExpiresInSeconds,
    longestSeconds: sweep.environment.policy.secretExpirySeconds,
  });
  const refused = await storeOverSweeps(sweep.environment, account.id, write, attemptId);
  if (refused === undefined) return undefined;
  reportTokenLoss(
    { environment: sweep.environment },
    { account, attemptId, newest },
    refusedByVault(refused.error, refused.attempts),
  );
  return failed(vaultCode(refused.error), true);
}
