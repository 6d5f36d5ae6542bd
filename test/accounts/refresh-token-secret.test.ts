import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  parseRefreshToken,
  type RefreshTokenTags,
  readRefreshTokenTags,
  refreshTokenEnd,
  refreshTokenTags,
  refreshTokenWrite,
} from '../../src/accounts/refresh-token-secret.ts';
import { latestExpiry } from '../../src/accounts/secret.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { fitsVault, forBrokenTags, foreignTags } from './tags.ts';

const tagSets: fc.Arbitrary<RefreshTokenTags> = fc.record(
  {
    generation: fc.maxSafeNat(),
    source: fc.constantFrom('consent', 'sweep', 'manual'),
    attemptId: fc.uuid(),
    previousVersion: fc.stringMatching(/^[0-9a-f]{32}$/),
    user: fc.record(
      {
        tenantId: fc.uuid(),
        objectId: fc.uuid(),
        ids: fc.constantFrom('home' as const, 'provisional' as const),
      },
      { noNullPrototype: true, requiredKeys: ['tenantId', 'objectId'] },
    ),
    signedInAs: fc.record({ tenantId: fc.uuid(), objectId: fc.uuid() }, { noNullPrototype: true }),
    loginHintHash: fc.stringMatching(/^[\w-]{22}$/),
    clientId: fc.uuid(),
  },
  { noNullPrototype: true, requiredKeys: ['generation', 'source'] },
);

const byHand: RefreshTokenTags = { generation: 0, source: 'manual' };

describe("a refresh token's tags", () => {
  test('are read back as written, keep foreign tags, and fit the vault', () => {
    fc.assert(
      fc.property(foreignTags(5), tagSets, (present, tags) => {
        const written = refreshTokenTags(present, tags);
        assert.ok(fitsVault(written));
        assert.deepEqual(readRefreshTokenTags(written), tags);
        for (const [name, value] of Object.entries(present)) assert.equal(written[name], value);
      }),
    );
  });

  test('of the version before do not live on', () => {
    const before = refreshTokenTags({}, { ...byHand, attemptId: 'a', previousVersion: 'p' });
    assert.deepEqual(readRefreshTokenTags(refreshTokenTags(before, byHand)), byHand);
  });

  const odd: ReadonlyArray<readonly [what: string, tags: Record<string, string>, read: RefreshTokenTags]> = [
    ['none: stored by hand', {}, byHand],
    ['an unknown source: stored by hand', { source: 'copy' }, byHand],
    ['a negative generation: a first one', { generation: '-1' }, byHand],
    ['a generation in words: a first one', { generation: 'third' }, byHand],
    ['a generation beyond counting: a first one', { generation: '9007199254740993' }, byHand],
    ['half a pin, the tenant: no pin', { 'user-tenant': 't' }, byHand],
    ['half a pin, the object id: no pin', { 'user-object-id': 'o' }, byHand],
    [
      'a pin of an unknown kind: as of an older version',
      { 'user-tenant': 't', 'user-object-id': 'o', 'user-ids': 'x' },
      { ...byHand, user: { tenantId: 't', objectId: 'o' } },
    ],
    ['half an id token: none', { 'signed-in-as': 'o' }, byHand],
  ];
  for (const [what, tags, read] of odd) {
    test(`as a human left them, ${what}`, () => assert.deepEqual(readRefreshTokenTags(tags), read));
  }

  test('that a human broke never throw', () => {
    const names = ['generation', 'source', 'attempt-id', 'previous-version', 'signed-in-as'];
    forBrokenTags([...names, 'user-tenant', 'user-object-id', 'user-ids'], (tags) =>
      assert.ok(Number.isSafeInteger(readRefreshTokenTags(tags).generation)),
    );
  });
});

describe("a refresh token's new version", () => {
  const now = 1_772_323_200;
  const value = new Sensitive('refresh-token');

  test('holds the bare token', () => {
    const write = refreshTokenWrite(value, { theirs: '1' }, byHand, { from: now, longestSeconds: 7_776_000 });
    assert.equal(write.value, value);
    assert.equal(write.contentType, 'urn:ietf:params:oauth:token-type:refresh_token');
    assert.deepEqual(write.tags, { theirs: '1', generation: '0', source: 'manual' });
  });

  const expiries: ReadonlyArray<
    readonly [what: string, now: number, lifetime: number | undefined, expiry: number]
  > = [
    ['after 90 days when Entra named no lifetime', now, undefined, now + 7_776_000],
    ['when Entra said', now, 86_400, now + 86_400],
    ['in the last second that the SDK can write', latestExpiry - 10, 10, latestExpiry],
    ['never later than that second', latestExpiry - 10, 11, latestExpiry],
  ];
  for (const [what, from, lifetimeSeconds, expiry] of expiries) {
    test(`expires ${what}`, () => {
      const life = { from, lifetimeSeconds, longestSeconds: 100 * 86_400 };
      const write = refreshTokenWrite(value, {}, byHand, life);
      assert.equal(write.expiresAt, expiry);
      assert.equal(refreshTokenEnd(parseRefreshToken(write)), expiry);
      assert.equal(write.tags['refresh-token-expires'], undefined);
    });
  }

  const caps: ReadonlyArray<readonly [what: string, lifetime: number, isNoted: boolean]> = [
    ['a token that ends when the longest expiry does', 60 * 86_400, false],
    ['a token that lives longer', 60 * 86_400 + 1, true],
  ];
  for (const [what, lifetimeSeconds, isNoted] of caps) {
    test(`of ${what} expires an hour before the longest expiry, ${isNoted ? '' : 'not '}with its end in a tag`, () => {
      const life = { from: now, lifetimeSeconds, longestSeconds: 60 * 86_400 };
      const write = refreshTokenWrite(value, {}, byHand, life);
      assert.equal(write.expiresAt, now + 60 * 86_400 - 3600);
      assert.equal(readRefreshTokenTags(write.tags).endsAt, isNoted ? now + lifetimeSeconds : undefined);
      assert.equal(
        refreshTokenEnd(parseRefreshToken(write)),
        isNoted ? now + lifetimeSeconds : write.expiresAt,
      );
    });
  }
});
