import type { Sensitive } from '../sensitive.ts';
import type { EpochSeconds } from '../time.ts';
import type { Audience } from './registration.ts';
import { definedTags, latestExpiry, mergeTags, type SecretWrite, type Tags } from './secret.ts';

export const accessTokenContentType = 'urn:ietf:params:oauth:token-type:access_token';

const names = {
  account: 'account',
  scope: 'scope',
  resource: 'resource',
  refreshAfter: 'refresh-after',
  attemptId: 'attempt-id',
} as const;

const owned: ReadonlySet<string> = new Set(Object.values(names));

/** What the tags of a published access token say to the plan. */
export interface AccessTokenTags {
  readonly attemptId?: string;
  /** From `refresh_in`: Entra asks to refresh a long-lived token after this moment. */
  readonly refreshAfter?: EpochSeconds;
}

export function readAccessTokenTags(tags: Tags): AccessTokenTags {
  const refreshAfter = Number(tags[names.refreshAfter]);
  const attemptId = tags[names.attemptId];
  return {
    ...(attemptId === undefined ? {} : { attemptId }),
    ...(Number.isSafeInteger(refreshAfter) && refreshAfter > 0 ? { refreshAfter } : {}),
  };
}

export interface AccessTokenPublication {
  readonly account: string;
  readonly value: Sensitive;
  readonly audience: Audience;
  readonly attemptId: string;
  /** When the request was sent: lifetimes are counted from there, never from the answer's `expires_on`. */
  readonly requestedAt: EpochSeconds;
  readonly expiresInSeconds: number;
  readonly refreshInSeconds?: number;
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
        [names.account]: publication.account,
        [names.scope]: audience.endpoint === 'v2' ? audience.scopes.join(' ') : undefined,
        [names.resource]: audience.endpoint === 'v1' ? audience.resource : undefined,
        [names.refreshAfter]:
          refreshInSeconds === undefined ? undefined : String(requestedAt + refreshInSeconds),
        [names.attemptId]: publication.attemptId,
      }),
    ),
    expiresAt: Math.min(requestedAt + publication.expiresInSeconds, latestExpiry),
  };
}
