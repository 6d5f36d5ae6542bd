import { accessTokenWrite } from '../accounts/access-token-secret.ts';
import { accessTokenName, secretName } from '../accounts/account-id.ts';
import {
  grantIdOf,
  readRefreshTokenTags,
  refreshTokenEnd,
  refreshTokenTags,
  refreshTokenWrite,
} from '../accounts/refresh-token-secret.ts';
import type { RegisteredToken } from '../accounts/registration.ts';
import { registeredVersion } from '../accounts/registration-tags.ts';
import type { StoredSecret, Tags } from '../accounts/secret.ts';
import { sameUser, type User } from '../accounts/user.ts';
import { lackingScopes } from '../oauth/granted-scopes.ts';
import type { TokenGrant } from '../oauth/outcome.ts';
import type { Sensitive } from '../sensitive.ts';
import { type EpochSeconds, nowSeconds } from '../time.ts';
import type { VaultError } from '../vault/secret-vault.ts';
import { type DurableWrite, publishAccessToken, storeRefreshToken } from './durable-write.ts';
import type { RefreshEnvironment } from './environment.ts';
import type { PreparedAccount } from './prepare-account.ts';
import { judgedIdOf } from './read-refresh-token.ts';
import type { Redemption } from './redemption.ts';
import { disableSuperseded, ignoringVaultErrors } from './superseded-versions.ts';
import type { SweepState } from './sweep-state.ts';
import { type LostToken, otherUser, ownDefect, refusedByVault, reportTokenLoss } from './token-loss.ts';

export interface GrantToStore {
  readonly account: PreparedAccount;
  readonly token: RegisteredToken;
  readonly redemption: Redemption;
  readonly grant: TokenGrant;
  /** The version that was redeemed. */
  readonly redeemed: StoredSecret;
  /** The newest version when the redemption began; another one than `redeemed` when an older token was tried. */
  readonly newest: StoredSecret;
  readonly pin: User | undefined;
  /** Tags of the access token published before, for what others wrote there. */
  readonly publishedTags: Tags;
  /** The attempts whose access tokens the account has published. */
  readonly published: ReadonlySet<string | undefined>;
}

/** What ties an access token to the refresh token that came with it. */
export interface Binding {
  /** The attempt id that the refresh token carries; the access token gets the same. */
  readonly attemptId: string;
  /** The attempt that began their grant. */
  readonly grantId: string;
}

export type StoredGrant =
  | (Binding & {
      readonly kind: 'refreshed';
      readonly rotated: boolean;
      readonly generation: number;
      readonly accessTokenExpiresAt: EpochSeconds;
      readonly refreshTokenExpiresAt?: EpochSeconds;
    })
  | { readonly kind: 'superseded' }
  | { readonly kind: 'other_user'; readonly judgedId: string }
  | { readonly kind: 'not_stored'; readonly error: VaultError; readonly judgedId: string }
  | {
      readonly kind: 'not_published';
      readonly error: VaultError;
      /** Of the refresh-token version that now is the newest. */
      readonly judgedId: string;
      readonly judgedGrantId: string;
    };

/**
 * Stores what Entra granted: the refresh token first, then the version before the previous one is disabled, then
 * the access token. At every point the vault holds a refresh token that Entra accepts; and because the access
 * token comes last, one that does not belong to the refresh token tells the next sweep of a crash in between.
 */
export async function storeGrant(sweep: SweepState, input: GrantToStore): Promise<StoredGrant> {
  const { grant, pin } = input;
  if (pin !== undefined && grant.user !== undefined && !sameUser(pin, grant.user)) {
    if (grant.refreshToken !== undefined) reportTokenLoss(sweep, lossOf(input), otherUser);
    return { kind: 'other_user', judgedId: judgedIdOf(input.newest) };
  }
  const kept = await keepOrReport(sweep, input);
  if (kept.kind === 'superseded') return kept;
  if (kept.kind === 'not_stored') {
    const { error, attempts } = kept;
    reportTokenLoss(sweep, lossOf(input), refusedByVault(error, attempts));
    sweep.reportWriteFailure(error);
    return { kind: 'not_stored', error, judgedId: judgedIdOf(input.newest) };
  }
  if (kept.rotated) await disableSuperseded(sweep, input.account.id, input);
  const published = await publishGrant(sweep.environment, input, kept);
  if (published.kind === 'not_stored') {
    sweep.reportWriteFailure(published.error);
    const { attemptId: judgedId, grantId: judgedGrantId } = kept;
    return { kind: 'not_published', error: published.error, judgedId, judgedGrantId };
  }
  return { ...kept, accessTokenExpiresAt: published.expiresAt };
}

interface KeptRefreshToken extends Binding {
  readonly kind: 'refreshed';
  readonly rotated: boolean;
  readonly generation: number;
  readonly refreshTokenExpiresAt?: EpochSeconds;
}

type Kept = KeptRefreshToken | Exclude<DurableWrite, { kind: 'stored' }>;

/** A defect of ours on the way must not lose a refresh token in silence. */
async function keepOrReport(sweep: SweepState, input: GrantToStore): Promise<Kept> {
  try {
    return await keepRefreshToken(sweep, input);
  } catch (error) {
    if (input.grant.refreshToken !== undefined) reportTokenLoss(sweep, lossOf(input), ownDefect);
    throw error;
  }
}

function keepRefreshToken(sweep: SweepState, input: GrantToStore): Promise<Kept> {
  const { grant, redeemed, newest } = input;
  // An older version that works is made the newest again, also when Entra sent no new one for it.
  const fallback = redeemed.version === newest.version ? undefined : redeemed.value;
  const value = grant.refreshToken ?? fallback;
  return value === undefined ? keepPresentToken(sweep, input) : storeRotated(sweep, input, value);
}

async function storeRotated(sweep: SweepState, input: GrantToStore, value: Sensitive): Promise<Kept> {
  const { credentials, clock, policy } = sweep.environment;
  const { redemption, redeemed, newest, pin, grant } = input;
  const { attemptId } = redemption;
  const before = readRefreshTokenTags(redeemed.tags);
  const generation = before.generation + 1;
  const grantId = grantIdOf(before) ?? attemptId;
  const user = pin ?? grant.user;
  const tags = {
    generation,
    source: 'sweep' as const,
    attemptId,
    ...laterGrantId({ attemptId, grantId }),
    previousVersion: redeemed.version,
    ...(user === undefined ? {} : { user }),
  };
  const write = refreshTokenWrite(value, newest.tags, tags, {
    from: nowSeconds(clock),
    lifetimeSeconds: grant.refreshTokenExpiresInSeconds,
    longestSeconds: policy.secretExpirySeconds,
  });
  const name = secretName('refreshToken', input.account.id);
  const stored = await storeRefreshToken(credentials, clock, name, write, attemptId, newest.version);
  if (stored.kind !== 'stored') return stored;
  const end = refreshTokenEnd(write);
  const expiry = end === undefined ? {} : { refreshTokenExpiresAt: end };
  return { kind: 'refreshed', rotated: true, generation, attemptId, grantId, ...expiry };
}

/** Entra sent no new refresh token: the present one stays, and learns attempt id and user if it lacks them. */
async function keepPresentToken(sweep: SweepState, input: GrantToStore): Promise<Kept> {
  const { redeemed, redemption, pin, grant } = input;
  const tags = readRefreshTokenTags(redeemed.tags);
  const attemptId = tags.attemptId ?? redemption.attemptId;
  const user = pin ?? grant.user;
  const end = refreshTokenEnd(redeemed);
  const expiry = end === undefined ? {} : { refreshTokenExpiresAt: end };
  const kept = {
    kind: 'refreshed' as const,
    rotated: false,
    generation: tags.generation,
    attemptId,
    grantId: grantIdOf(tags) ?? attemptId,
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

/** The tag that a grant's first redemption does not need. */
export function laterGrantId({ attemptId, grantId }: Binding): { readonly grantId?: string } {
  return grantId === attemptId ? {} : { grantId };
}

export interface GrantToPublish {
  readonly account: PreparedAccount;
  readonly token: RegisteredToken;
  readonly grant: TokenGrant;
  readonly redemption: Pick<Redemption, 'requestedAt'>;
  readonly publishedTags: Tags;
}

/** Publishes a grant's access token, bound to the refresh token that it belongs to. */
export async function publishGrant(
  { tokens, clock }: RefreshEnvironment,
  input: GrantToPublish,
  binding: Binding,
): Promise<DurableWrite & { readonly expiresAt: EpochSeconds }> {
  const { account, token, grant, redemption, publishedTags } = input;
  const write = accessTokenWrite(
    {
      account: account.id,
      value: grant.accessToken,
      audience: token.audience,
      attemptId: binding.attemptId,
      ...laterGrantId(binding),
      registrationVersion: registeredVersion(account.registrationSecret),
      requestedAt: redemption.requestedAt,
      expiresInSeconds: grant.expiresInSeconds,
      lackingScopes: lackingScopes(token.audience, grant.scope),
      ...(grant.refreshInSeconds === undefined ? {} : { refreshInSeconds: grant.refreshInSeconds }),
    },
    publishedTags,
  );
  const name = accessTokenName(account.id, token.name);
  const published = await publishAccessToken(tokens, clock, name, write);
  return { ...published, expiresAt: write.expiresAt ?? 0 };
}

const lossOf = ({ account, redemption, newest }: GrantToStore): LostToken => ({
  account,
  attemptId: redemption.attemptId,
  newest,
});
