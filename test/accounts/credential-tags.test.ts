import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type CredentialRejection,
  credentialEnd,
  credentialExpiry,
  credentialTags,
  readCredentialRejection,
} from '../../src/accounts/credential-tags.ts';
import { isoTime, latestEpochSeconds } from '../../src/time.ts';
import { brokenValue, fitsVault, foreignTags } from './tags.ts';

const rejections: fc.Arbitrary<CredentialRejection> = fc.record(
  {
    clientId: fc.uuid(),
    authority: fc.domain().map((host) => `https://${host}`),
    code: fc.stringMatching(/^[A-Za-z0-9_]{1,64}$/),
    cause: fc.string({ maxLength: 512 }),
    remedy: fc.string({ maxLength: 512 }),
    since: fc.integer({ min: 0, max: latestEpochSeconds }),
    traceId: fc.uuid(),
  },
  { noNullPrototype: true, requiredKeys: ['clientId', 'authority', 'code', 'cause', 'remedy', 'since'] },
);

describe("a client secret's tags", () => {
  test('give back the rejection, keep foreign tags, and fit the vault', () => {
    fc.assert(
      fc.property(foreignTags(12), rejections, (present, rejection) => {
        const written = credentialTags(present, rejection);
        assert.ok(fitsVault(written));
        assert.deepEqual(readCredentialRejection(written), rejection);
        for (const [name, value] of Object.entries(present)) assert.equal(written[name], value);
      }),
    );
  });

  test('without a rejection are what others put there', () => {
    fc.assert(
      fc.property(foreignTags(12), rejections, (present, rejection) => {
        const cleared = credentialTags(credentialTags(present, rejection), undefined);
        assert.deepEqual({ ...cleared }, { ...present });
        assert.equal(readCredentialRejection(cleared), undefined);
      }),
    );
  });

  test('that a human broke count as no rejection or as one that can be shown, and never throw', () => {
    const names = fc.constantFrom('refresher-rejected', 'refresher-cause', 'refresher-remedy');
    const almost = fc
      .record({
        client: fc.string(),
        authority: fc.string(),
        code: fc.string(),
        since: fc.oneof(fc.maxSafeInteger(), fc.jsonValue()),
      })
      .map((value) => ({ 'refresher-rejected': JSON.stringify(value) }));
    fc.assert(
      fc.property(fc.oneof(fc.dictionary(names, brokenValue), almost), (tags) => {
        const read = readCredentialRejection(tags);
        if (read !== undefined) assert.ok(isoTime(read.since));
      }),
      { numRuns: 500 },
    );
  });
});

describe("the expiry of a credential's secret", () => {
  const now = 1_800_000_000;
  const days = (count: number): number => count * 86_400;
  const longest = days(60);
  const cap = now + longest - 3600;

  /** The credential's end in seconds from now, the secret's expiry, and whether a tag tells the end. */
  const table: readonly (readonly [string, number | undefined, number, boolean])[] = [
    ['that ends sooner than the longest expiry is its end', days(59), now + days(59), false],
    ['that ends with the longest expiry is an hour sooner, and needs no tag', days(60), cap, false],
    ['that ends later is the longest, and a tag tells the end', days(60) + 1, cap, true],
    ['that ends far behind what the SDK can write is told by the tag, too', days(20_000), cap, true],
    ['whose end nobody told is the longest, and a tag says that', undefined, cap, true],
  ];
  for (const [what, ends, expiresAt, isTagged] of table) {
    test(`of one ${what}`, () => {
      const end = ends === undefined ? undefined : now + ends;
      const written = credentialExpiry(now, longest, end);
      assert.equal(written.expiresAt, expiresAt);
      assert.equal(Object.keys(written.tags).length, isTagged ? 1 : 0);
      assert.equal(credentialEnd(written), isTagged ? end : expiresAt);
    });
  }

  test('that an operator changes afterwards counts again', () => {
    const { tags } = credentialExpiry(now, longest, undefined);
    assert.equal(credentialEnd({ tags, expiresAt: now + days(300) }), now + days(300));
  });

  test('keeps its tag when a rejection is noted and cleared', () => {
    const written = credentialExpiry(now, longest, now + days(300));
    const rejection = { clientId: 'c', authority: 'a', code: 'x', cause: '', remedy: '', since: now };
    const tags = credentialTags(credentialTags(written.tags, rejection), undefined);
    assert.equal(credentialEnd({ ...written, tags }), now + days(300));
  });
});
