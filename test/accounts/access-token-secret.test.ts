import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type AccessTokenPublication,
  accessTokenWrite,
  readAccessTokenTags,
} from '../../src/accounts/access-token-secret.ts';
import { latestExpiry } from '../../src/accounts/secret.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { fitsVault, forBrokenTags, foreignTags } from './tags.ts';

const requestedAt = 1_772_323_200;
const publication: AccessTokenPublication = {
  accountId: 'contoso',
  value: new Sensitive('access-token'),
  audience: { endpoint: 'v2', scopes: ['https://a.b/read', 'offline_access'] },
  attemptId: 'a1',
  requestedAt,
  expiresInSeconds: 3599,
};

describe('a published access token', () => {
  test('is the bare token, with its scopes, its account and its attempt', () => {
    const write = accessTokenWrite(publication, {});
    assert.equal(write.value, publication.value);
    assert.equal(write.contentType, 'urn:ietf:params:oauth:token-type:access_token');
    assert.deepEqual(write.tags, {
      account: 'contoso',
      scope: 'https://a.b/read offline_access',
      'attempt-id': 'a1',
    });
  });

  test('of the v1 endpoint names its resource, and no scope of the version before', () => {
    const audience = { endpoint: 'v1', resource: 'https://graph.windows.net' } as const;
    const before = accessTokenWrite({ ...publication, refreshInSeconds: 10 }, {}).tags;
    assert.deepEqual(accessTokenWrite({ ...publication, audience }, before).tags, {
      account: 'contoso',
      resource: 'https://graph.windows.net',
      'attempt-id': 'a1',
    });
  });

  test('counts both lifetimes from the request', () => {
    const write = accessTokenWrite(
      { ...publication, expiresInSeconds: 86_400, refreshInSeconds: 43_200 },
      {},
    );
    assert.equal(write.expiresAt, requestedAt + 86_400);
    assert.equal(readAccessTokenTags(write.tags).refreshAfter, requestedAt + 43_200);
  });

  const expiries: ReadonlyArray<readonly [lifetime: number, expiry: number]> = [
    [latestExpiry - requestedAt - 1, latestExpiry - 1],
    [latestExpiry - requestedAt, latestExpiry],
    [latestExpiry - requestedAt + 1, latestExpiry],
    [Number.MAX_SAFE_INTEGER, latestExpiry],
  ];
  for (const [expiresInSeconds, expiry] of expiries) {
    test(`with ${expiresInSeconds} s to live expires at ${expiry}`, () => {
      assert.equal(accessTokenWrite({ ...publication, expiresInSeconds }, {}).expiresAt, expiry);
    });
  }

  test('keeps foreign tags, fits the vault with 50 long scopes, and reads back', () => {
    const times = fc.option(fc.integer({ min: 1, max: 1_000_000 }), { nil: undefined });
    const scopes = fc.array(fc.stringMatching(/^[a-z]{1,100}$/), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(foreignTags(10), fc.uuid(), times, scopes, (present, attemptId, refreshIn, list) => {
        const { tags } = accessTokenWrite(
          {
            ...publication,
            attemptId,
            audience: { endpoint: 'v2', scopes: list },
            ...(refreshIn === undefined ? {} : { refreshInSeconds: refreshIn }),
          },
          present,
        );
        assert.ok(fitsVault(tags));
        assert.deepEqual(readAccessTokenTags(tags), {
          attemptId,
          ...(refreshIn === undefined ? {} : { refreshAfter: requestedAt + refreshIn }),
        });
        for (const [name, value] of Object.entries(present)) assert.equal(tags[name], value);
      }),
    );
  });
});

describe("an access token's tags as a human left them", () => {
  const times: ReadonlyArray<readonly [text: string, refreshAfter: number | undefined]> = [
    ['1', 1],
    ...['0', '-1', '1.5', 'soon', '', '1e300'].map((text) => [text, undefined] as const),
  ];
  for (const [text, refreshAfter] of times) {
    test(`refresh-after "${text}" is ${refreshAfter ?? 'none'}`, () => {
      assert.equal(readAccessTokenTags({ 'refresh-after': text }).refreshAfter, refreshAfter);
    });
  }

  test('never throw', () => {
    forBrokenTags(['account', 'scope', 'resource', 'refresh-after', 'attempt-id'], (tags) =>
      assert.ok((readAccessTokenTags(tags).refreshAfter ?? 1) > 0),
    );
  });
});
