import { omitUndefined } from '../omit-undefined.ts';
import type { Sensitive } from '../sensitive.ts';
import { type EpochSeconds, isoTime, secondsPerDay } from '../time.ts';
import { type Pin, sameUser, type User } from './entra-ids.ts';
import {
  cappedExpiry,
  definedTags,
  isCapped,
  type ListedSecret,
  latestExpiry,
  mergeTags,
  type SecretWrite,
  type StoredSecret,
  type Tags,
} from './secret.ts';

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
  readonly user?: Pin;
  /** The ids of the last consent's id token, for display; absent where they are the pinned ones. */
  readonly signedInAs?: User;
  /** Of the login hint that was last consented under: see `loginHintHash`. */
  readonly loginHintHash?: string;
  /** The client that it was issued to; absent: by a version of the app that did not note it, or stored by hand. */
  readonly clientId?: string;
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
  userIds: 'user-ids',
  signedInAs: 'signed-in-as',
  loginHint: 'login-hint-hash',
  clientId: 'client-id',
  supersededBy: 'superseded-by',
  endsAt: 'refresh-token-expires',
} as const;

const owned: ReadonlySet<string> = new Set(Object.values(names));

/** Reads the tags of a refresh token; a token stored by hand has none and is generation 0, source `manual`. */
export function readRefreshTokenTags(tags: Tags): RefreshTokenTags {
  const source = tags[names.source];
  const generation = Number(tags[names.generation] ?? 0);
  const endsAt = Date.parse(tags[names.endsAt] ?? '') / 1000;
  return {
    generation: Number.isSafeInteger(generation) && generation >= 0 ? generation : 0,
    source: source === 'sweep' || source === 'consent' ? source : 'manual',
    ...holderOf(tags),
    ...omitUndefined({
      attemptId: tags[names.attemptId],
      grantId: tags[names.grantId],
      previousVersion: tags[names.previousVersion],
      replacedGrantId: tags[names.replacedGrantId],
      supersededBy: tags[names.supersededBy],
      endsAt: Number.isInteger(endsAt) ? endsAt : undefined,
    }),
  };
}

/** A refresh token as a listing shows it, or one of its versions, with what the tags say. */
export type ListedRefreshToken = ListedSecret & RefreshTokenTags;
export type StoredRefreshToken = StoredSecret & RefreshTokenTags;

/** Reads the tags of a refresh token, once. */
export function parseRefreshToken<S extends Pick<ListedSecret, 'tags'>>(secret: S): S & RefreshTokenTags {
  return { ...secret, ...readRefreshTokenTags(secret.tags) };
}

/** Whose grant it is and what for: all that a rotation leaves as it was. */
export type Holder = Pick<RefreshTokenTags, 'user' | 'signedInAs' | 'loginHintHash' | 'clientId'>;

function holderOf(tags: Tags): Holder {
  const signedInAs = userOf(/^(?<objectId>\S+)@(?<tenantId>\S+)$/.exec(tags[names.signedInAs] ?? '')?.groups);
  const user = userOf({ tenantId: tags[names.userTenant], objectId: tags[names.userObjectId] });
  const ids = tags[names.userIds];
  const known: Pick<Pin, 'ids'> = ids === 'home' || ids === 'provisional' ? { ids } : {};
  return omitUndefined({
    user: user && ({ ...user, ...known } satisfies Pin),
    signedInAs,
    loginHintHash: tags[names.loginHint],
    clientId: tags[names.clientId],
  });
}

function userOf(ids: Readonly<Record<string, string | undefined>> = {}): User | undefined {
  const { tenantId, objectId } = ids;
  return tenantId === undefined || objectId === undefined ? undefined : { tenantId, objectId };
}

/** What a rotation says of the grant's holder: as before, but for a pin that was not of his home yet. */
export function nextHolder(before: RefreshTokenTags, user: Pin | undefined, clientId: string): Holder {
  const { user: pinned, loginHintHash } = before;
  const replaced = user !== undefined && pinned !== undefined && !sameUser(user, pinned) ? pinned : undefined;
  const signedInAs = before.signedInAs ?? replaced;
  return omitUndefined({ user, signedInAs, loginHintHash, clientId });
}

/** Whether a refresh token was issued to another client; Entra takes it from none but that one. */
export function isOfOtherClient(
  { clientId }: Pick<RefreshTokenTags, 'clientId'>,
  registered: string,
): boolean {
  return clientId !== undefined && clientId.toLowerCase() !== registered.toLowerCase();
}

/** When a refresh token ends, as far as it is known; its secret may have to expire sooner. */
export function refreshTokenEnd({
  endsAt,
  expiresAt,
}: Pick<ListedRefreshToken, 'endsAt' | 'expiresAt'>): EpochSeconds | undefined {
  return endsAt ?? expiresAt;
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
      [names.userIds]: tags.user?.ids,
      [names.signedInAs]: tags.signedInAs && `${tags.signedInAs.objectId}@${tags.signedInAs.tenantId}`,
      [names.loginHint]: tags.loginHintHash,
      [names.clientId]: tags.clientId,
      [names.supersededBy]: tags.supersededBy,
      [names.endsAt]: tags.endsAt === undefined ? undefined : isoTime(tags.endsAt),
    }),
  );
}

/** What decides the expiry of a refresh token's secret. */
interface RefreshTokenLife {
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
