import type { Sensitive } from '../sensitive.ts';
import { type EpochSeconds, isoTime, secondsPerDay } from '../time.ts';
import {
  cappedExpiry,
  definedTags,
  isCapped,
  type ListedSecret,
  latestExpiry,
  mergeTags,
  type SecretWrite,
  type Tags,
} from './secret.ts';
import type { User } from './user.ts';

/** Who put a refresh token into the vault; a token without the tag was put there by hand. */
export type RefreshTokenSource = 'consent' | 'sweep' | 'manual';

/** What the tags of a refresh token's version say. */
export interface RefreshTokenTags {
  /** How many times the refresh token was rotated since consent; 0 for a first one. */
  readonly generation: number;
  readonly source: RefreshTokenSource;
  /** The redemption that brought this version, or that last confirmed it when Entra sent no new one. */
  readonly attemptId?: string;
  /** The attempt that began the grant, kept at each rotation; absent when it was this one: see {@link grantIdOf}. */
  readonly grantId?: string;
  /** The version that was redeemed for this one. */
  readonly previousVersion?: string;
  /** The grant in whose place a consent put this one, kept at each rotation: what still is rotated from it comes late. */
  readonly replacedGrantId?: string;
  /** The pin: the only user whose tokens may follow. */
  readonly user?: User;
  /** When the token ends, where its secret has to expire sooner. */
  readonly endsAt?: EpochSeconds;
  /** The version of a consent that was stored over this one: what still is redeemed from this one comes too late. */
  readonly supersededBy?: string;
}

export const refreshTokenContentType = 'urn:ietf:params:oauth:token-type:refresh_token';

/** Entra's default lifetime of a refresh token of a confidential client (Entra: Refresh tokens). */
const defaultLifetimeSeconds = 90 * secondsPerDay;

const names = {
  generation: 'generation',
  source: 'source',
  attemptId: 'attempt-id',
  grantId: 'grant-id',
  previousVersion: 'previous-version',
  replacedGrantId: 'replaced-grant-id',
  userTenant: 'user-tenant',
  userObjectId: 'user-object-id',
  supersededBy: 'superseded-by',
  endsAt: 'refresh-token-expires',
} as const;

const owned: ReadonlySet<string> = new Set(Object.values(names));

/** Reads the tags of a refresh token; a token stored by hand has none and is generation 0, source `manual`. */
export function readRefreshTokenTags(tags: Tags): RefreshTokenTags {
  const source = tags[names.source];
  const generation = Number(tags[names.generation] ?? 0);
  const attemptId = tags[names.attemptId];
  const grantId = tags[names.grantId];
  const previousVersion = tags[names.previousVersion];
  const replacedGrantId = tags[names.replacedGrantId];
  const tenantId = tags[names.userTenant];
  const objectId = tags[names.userObjectId];
  const supersededBy = tags[names.supersededBy];
  const endsAt = Date.parse(tags[names.endsAt] ?? '') / 1000;
  return {
    generation: Number.isSafeInteger(generation) && generation >= 0 ? generation : 0,
    source: source === 'sweep' || source === 'consent' ? source : 'manual',
    ...(attemptId === undefined ? {} : { attemptId }),
    ...(grantId === undefined ? {} : { grantId }),
    ...(previousVersion === undefined ? {} : { previousVersion }),
    ...(replacedGrantId === undefined ? {} : { replacedGrantId }),
    ...(tenantId === undefined || objectId === undefined ? {} : { user: { tenantId, objectId } }),
    ...(supersededBy === undefined ? {} : { supersededBy }),
    ...(Number.isInteger(endsAt) ? { endsAt } : {}),
  };
}

/** A version of a refresh token, or what a listing shows of the newest, with what its tags say. */
export type ListedRefreshToken = ListedSecret & RefreshTokenTags;

/** Reads the tags of a refresh token, once. */
export function parseRefreshToken<S extends Pick<ListedSecret, 'tags'>>(secret: S): S & RefreshTokenTags {
  return { ...secret, ...readRefreshTokenTags(secret.tags) };
}

/** When a refresh token ends, as far as it is known; its secret may have to expire sooner. */
export function refreshTokenEnd({
  tags,
  expiresAt,
}: Pick<ListedSecret, 'tags' | 'expiresAt'>): EpochSeconds | undefined {
  return readRefreshTokenTags(tags).endsAt ?? expiresAt;
}

/**
 * The grant that a refresh token or an access token comes from, by the attempt that began it; undefined for a token
 * that was put into the vault by hand and never redeemed.
 */
export function grantIdOf(tags: Pick<RefreshTokenTags, 'grantId' | 'attemptId'>): string | undefined {
  return tags.grantId ?? tags.attemptId;
}

/** The whole tag map of a refresh token, foreign tags kept. */
export function refreshTokenTags(present: Tags, tags: RefreshTokenTags): Tags {
  return mergeTags(
    present,
    owned,
    definedTags({
      [names.generation]: String(tags.generation),
      [names.source]: tags.source,
      [names.attemptId]: tags.attemptId,
      [names.grantId]: tags.grantId,
      [names.previousVersion]: tags.previousVersion,
      [names.replacedGrantId]: tags.replacedGrantId,
      [names.userTenant]: tags.user?.tenantId,
      [names.userObjectId]: tags.user?.objectId,
      [names.supersededBy]: tags.supersededBy,
      [names.endsAt]: tags.endsAt === undefined ? undefined : isoTime(tags.endsAt),
    }),
  );
}

/** What decides the expiry of a refresh token's secret. */
export interface RefreshTokenLife {
  /** When the token was issued, or shortly before. */
  readonly from: EpochSeconds;
  /** `refresh_token_expires_in` if Entra sent it. Default: 90 days. */
  readonly lifetimeSeconds?: number | undefined;
  /** The longest that the settings let a secret have. */
  readonly longestSeconds: number;
}

/** The new version for a refresh token. */
export function refreshTokenWrite(
  value: Sensitive,
  present: Tags,
  tags: RefreshTokenTags,
  { from, lifetimeSeconds = defaultLifetimeSeconds, longestSeconds }: RefreshTokenLife,
): SecretWrite {
  const end = Math.min(from + lifetimeSeconds, latestExpiry);
  const expiresAt = cappedExpiry(from, longestSeconds, end);
  return {
    value,
    contentType: refreshTokenContentType,
    tags: refreshTokenTags(present, { ...tags, ...(isCapped(expiresAt, end) ? { endsAt: end } : {}) }),
    expiresAt,
  };
}
