import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type CredentialRejection,
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
