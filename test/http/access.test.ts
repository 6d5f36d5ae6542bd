import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isFromOtherSite, keyInUrl, refuseStranger } from '../../src/http/access.ts';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');
const claims = [{ typ: 'preferred_username', val: 'adele@contoso.example' }];
const principal = encode({ auth_typ: 'aad', claims, name_typ: 'n', role_typ: 'r' });

describe('the platform’s principal', () => {
  for (const enabled of ['True', 'true', 'TRUE'])
    test(`lets a user in while WEBSITE_AUTH_ENABLED is ${enabled}`, () =>
      assert.equal(refuseStranger(principal, enabled), undefined));

  for (const enabled of [undefined, '', 'False', '1', 'yes', 'True '])
    test(`counts for nothing while WEBSITE_AUTH_ENABLED is ${enabled}: anybody can send it`, () =>
      assert.deepEqual(
        [refuseStranger(principal, enabled)?.status, refuseStranger(principal, enabled)?.code],
        [403, 'authentication_off'],
      ));

  for (const [what, header] of [
    ['is missing', undefined],
    ['is empty', ''],
    ['is no base64', '%%%'],
    ['is no JSON', Buffer.from('adele').toString('base64')],
    ['is null', encode(null)],
    ['is a list', encode([principal])],
    ['is a text', encode('aad')],
    ['is of another provider', encode({ auth_typ: 'github', claims })],
    ['names no provider', encode({ claims })],
    ['has no claims', encode({ auth_typ: 'aad' })],
    ['has an empty list of claims', encode({ auth_typ: 'aad', claims: [] })],
    ['has claims that are no list', encode({ auth_typ: 'aad', claims: 'all' })],
  ] as const) {
    test(`is refused when it ${what}`, () =>
      assert.deepEqual(
        [refuseStranger(header, 'True')?.status, refuseStranger(header, 'True')?.code],
        [401, 'not_signed_in'],
      ));
  }

  test('is refused and never throws, whatever it is', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json().map((text) => Buffer.from(text).toString('base64')),
    );
    fc.assert(fc.property(anything, (header) => assert.equal(refuseStranger(header, 'True')?.status, 401)));
  });
});

describe('a request comes from another site', () => {
  const app = 'https://app.example';
  for (const [site, origin, foreign] of [
    ['same-origin', undefined, false],
    ['same-origin', 'null', false],
    ['none', undefined, false],
    ['same-site', app, true],
    ['cross-site', app, true],
    ['', app, true],
    [undefined, app, false],
    [undefined, undefined, false],
    [undefined, 'null', true],
    [undefined, 'http://app.example', true],
    [undefined, 'https://app.example:8443', true],
    [undefined, 'https://app.example.evil', true],
    [undefined, '', true],
  ] as const) {
    test(`${foreign ? 'if' : 'not if'} Sec-Fetch-Site is ${site} and Origin is ${origin}`, () =>
      assert.equal(isFromOtherSite({ site, origin }, app), foreign));
  }
});

describe('a function key in the address', () => {
  for (const [query, refused] of [
    ['code=abc', true],
    ['code=', true],
    ['Code=abc', true],
    ['CODE=abc', true],
    ['c%6Fde=abc', true],
    ['codes=abc', false],
    ['account=a&code=abc', true],
    ['', false],
    ['account=code', false],
  ] as const) {
    test(`?${query} is ${refused ? 'refused' : 'no key'}`, () =>
      assert.equal(keyInUrl(new URLSearchParams(query))?.status, refused ? 400 : undefined));
  }

  test('is not told back', () =>
    assert.ok(!JSON.stringify(keyInUrl(new URLSearchParams('code=abc'))).includes('abc')));
});
