import { omitUndefined } from '../omit-undefined.ts';
import type { Sensitive } from '../sensitive.ts';
import type { EpochSeconds } from '../time.ts';
import { secretName } from './account-id.ts';
import {
  definedTags,
  type ListedSecret,
  latestExpiry,
  mergeTags,
  type SecretWrite,
  type Tags,
} from './secret.ts';

/** The v2 endpoint takes scopes, the v1 endpoint a resource. */
export type Audience =
  | { readonly endpoint: 'v2'; readonly scopes: readonly string[] }
  | { readonly endpoint: 'v1'; readonly resource: string };

const tokenNamePattern = /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/;

/** Whether a text can name one of an account's access tokens. */
export function isTokenName(text: string): boolean {
  return tokenNamePattern.test(text);
}

/** The name of one of an account's access tokens: its own, or `access-token-<id>-<token>` for a named one. */
export function accessTokenName(id: string, token?: string): string {
  return secretName('accessToken', token === undefined ? id : `${id}-${token}`);
}

export const accessTokenContentType = 'urn:ietf:params:oauth:token-type:access_token';

const names = {
  account: 'account',
  scope: 'scope',
  resource: 'resource',
  refreshAfter: 'refresh-after',
  lackingScopes: 'lacking-scopes',
  attemptId: 'attempt-id',
  grantId: 'grant-id',
  registration: 'registration',
} as const;

const owned: ReadonlySet<string> = new Set(Object.values(names));

/** What the tags of a published access token say to the plan. */
interface AccessTokenTags {
  readonly attemptId?: string;
  /** The attempt that began its grant; absent when it was this one. */
  readonly grantId?: string;
  /** From `refresh_in`: Entra asks to refresh a long-lived token after this moment. */
  readonly refreshAfter?: EpochSeconds;
  /** Registered scopes that Entra did not grant, separated by blanks. */
  readonly lackingScopes?: string;
  /** The version of the registration that it was asked for by; absent on one that was stored by hand. */
  readonly registrationVersion?: string;
}

/** Reads the tags of a published access token; one that was stored by hand has none. */
export function readAccessTokenTags(tags: Tags): AccessTokenTags {
  const refreshAfter = Number(tags[names.refreshAfter]);
  return omitUndefined({
    attemptId: tags[names.attemptId],
    grantId: tags[names.grantId],
    refreshAfter: Number.isSafeInteger(refreshAfter) && refreshAfter > 0 ? refreshAfter : undefined,
    lackingScopes: tags[names.lackingScopes],
    registrationVersion: tags[names.registration],
  });
}

/** A published access token with what its tags say. */
export type ListedAccessToken = ListedSecret & AccessTokenTags;

/** Reads the tags of a published access token, once. */
export function parseAccessToken(secret: ListedSecret): ListedAccessToken {
  return { ...secret, ...readAccessTokenTags(secret.tags) };
}

/** The id of the account that an access token was published for; undefined when nobody noted it. */
export function publishedFor(tags: Tags): string | undefined {
  return tags[names.account]?.toLowerCase();
}

/**
 * The account and token of an access token's secret, by what follows the name's prefix. `access-token-ads-emea` is the account `ads-emea`'s own or the
 * one that `ads` calls `emea`: its tag tells whose it is.
 */
export function ownerOfAccessToken(
  published: string,
  tags: Tags,
): { readonly id: string; readonly name?: string } {
  const id = publishedFor(tags);
  if (id === undefined || !published.startsWith(`${id}-`)) return { id: published };
  const name = published.slice(id.length + 1);
  return isTokenName(name) ? { id, name } : { id: published };
}

export interface AccessTokenPublication {
  readonly accountId: string;
  readonly value: Sensitive;
  readonly audience: Audience;
  readonly attemptId: string;
  /** The attempt that began its grant, if that was another one. */
  readonly grantId?: string;
  /** The version of the registration that it was asked for by. */
  readonly registrationVersion?: string;
  /** When the request was sent: lifetimes are counted from there, never from the answer's `expires_on`. */
  readonly requestedAt: EpochSeconds;
  readonly expiresInSeconds: number;
  readonly refreshInSeconds?: number;
  readonly lackingScopes?: readonly string[];
}

/** The new version that publishes an access token: the bare token, its expiry as the `exp` attribute. */
export function accessTokenWrite(publication: AccessTokenPublication, present: Tags): SecretWrite {
  const { audience, requestedAt, refreshInSeconds } = publication;
  return {
    value: publication.value,
    contentType: accessTokenContentType,
    tags: mergeTags(
      present,
      owned,
      definedTags({
        [names.account]: publication.accountId,
        [names.scope]: audience.endpoint === 'v2' ? audience.scopes.join(' ') : undefined,
        [names.resource]: audience.endpoint === 'v1' ? audience.resource : undefined,
        [names.refreshAfter]:
          refreshInSeconds === undefined ? undefined : String(requestedAt + refreshInSeconds),
        [names.lackingScopes]: publication.lackingScopes?.join(' ') || undefined,
        [names.attemptId]: publication.attemptId,
        [names.grantId]: publication.grantId,
        [names.registration]: publication.registrationVersion,
      }),
    ),
    expiresAt: Math.min(requestedAt + publication.expiresInSeconds, latestExpiry),
  };
}
