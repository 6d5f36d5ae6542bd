import { accessTokenName, accessTokenWrite } from '../accounts/access-token-secret.ts';
import { nextPin, type Pin } from '../accounts/entra-ids.ts';
import {
  grantIdOf,
  type Holder,
  nextHolder,
  parseRefreshToken,
  refreshTokenEnd,
  refreshTokenTags,
  refreshTokenWrite,
  type StoredRefreshToken,
} from '../accounts/refresh-token-secret.ts';
import type { RegisteredToken } from '../accounts/registration.ts';
import { registeredVersion } from '../accounts/registration-tags.ts';
import { sameTags, type Tags } from '../accounts/secret.ts';
import type { RefreshGrant, TokenGrant } from '../oauth/outcome.ts';
import { lackingScopes } from '../oauth/scopes.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { Sensitive } from '../sensitive.ts';
import type { EpochSeconds } from '../time.ts';
import { type DurableWrite, writeUntilSettled } from '../vault/durable-write.ts';
import { ignoringVaultErrors, type VaultError } from '../vault/secret-vault.ts';
import type { WritePermit } from '../vault/write-pacer.ts';
import type { RefreshEnvironment } from './environment.ts';
import type { PreparedAccount } from './prepare-account.ts';
import { judgedIdOf } from './read-refresh-token.ts';
import type { Redemption } from './redemption.ts';
import { type Origin, storeInsisting, storeYielding } from './rotation-writes.ts';
import { disableSuperseded } from './superseded-versions.ts';
import { otherUser, ownDefect, type Place, refusedByVault, reportTokenLoss } from './token-loss.ts';

/** For both writes of a rotation. */
export interface WritePermits {
  readonly credentials: WritePermit;
  readonly tokens: WritePermit;
  /** Gives back what was not used. */
  readonly giveBack: () => void;
}

/** Takes both permits before the redemption: a token that waits for its turn is a token that a crash loses. */
export async function takePermits({ credentials, tokens }: RefreshEnvironment): Promise<WritePermits> {
  const [first, second] = await Promise.all([credentials.pacer.take(), tokens.pacer.take()]);
  const giveBack = (): void => {
    first.giveBack();
    second.giveBack();
  };
  return { credentials: first, tokens: second, giveBack };
}

/** Who rotates: a consent disables nothing, so that a sweep that comes late learns by the tags of old versions. */
type Rotator = 'sweep' | 'consent';

/** What an answer of Entra brought, and to which account it belongs. */
interface Rotation<G extends RefreshGrant = RefreshGrant | TokenGrant> {
  readonly account: PreparedAccount;
  readonly token: RegisteredToken;
  readonly rotator: Rotator;
  readonly permits: WritePermits;
  readonly redemption: Pick<Redemption, 'attemptId' | 'requestedAt'>;
  /** Without an access token when that could not be used. */
  readonly grant: G;
  /**
   * What was redeemed; it yields to anything newer. A consent's code has none and prevails, `replaced` only says over
   * what; the consent has looked at who signed in by itself.
   */
  readonly origin: Origin | { readonly replaced: StoredRefreshToken | undefined; readonly holder: Holder };
  readonly pin: Pin | undefined;
  /** Tags of the access token published before, for what others wrote there. */
  readonly publishedTags: Tags;
  /** The attempts whose access tokens the account has published. */
  readonly published: ReadonlySet<string | undefined>;
}

/** What ties an access token to the refresh token that came with it. */
interface Binding {
  /** The attempt id that the refresh token carries; the access token gets the same. */
  readonly attemptId: string;
  /** The attempt that began their grant. */
  readonly grantId: string;
}

interface KeptRefreshToken extends Binding {
  readonly rotated: boolean;
  readonly generation: number;
  readonly refreshTokenExpiresAt?: EpochSeconds;
}

/** The answer had no usable access token. */
type Kept = KeptRefreshToken & { readonly kind: 'kept' };

export type StoredGrant =
  | Kept
  | (KeptRefreshToken & { readonly kind: 'refreshed'; readonly accessTokenExpiresAt: EpochSeconds })
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

const newestOf = ({ origin }: Rotation): StoredRefreshToken | undefined =>
  'newest' in origin ? origin.newest : origin.replaced;

/**
 * Stores what Entra granted, for a sweep and for a consent: the refresh token first, then the version before the
 * previous one is disabled, then the access token. At every point the vault holds a refresh token that Entra accepts;
 * and because the access token comes last, one that does not belong to the refresh token tells the next sweep of a
 * crash in between. A refresh token that is not stored is told by the loudest event.
 */
export function storeGrant(place: Place, rotation: Rotation<TokenGrant>): Promise<Exclude<StoredGrant, Kept>>;
export function storeGrant(place: Place, rotation: Rotation): Promise<StoredGrant>;
export async function storeGrant(place: Place, rotation: Rotation): Promise<StoredGrant> {
  const { grant, account, redemption, origin } = rotation;
  const newest = newestOf(rotation);
  const lost = { account, attemptId: redemption.attemptId, newest };
  const judgedId = newest === undefined ? '' : judgedIdOf(newest);
  const pin = 'redeemed' in origin ? nextPin(rotation.pin, grant.user) : undefined;
  if (pin === 'other_user') {
    if (grant.refreshToken !== undefined) reportTokenLoss(place, lost, otherUser);
    return { kind: 'other_user', judgedId };
  }
  const kept = await keepRefreshToken(place.environment, { ...rotation, pin }).catch((error: unknown) => {
    // A defect of ours on the way must not lose a refresh token in silence.
    if (grant.refreshToken !== undefined) reportTokenLoss(place, lost, ownDefect);
    throw error;
  });
  if (kept.kind === 'superseded') return { kind: 'superseded' };
  if (kept.kind === 'not_stored') {
    const { error, attempts } = kept;
    reportTokenLoss(place, lost, refusedByVault(error, attempts));
    return { kind: 'not_stored', error, judgedId };
  }
  const { published } = rotation;
  if (kept.rotated && rotation.rotator === 'sweep' && 'redeemed' in origin)
    await disableSuperseded(place.environment.credentials.vault, { ...origin, published });
  return 'accessToken' in grant ? publish(place.environment, rotation, grant, kept) : kept;
}

async function keepRefreshToken(
  environment: RefreshEnvironment,
  rotation: Rotation,
): Promise<Kept | Exclude<DurableWrite, { kind: 'stored' }>> {
  const { grant, origin } = rotation;
  if (!('redeemed' in origin)) return storeRotated(environment, rotation, grant.refreshToken);
  const { redeemed, newest } = origin;
  // An older version that works is made the newest again, also when Entra sent no new one for it.
  const fallback = redeemed.version === newest.version ? undefined : redeemed.value;
  const value = grant.refreshToken ?? fallback;
  return value === undefined
    ? keepPresentToken(environment, rotation, redeemed)
    : storeRotated(environment, rotation, value);
}

async function storeRotated(
  environment: RefreshEnvironment,
  rotation: Rotation,
  value: Sensitive | undefined,
): Promise<Kept | Exclude<DurableWrite, { kind: 'stored' }>> {
  if (value === undefined) throw new TypeError('a consent without a refresh token');
  const { redemption, origin, account, grant, rotator, permits } = rotation;
  const { attemptId, requestedAt } = redemption;
  const from = 'redeemed' in origin ? origin : undefined;
  const before = from?.redeemed;
  const generation = before === undefined ? 0 : before.generation + 1;
  const grantId = (before && grantIdOf(before)) ?? attemptId;
  const replaced = 'redeemed' in origin ? undefined : origin.replaced;
  const holder =
    'redeemed' in origin
      ? nextHolder(origin.redeemed, rotation.pin, account.registration.clientId)
      : origin.holder;
  const previousVersion = (before ?? replaced)?.version;
  const replacedGrantId = before?.replacedGrantId ?? (replaced && grantIdOf(replaced));
  const tags = { generation, source: rotator, attemptId, ...laterGrantId({ attemptId, grantId }) };
  const write = refreshTokenWrite(
    value,
    newestOf(rotation)?.tags ?? {},
    { ...tags, ...holder, ...omitUndefined({ previousVersion, replacedGrantId }) },
    {
      from: requestedAt,
      lifetimeSeconds: grant.refreshTokenExpiresInSeconds,
      longestSeconds: environment.policy.secretExpirySeconds,
    },
  );
  const token = { environment, account: account.id, write, permit: permits.credentials };
  const stored = await (from !== undefined && rotator === 'sweep'
    ? storeYielding(token, from)
    : storeInsisting(token, from));
  if (stored.kind !== 'stored') return stored;
  const end = omitUndefined({ refreshTokenExpiresAt: refreshTokenEnd(parseRefreshToken(write)) });
  return { kind: 'kept', rotated: true, generation, attemptId, grantId, ...end };
}

/** Entra sent no new refresh token: the present one stays, and learns attempt id, user and client if it lacks them. */
async function keepPresentToken(
  { credentials }: RefreshEnvironment,
  { redemption, pin, account }: Rotation,
  redeemed: StoredRefreshToken,
): Promise<Kept> {
  const { generation, attemptId = redemption.attemptId } = redeemed;
  const holder = nextHolder(redeemed, pin, account.registration.clientId);
  const learnt = refreshTokenTags(redeemed.tags, { ...redeemed, attemptId, ...holder });
  if (!sameTags(redeemed.tags, learnt)) {
    const { name, version } = redeemed;
    await ignoringVaultErrors(credentials.vault.update(name, version, { tags: learnt }));
  }
  const end = omitUndefined({ refreshTokenExpiresAt: refreshTokenEnd(redeemed) });
  return {
    kind: 'kept',
    rotated: false,
    generation,
    attemptId,
    grantId: grantIdOf(redeemed) ?? attemptId,
    ...end,
  };
}

/** The tag that a grant's first redemption does not need. */
function laterGrantId({ attemptId, grantId }: Binding): { readonly grantId?: string } {
  return grantId === attemptId ? {} : { grantId };
}

/** Publishes the access token. A second version after an unconfirmed write is harmless, so nothing is read back. */
async function publish(
  { tokens, clock }: RefreshEnvironment,
  { account, token, redemption, publishedTags, permits }: Rotation,
  { accessToken, expiresInSeconds, refreshInSeconds, scope }: TokenGrant,
  kept: Kept,
): Promise<StoredGrant> {
  const publication = {
    accountId: account.id,
    registrationVersion: registeredVersion(account.registrationSecret),
    value: accessToken,
    audience: token.audience,
    attemptId: kept.attemptId,
    ...laterGrantId(kept),
    requestedAt: redemption.requestedAt,
    expiresInSeconds,
    lackingScopes: lackingScopes(token.audience, scope),
    ...omitUndefined({ refreshInSeconds }),
  };
  const write = accessTokenWrite(publication, publishedTags);
  const pending = { name: accessTokenName(account.id, token.name), write, permit: permits.tokens };
  const published = await writeUntilSettled(tokens, clock, pending, async () => 'write');
  if (published.kind === 'not_stored') {
    const { attemptId: judgedId, grantId: judgedGrantId } = kept;
    return { kind: 'not_published', error: published.error, judgedId, judgedGrantId };
  }
  return { ...kept, kind: 'refreshed', accessTokenExpiresAt: write.expiresAt ?? 0 };
}
