import {
  type AccessTokenPublication,
  accessTokenWrite,
  parseAccessToken,
} from '../../src/accounts/access-token-secret.ts';
import type { Account } from '../../src/accounts/account.ts';
import type { FailureRecord } from '../../src/accounts/account-state.ts';
import { parseRefreshToken, refreshTokenTags } from '../../src/accounts/refresh-token-secret.ts';
import type { ListedSecret } from '../../src/accounts/secret.ts';
import type { PlanContext } from '../../src/planning/plan.ts';
import { Sensitive } from '../../src/sensitive.ts';

export const now = 1_772_323_200; // 2026-03-01T00:00:00Z
export const minutes = 60;

/** A sweep on the hour, the next one in 30 minutes: a token needs 45 minutes of life. */
export const context: PlanContext = {
  now,
  nextSweepAt: now + 30 * minutes,
  slackSeconds: 5 * minutes,
  defaultMinimumValiditySeconds: 10 * minutes,
};

export function listed(changes: Partial<ListedSecret> = {}): ListedSecret {
  const createdAt = changes.createdAt ?? now - 3600;
  return { name: 'any', tags: {}, enabled: true, createdAt, updatedAt: createdAt, ...changes };
}

/** The secret of an access token as the refresher publishes it. */
export function publishedToken(changes: Partial<AccessTokenPublication> = {}): ListedSecret {
  const publication: AccessTokenPublication = {
    accountId: 'a',
    value: new Sensitive('token'),
    audience: { endpoint: 'v2', scopes: ['s'] },
    attemptId: 'attempt-1',
    requestedAt: now - 1800,
    expiresInSeconds: 5400,
    ...changes,
  };
  const { value: _, ...write } = accessTokenWrite(publication, {});
  return listed({ ...write, createdAt: publication.requestedAt });
}

/** The secret of a refresh token that the given attempt brought. */
export function storedRefreshToken(
  attemptId = 'attempt-1',
  changes: Partial<ListedSecret> = {},
): ListedSecret {
  return listed({ tags: refreshTokenTags({}, { generation: 1, source: 'sweep', attemptId }), ...changes });
}

export function failure(changes: Partial<FailureRecord> = {}): FailureRecord {
  return {
    state: 'reconsent',
    code: 'AADSTS50173',
    cause: 'why',
    remedy: 'what to do',
    since: now - 3600,
    failures: 1,
    nextAttemptAt: now + 3600,
    judgedId: 'judged',
    suspected: false,
    ...changes,
  };
}

export const summary = {
  clientId: 'c',
  tenant: 'contoso.com',
  method: 'client_secret' as const,
  credentialSecret: 's',
};

/** An account in the parts that the listings show. */
interface Parts extends Omit<Account, 'refreshToken' | 'accessTokens'> {
  readonly refreshToken?: ListedSecret;
  readonly accessToken?: ListedSecret;
  readonly namedAccessTokens?: ReadonlyMap<string, ListedSecret>;
}

/** A healthy account whose access token lives for another hour. */
export const healthyParts = {
  id: 'a',
  registration: listed({ createdAt: now - 7200 }),
  refreshToken: storedRefreshToken(),
  accessToken: publishedToken(),
  summary,
} satisfies Parts;

/** The healthy account with some parts changed; undefined takes a part away. */
export function account(changes: { readonly [Part in keyof Parts]?: Parts[Part] | undefined } = {}): Account {
  const parts = { ...healthyParts, ...changes };
  const { refreshToken, accessToken, namedAccessTokens = new Map<string, ListedSecret>(), ...rest } = parts;
  const published: [string | undefined, ListedSecret][] = [...namedAccessTokens];
  if (accessToken !== undefined) published.unshift([undefined, accessToken]);
  const entries = Object.entries({ ...rest, refreshToken: refreshToken && parseRefreshToken(refreshToken) });
  return {
    ...Object.fromEntries(entries.filter(([, part]) => part !== undefined)),
    accessTokens: new Map(published.map(([name, secret]) => [name, parseAccessToken(secret)])),
  } as unknown as Account;
}

export const healthy = account();

/** The healthy account with an access token that ends then. */
export function expiring(expiresAt: number, id = 'a'): Account {
  return account({ id, accessToken: { ...publishedToken(), expiresAt } });
}
