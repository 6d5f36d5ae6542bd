import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  isOurs,
  isSigned,
  type LinkBinding,
  linkLifetimeSeconds,
  mintLink,
  parseLink,
} from '../../src/consent/signed-texts.ts';
import { Sensitive } from '../../src/sensitive.ts';

const now = 1_800_000_000;
const keyVersion = '0123456789abcdef0123456789abcdef';
const key = new Sensitive('a key');
const binding: LinkBinding = {
  account: 'ads-emea',
  registrationVersion: 'a'.repeat(32),
  grantId: 'b'.repeat(36),
};

function isGood(text: string, changes: Partial<LinkBinding> = {}, withKey = key): boolean {
  const link = parseLink(text);
  const bound = { ...binding, ...changes };
  return link !== undefined && isOurs(link, bound.account, withKey) && isSigned(link, bound, withKey);
}

describe('a consent link', () => {
  const link = mintLink(binding, now, keyVersion, key);

  test('is signed for its account, registration and refresh token, and names its key and expiry', () => {
    assert.ok(isGood(link));
    assert.deepEqual(
      [parseLink(link)?.expiresAt, parseLink(link)?.keyVersion],
      [now + linkLifetimeSeconds, keyVersion],
    );
  });

  const changes: [string, Partial<LinkBinding>][] = [
    ['another account', { account: 'ads-apac' }],
    ['a rewritten registration', { registrationVersion: 'c'.repeat(32) }],
    ['another grant', { grantId: 'c'.repeat(36) }],
    ['no grant', { grantId: '' }],
  ];
  for (const [sentence, change] of changes) {
    test(`is void for ${sentence}`, () => assert.equal(isGood(link, change), false));
  }

  test('is void under another key', () => assert.equal(isGood(link, {}, new Sensitive('b key')), false));

  test('is void with a later expiry written into it', () => {
    assert.equal(isGood(link.replace(/^\d+/, String(now + 10 * linkLifetimeSeconds))), false);
  });

  test('property: no single changed character leaves it good', () => {
    fc.assert(
      fc.property(fc.nat(link.length - 1), fc.constantFrom(...'0aZ_-.~'), (index, character) => {
        const changed = link.slice(0, index) + character + link.slice(index + 1);
        assert.ok(changed === link || !isGood(changed));
      }),
    );
  });

  for (const [sentence, account, withKey, ours] of [
    ['for its account', 'ads-emea', key, true],
    ['for another account', 'ads-apac', key, false],
    ['under another key', 'ads-emea', new Sensitive('b key'), false],
  ] as const) {
    test(`is ${ours ? '' : 'not '}known ${sentence} without the account’s secrets`, () => {
      const parsed = parseLink(link);
      assert.ok(parsed);
      assert.equal(isOurs(parsed, account, withKey), ours);
    });
  }

  for (const text of [
    '',
    '.',
    'a.b.c',
    `${link}x`,
    ` ${link}`,
    'x'.repeat(100_000),
    `${now}.${keyVersion}.`,
  ]) {
    test(`"${text.slice(0, 20)}" (${text.length} characters) is not read as one`, () => {
      assert.equal(parseLink(text), undefined);
    });
  }
});
