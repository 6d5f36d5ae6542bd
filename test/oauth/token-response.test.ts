import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type ParsedTokenResponse, parseTokenResponse } from '../../src/oauth/token-response.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { assertMatches } from './token-endpoint-vectors.ts';

const now = 1_780_272_000;
const complete = {
  token_type: 'Bearer',
  access_token: 'the-access-token',
  refresh_token: 'the-refresh-token',
  expires_in: 3600,
};

function parse(members: Record<string, unknown>): ParsedTokenResponse {
  return parseTokenResponse(new Sensitive(JSON.stringify({ ...complete, ...members })), { now });
}

type Row = readonly [name: string, members: Record<string, unknown>, expected: Record<string, unknown>];

function tableTest(table: readonly Row[]): void {
  for (const [name, members, expected] of table) {
    test(name, () => assertMatches(parse(members), expected));
  }
}

const granted = (grant: Record<string, unknown>) => ({ kind: 'granted', grant });
/** A usable refresh token is kept whatever is wrong beside it. */
const malformed = (field: string, refreshTokenLost = ['refresh_token', 'error'].includes(field)) => {
  const hasNone = refreshTokenLost || field === 'body';
  const brought = { refreshToken: new Sensitive(complete.refresh_token) };
  return { kind: 'malformed', field, refreshTokenLost, ...(hasNone ? {} : { brought }) };
};

describe('lifetimes', () => {
  const alone = { expires_in: null };
  tableTest([
    ['a number of seconds', { expires_in: 3599 }, granted({ expiresInSeconds: 3599 })],
    ['digits', { expires_in: '3599' }, granted({ expiresInSeconds: 3599 })],
    ['one second is a lifetime', { expires_in: 1 }, granted({ expiresInSeconds: 1 })],
    ['no second is none', { expires_in: 0 }, malformed('expires_in')],
    ['no second as text is none', { expires_in: '0' }, malformed('expires_in')],
    ['a fraction is rounded down', { expires_in: 3599.9 }, granted({ expiresInSeconds: 3599 })],
    ['less than a second is none', { expires_in: 0.9 }, malformed('expires_in')],
    ['a negative lifetime is none', { expires_in: -1 }, malformed('expires_in')],
    ['28 hours are believed', { expires_in: 28 * 3600 }, granted({ expiresInSeconds: 28 * 3600 })],
    ['more counts as 28 hours', { expires_in: 28 * 3600 + 1 }, granted({ expiresInSeconds: 28 * 3600 })],
    ['the longest that dates allow', { expires_in: 2 ** 32 - 1 }, granted({ expiresInSeconds: 28 * 3600 })],
    ['longer than dates allow', { expires_in: 2 ** 32 }, malformed('expires_in')],
    ['an empty text is none', { expires_in: '' }, malformed('expires_in')],
    ['a text with a blank is none', { expires_in: ' 3600' }, malformed('expires_in')],
    ['true is none', { expires_in: true }, malformed('expires_in')],
    ['a list is none', { expires_in: [3600] }, malformed('expires_in')],
    ['null is like missing', { expires_in: null }, malformed('expires_in')],
    ['expires_on counts alone', { expires_in: null, expires_on: now + 1 }, granted({ expiresInSeconds: 1 })],
    ['expires_on now is over', { expires_in: null, expires_on: now }, malformed('expires_on')],
    ['expires_on as text', { ...alone, expires_on: `${now + 60}` }, granted({ expiresInSeconds: 60 })],
    ['a date as expires_on is none', { expires_in: null, expires_on: '2026-06-02' }, malformed('expires_on')],
    ['a broken one is not mended', { expires_in: 'x', expires_on: now + 60 }, malformed('expires_in')],
    ['a broken expires_on beside it', { expires_on: 'x' }, granted({ expiresInSeconds: 3600 })],
  ]);
});

describe('the lifetime and the server’s clock', () => {
  /** By a server that says the time is `now` and these seconds. */
  const lifetime = (offsetSeconds: number, members = {}, durationMilliseconds = 0) => {
    const body = new Sensitive(JSON.stringify({ ...complete, ...members }));
    const date = new Date((now + offsetSeconds) * 1000).toUTCString();
    const parsed = parseTokenResponse(body, { now, durationMilliseconds, date });
    return parsed.kind === 'granted' ? parsed.grant.expiresInSeconds : parsed.field;
  };
  const alone = (offsetSeconds: number) => ({ expires_in: null, expires_on: now + offsetSeconds });
  const rows: readonly (readonly [string, number | string, number | string])[] = [
    ['the same time', lifetime(0), 3600],
    ['a second behind, as whole seconds may be', lifetime(-1), 3600],
    ['two seconds behind', lifetime(-2), 3599],
    ['ten minutes behind: ours is ahead', lifetime(-600), 3001],
    ['behind by what the answer took on its way', lifetime(-10, {}, 9000), 3600],
    ['behind by a second more than that', lifetime(-11, {}, 9000), 3599],
    ['ahead: a token may end early, never late', lifetime(600), 3600],
    ['just younger than the token', lifetime(-3600), 1],
    ['behind by more than the token lives', lifetime(-7200), -3599],
    ['just less than a day behind', lifetime(-86_400), 3600 - 86_399],
    ['a day behind: not believed', lifetime(-86_401), 3600],
    ['ahead of expires_on alone by an hour', lifetime(0, alone(3600)), 3600],
    ['ten minutes behind, and expires_on alone', lifetime(-600, alone(3001)), 3001],
    ['behind, and expires_on is past by our clock only', lifetime(-600, alone(-1)), -1],
    ['behind, and expires_on is past by both', lifetime(-600, alone(-599)), 'expires_on'],
  ];
  for (const [what, given, expected] of rows) {
    test(`${what}: ${expected}`, () => assert.equal(given, expected));
  }

  for (const date of ['', 'yesterday', '2026-06-01T00:00:00Z', 'Sat, 31 Dec 1960 00:00:00 GMT']) {
    test(`the Date ${JSON.stringify(date)} counts for nothing`, () => {
      const parsed = parseTokenResponse(new Sensitive(JSON.stringify(complete)), { now, date });
      assert.equal(parsed.kind === 'granted' && parsed.grant.expiresInSeconds, 3600);
    });
  }
});

describe('tokens', () => {
  const bad: ReadonlyArray<readonly [name: string, value: unknown]> = [
    ['empty', ''],
    ['a blank', ' '],
    ['with a blank before it', ' token'],
    ['with a blank after it', 'token '],
    ['with a newline after it', 'token\n'],
    ['with a tab in it', 'to\tken'],
    ['with a null character in it', 'to\u0000ken'],
    ['with a delete character in it', 'to\u007fken'],
    ['with a no-break space after it', 'token\u00a0'],
    ['with a letter beyond ASCII', 'tökén'],
    ['a number', 7],
    ['an object', {}],
  ];
  for (const [name, value] of bad) {
    test(`an access token that is ${name} is malformed`, () => {
      assert.deepEqual(parse({ access_token: value }), malformed('access_token'));
    });
    test(`a refresh token that is ${name} is malformed`, () => {
      assert.deepEqual(parse({ refresh_token: value }), malformed('refresh_token'));
    });
  }
  tableTest([
    [
      'beside an access token that is missing the others count',
      { access_token: null, refresh_token_expires_in: 7, client_info: 'broken' },
      {
        ...malformed('access_token'),
        brought: { refreshToken: 'the-refresh-token', refreshTokenExpiresInSeconds: 7, user: null },
      },
    ],
    ['an access token is required', { access_token: null }, malformed('access_token')],
    ['no refresh token keeps the old one', { refresh_token: null }, granted({ refreshToken: null })],
    ['blanks within a token are its own', { access_token: 'a b' }, granted({ accessToken: 'a b' })],
    [
      '30 KB are a token',
      { refresh_token: 'r'.repeat(30_720) },
      granted({ refreshToken: 'r'.repeat(30_720) }),
    ],
    ['one character is a token', { access_token: '~' }, granted({ accessToken: '~' })],
  ]);
  test('both are sealed', () => {
    assert.doesNotMatch(JSON.stringify(parse({})), /the-(access|refresh)-token/);
  });
});

describe('the token type and errors', () => {
  tableTest([
    ['bearer in any case', { token_type: 'bEARER' }, granted({ accessToken: 'the-access-token' })],
    ['another type is malformed', { token_type: 'mac' }, malformed('token_type')],
    ['no type is malformed', { token_type: null }, malformed('token_type')],
    ['a type that is no text is malformed', { token_type: 1 }, malformed('token_type')],
    ['an error is malformed', { error: 'invalid_grant' }, malformed('error')],
    ['an empty error is malformed', { error: '' }, malformed('error')],
    ['a null error is none', { error: null }, granted({ expiresInSeconds: 3600 })],
  ]);
  const bodies = ['', ' ', 'null', '1', '"text"', '[]', '<html></html>', '{"access_token":"x"', '\ufeff{}'];
  for (const body of bodies) {
    test(`the body ${JSON.stringify(body)} is malformed`, () => {
      assert.deepEqual(parseTokenResponse(new Sensitive(body), { now }), malformed('body', false));
    });
  }
});

describe('members that only advise', () => {
  const advice = [
    ['refresh_in', 'refreshInSeconds', 1800, 0],
    ['refresh_in', 'refreshInSeconds', 1, '1h'],
    ['refresh_token_expires_in', 'refreshTokenExpiresInSeconds', 86_400, -1],
    ['scope', 'scope', 'openid profile', 'open\nid'],
    ['scope', 'scope', 'openid', ['openid']],
    ['resource', 'resource', 'https://service.contoso.com/', ''],
  ] as const;
  for (const [wire, name, good, broken] of advice) {
    test(`${wire} ${JSON.stringify(good)} is read`, () => {
      assertMatches(parse({ [wire]: good }), granted({ [name]: good }));
    });
    test(`${wire} ${JSON.stringify(broken)} is left out`, () => {
      assertMatches(parse({ [wire]: broken }), granted({ accessToken: 'the-access-token', [name]: null }));
    });
  }
});

describe('client_info', () => {
  const base64Url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const padded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
  const uid = '68389ae2-62fa-4b18-91fe-53dd109d74f5';
  const utid = '9188040d-6c67-4c5b-b112-36a304b66dad';
  const user = { objectId: uid, tenantId: utid };
  tableTest([
    ['names the user', { client_info: base64Url({ uid, utid }) }, granted({ user })],
    ['may be padded', { client_info: padded({ uid, utid, x: 1 }) }, granted({ user })],
    [
      'with too much padding names nobody',
      { client_info: `${padded({ uid, utid })}=` },
      granted({ user: null }),
    ],
    ['is put in lower case', { client_info: base64Url({ uid: uid.toUpperCase(), utid }) }, granted({ user })],
    ['uses the URL alphabet', { client_info: base64Url({ uid, utid, note: '~~~???' }) }, granted({ user })],
    ['without uid names nobody', { client_info: base64Url({ utid }) }, granted({ user: null })],
    ['without utid names nobody', { client_info: base64Url({ uid }) }, granted({ user: null })],
    ['with other ids names nobody', { client_info: base64Url({ uid: 'me', utid }) }, granted({ user: null })],
    ['of another JSON names nobody', { client_info: base64Url('text') }, granted({ user: null })],
    ['that is no base64url names nobody', { client_info: '{}' }, granted({ user: null })],
    ['that is no text names nobody', { client_info: { uid, utid } }, granted({ user: null })],
  ]);
});

test('any JSON is granted with an access token and a lifetime, or malformed with a field', () => {
  fc.assert(
    fc.property(
      fc.record({ access_token: fc.jsonValue(), expires_in: fc.jsonValue() }),
      fc.jsonValue(),
      (members, other) => {
        const parsed = parse({ ...members, client_info: other, refresh_in: other });
        if (parsed.kind === 'malformed') return;
        assert.equal(parsed.grant.accessToken.reveal(), members.access_token);
        assert.ok(parsed.grant.expiresInSeconds >= 1);
      },
    ),
  );
});
