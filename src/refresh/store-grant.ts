import { accessTokenWrite } from '../accounts/access-token-secret.ts';
import { secretName } from '../accounts/account-id.ts';
import {
  readRefreshTokenTags,
  refreshTokenTags,
  refreshTokenWrite,
} from '../accounts/refresh-token-secret.ts';
import type { StoredSecret, Tags } from '../accounts/secret.ts';
import { sameUser, type User } from '../accounts/user.ts';
import type { TokenGrant } from '../oauth/outcome.ts';
import { type EpochSeconds, nowSeconds } from '../time.ts';
import { VaultError } from '../vault/secret-vault.ts';
import { type DurableWrite, publishAccessToken, storeRefreshToken } from './durable-write.ts';
import type { PreparedAccount } from './prepare-account.ts';
import type { Redemption } from './redemption.ts';
import type { SweepState } from './sweep-state.ts';
import { vaultRemedy } from './vault-remedy.ts';

export interface GrantToStore {
  readonly account: PreparedAccount;
  readonly redemption: Redemption;
  readonly grant: TokenGrant;
  /** The version that was redeemed. */
  readonly redeemed: StoredSecret;
  /** The newest version when the redemption began; another one than `redeemed` when an older token was tried. */
  readonly newest: StoredSecret;
  readonly pin: User | undefined;
  /** Tags of the access token published before, for what others wrote there. */
  readonly publishedTags: Tags;
}

export type StoredGrant =
  | {
      readonly kind: 'refreshed';
      readonly rotated: boolean;
      readonly generation: number;
      readonly accessTokenExpiresAt: EpochSeconds;
      readonly refreshTokenExpiresAt?: EpochSeconds;
    }
  | { readonly kind: 'superseded' }
  | { readonly kind: 'other_user' }
  | { readonly kind: 'not_stored'; readonly error: VaultError }
  | { readonly kind: 'not_published'; readonly error: VaultError };

/**
 * Stores what Entra granted: the refresh token first, then the access token, then the version before the previous
 * one is disabled. At every point the vault holds a refresh token that Entra accepts.
 */
export async function storeGrant(sweep: SweepState, input: GrantToStore): Promise<StoredGrant> {
  const { grant, pin } = input;
  if (pin !== undefined && grant.user !== undefined && !sameUser(pin, grant.user)) {
    if (grant.refreshToken !== undefined) reportNotStored(sweep, input, 'other_user');
    return { kind: 'other_user' };
  }
  const kept = await keepRefreshToken(sweep, input);
  if (kept.kind === 'superseded') return kept;
  if (kept.kind === 'not_stored') {
    reportNotStored(sweep, input, kept.error.code, kept);
    sweep.reportWriteFailure(kept.error);
    return kept;
  }
  const published = await publish(sweep, input, kept.attemptId);
  await disableSuperseded(sweep, input, kept.rotated);
  if (published.kind === 'not_stored') {
    sweep.reportWriteFailure(published.error);
    return { kind: 'not_published', error: published.error };
  }
  return { ...kept, accessTokenExpiresAt: published.expiresAt };
}

interface KeptRefreshToken {
  readonly kind: 'refreshed';
  readonly rotated: boolean;
  readonly generation: number;
  /** The attempt id that the refresh token now carries; the access token gets the same. */
  readonly attemptId: string;
  readonly refreshTokenExpiresAt?: EpochSeconds;
}

type Kept = KeptRefreshToken | Exclude<DurableWrite, { kind: 'stored' }>;

function keepRefreshToken(sweep: SweepState, input: GrantToStore): Promise<Kept> {
  const { refreshToken } = input.grant;
  return refreshToken === undefined
    ? keepPresentToken(sweep, input)
    : storeRotated(sweep, input, refreshToken);
}

async function storeRotated(
  sweep: SweepState,
  input: GrantToStore,
  value: NonNullable<TokenGrant['refreshToken']>,
): Promise<Kept> {
  const { credentials, clock } = sweep.environment;
  const { redemption, redeemed, newest, pin, grant } = input;
  const { attemptId } = redemption;
  const generation = readRefreshTokenTags(newest.tags).generation + 1;
  const user = pin ?? grant.user;
  const tags = {
    generation,
    source: 'sweep' as const,
    attemptId,
    previousVersion: redeemed.version,
    ...(user === undefined ? {} : { user }),
  };
  const write = refreshTokenWrite(
    value,
    newest.tags,
    tags,
    nowSeconds(clock),
    grant.refreshTokenExpiresInSeconds,
  );
  const name = secretName('refreshToken', input.account.id);
  const stored = await storeRefreshToken(credentials, clock, name, write, attemptId, newest.version);
  if (stored.kind !== 'stored') return stored;
  const expiry = write.expiresAt === undefined ? {} : { refreshTokenExpiresAt: write.expiresAt };
  return { kind: 'refreshed', rotated: true, generation, attemptId, ...expiry };
}

/** Entra sent no new refresh token: the present one stays, and learns attempt id and user if it lacks them. */
async function keepPresentToken(sweep: SweepState, input: GrantToStore): Promise<Kept> {
  const { redeemed, redemption, pin, grant } = input;
  const tags = readRefreshTokenTags(redeemed.tags);
  const attemptId = tags.attemptId ?? redemption.attemptId;
  const user = pin ?? grant.user;
  const expiry = redeemed.expiresAt === undefined ? {} : { refreshTokenExpiresAt: redeemed.expiresAt };
  const kept = {
    kind: 'refreshed' as const,
    rotated: false,
    generation: tags.generation,
    attemptId,
    ...expiry,
  };
  if (tags.attemptId !== undefined && (tags.user !== undefined || user === undefined)) return kept;
  const next = refreshTokenTags(redeemed.tags, {
    ...tags,
    attemptId,
    ...(user === undefined ? {} : { user }),
  });
  const { vault } = sweep.environment.credentials;
  await ignoringVaultErrors(
    vault.update(secretName('refreshToken', input.account.id), redeemed.version, { tags: next }),
  );
  return kept;
}

async function publish(
  sweep: SweepState,
  input: GrantToStore,
  attemptId: string,
): Promise<DurableWrite & { readonly expiresAt: EpochSeconds }> {
  const { tokens, clock } = sweep.environment;
  const { account, grant, redemption, publishedTags } = input;
  const write = accessTokenWrite(
    {
      account: account.id,
      value: grant.accessToken,
      audience: account.registration.audience,
      attemptId,
      requestedAt: redemption.requestedAt,
      expiresInSeconds: grant.expiresInSeconds,
      ...(grant.refreshInSeconds === undefined ? {} : { refreshInSeconds: grant.refreshInSeconds }),
    },
    publishedTags,
  );
  const published = await publishAccessToken(tokens, clock, secretName('accessToken', account.id), write);
  return { ...published, expiresAt: write.expiresAt ?? 0 };
}

/** The redeemed version stays enabled as a fallback; the one before it, or a newest one that failed, does not. */
async function disableSuperseded(sweep: SweepState, input: GrantToStore, rotated: boolean): Promise<void> {
  if (!rotated) return;
  const { redeemed, newest, account } = input;
  const isFallback = redeemed.version !== newest.version;
  const version = isFallback ? newest.version : readRefreshTokenTags(redeemed.tags).previousVersion;
  if (version === undefined) return;
  const { vault } = sweep.environment.credentials;
  await ignoringVaultErrors(
    vault.update(secretName('refreshToken', account.id), version, { enabled: false }),
  );
}

/** For updates whose failure loses nothing: an old version stays enabled, a label is written next time. */
async function ignoringVaultErrors(update: Promise<void>): Promise<void> {
  try {
    await update;
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
  }
}

function reportNotStored(
  sweep: SweepState,
  input: GrantToStore,
  reason: string,
  failed?: { readonly error: VaultError; readonly attempts: number },
): void {
  const { account, redemption, newest } = input;
  const { vault } = sweep.environment.credentials;
  sweep.environment.telemetry.emit({
    name: 'RotatedTokenNotStored',
    properties: {
      sweepId: sweep.sweepId,
      account: account.id,
      client: account.registration.clientId,
      tenant: account.registration.tenant,
      attemptId: redemption.attemptId,
      reason,
      cause:
        failed?.error.message ??
        'The answer is for another user than the one this account belongs to; it was dropped.',
      remedy:
        failed === undefined
          ? 'Consent again as the expected user, or correct "user" in the registration.'
          : vaultRemedy(failed.error),
      vault: vault.url,
      secret: newest.name,
    },
    measurements: {
      generation: readRefreshTokenTags(newest.tags).generation,
      storeAttempts: failed?.attempts,
    },
  });
}
