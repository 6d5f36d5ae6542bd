import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import {
  adsScope,
  authorizePath,
  codesOf,
  json,
  resource,
  type SignIn,
  startSignIn,
  tokenPath,
} from './sign-in-fixture.ts';

const graphScope = 'https://graph.microsoft.com/User.Read';
const onV1 = { authorize: authorizePath(undefined, 'v1'), token: tokenPath(undefined, 'v1') };
let signIn: SignIn;

before(async () => {
  signIn = await startSignIn();
});
after(() => signIn.close());

suite('a code', () => {
  for (const [atAuthorize, atToken, given] of [
    [true, true, true],
    [true, false, false],
    [false, true, false],
  ] as const) {
    test(`with offline_access ${atAuthorize ? '' : 'not '}consented and ${atToken ? '' : 'not '}requested gives ${given ? 'a' : 'no'} refresh token`, async () => {
      const scope = (offline: boolean) => (offline ? `${adsScope} offline_access` : adsScope);
      const code = await signIn.code({ scope: scope(atAuthorize) });
      const answer = await signIn.redeem(code, { scope: scope(atToken) });
      assert.equal(answer.status, 200, answer.body);
      assert.equal('refresh_token' in json(answer), given);
    });
  }
});

suite('the resource of v1', () => {
  const other = 'https://other.contoso.com/';
  const cases: readonly (readonly [string, string | undefined, string | undefined, number[]])[] = [
    ['at the authorize request is enough', resource, undefined, []],
    ['at the token request is enough', undefined, resource, []],
    ['has to be somewhere', undefined, undefined, [900144]],
    ['has to be the same', resource, other, [65001]],
  ];
  for (const [sentence, first, second, numbers] of cases) {
    test(sentence, async () => {
      const code = await signIn.code({ scope: undefined, resource: first }, onV1.authorize);
      const answer = await signIn.redeem(code, { scope: undefined, resource: second }, onV1.token);
      assert.deepEqual(codesOf(answer), numbers, answer.body);
    });
  }
});

suite('what the client’s manifest names', () => {
  const other = 'https://other.contoso.com';
  const manifest = { permissions: [`${other}/read`] };
  for (const [sentence, at, asked, numbers] of [
    ['is covered by a consent on v1', 'v1', { scope: undefined, resource }, []],
    ['is covered by a consent to .default', 'v2', { scope: `${resource}/.default offline_access` }, []],
    ['is not covered by a consent to single scopes', 'v2', { scope: `${adsScope} offline_access` }, [65001]],
  ] as const) {
    test(sentence, async () => {
      const own = await startSignIn(manifest);
      const code = await own.code(asked, authorizePath(undefined, at));
      const redeemed = json(await own.redeem(code, asked, tokenPath(undefined, at)));
      const refresh = {
        grant_type: 'refresh_token',
        refresh_token: String(redeemed['refresh_token']),
        code: undefined,
        ...(at === 'v1' ? { scope: undefined, resource: other } : { scope: `${other}/.default` }),
      };
      assert.deepEqual(codesOf(await own.redeem('', refresh, tokenPath(undefined, at))), numbers);
      await own.close();
    });
  }
});

suite('two resources in one consent', () => {
  const both = { scope: `${adsScope} ${graphScope} offline_access` };
  for (const [scope, granted] of [
    [adsScope, adsScope],
    [graphScope, 'User.Read profile openid email'],
  ] as const) {
    test(`serve ${scope} alone`, async () => {
      const answer = await signIn.redeem(await signIn.code(both), { scope });
      assert.equal(json(answer)['scope'], granted);
    });
  }

  test('are refused in one redemption', async () => {
    assert.deepEqual(codesOf(await signIn.redeem(await signIn.code(both), both)), [28000]);
  });
});
