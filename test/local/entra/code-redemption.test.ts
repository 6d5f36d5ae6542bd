import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { decodeAccessToken } from '../../../local/entra/issued-tokens.ts';
import {
  type Answer,
  adele,
  adsScope,
  authorizePath,
  clientId,
  codesOf,
  jordan,
  json,
  lee,
  otherClientId,
  otherTenantId,
  redirectUri,
  resource,
  type SignIn,
  secret,
  startSignIn,
  tokenPath,
  type Values,
  v1,
  verifier,
} from './sign-in-fixture.ts';

const graphScope = 'https://graph.microsoft.com/User.Read';
const onV1 = { authorize: authorizePath(undefined, 'v1'), token: tokenPath(undefined, 'v1') };
const atCommon = { authorize: authorizePath('common'), token: tokenPath('common') };
let signIn: SignIn;

before(async () => {
  signIn = await startSignIn();
});
after(() => signIn.close());

const text = (answer: Answer, field: string): string => {
  assert.equal(answer.status, 200, answer.body);
  const value = json(answer)[field];
  assert.ok(typeof value === 'string', field);
  return value;
};

suite('a redeemed code', () => {
  test('of v2 gives access, refresh and id token', async () => {
    const answer = await signIn.redeem(await signIn.code());
    assert.deepEqual(Object.keys(json(answer)), [
      ...['token_type', 'scope', 'expires_in', 'ext_expires_in', 'access_token', 'refresh_token', 'id_token'],
    ]);
    assert.equal(json(answer)['scope'], adsScope);
    assert.equal(signIn.state.accepts(text(answer, 'refresh_token')), true);
    const facts = decodeAccessToken(text(answer, 'access_token'));
    assert.equal(facts?.grantId, signIn.state.grantOf(text(answer, 'refresh_token')));
  });

  test('of v1 gives access, refresh and id token for the resource', async () => {
    const answer = await signIn.redeem(await signIn.code(v1, onV1.authorize), v1, onV1.token);
    assert.equal(json(answer)['resource'], resource);
    assert.equal(json(answer)['scope'], 'user_impersonation');
    assert.equal(signIn.state.accepts(text(answer, 'refresh_token')), true);
    assert.ok(text(answer, 'id_token'));
  });

  test('names the user when client_info is asked for', async () => {
    const answer = await signIn.redeem(await signIn.code(undefined, undefined, lee), { client_info: '1' });
    const info: unknown = JSON.parse(Buffer.from(text(answer, 'client_info'), 'base64url').toString());
    assert.deepEqual(info, { uid: lee.objectId, utid: lee.tenantId });
    assert.equal(json(await signIn.redeem(await signIn.code()))['client_info'], undefined);
  });

  test('begins a grant that refreshes, in the tenant and of the user who was picked', async () => {
    const code = await signIn.code({}, atCommon.authorize, lee);
    const form = { grant_type: 'refresh_token', code: undefined, redirect_uri: undefined };
    const first = await signIn.redeem(code, {}, atCommon.token);
    const refresh = { ...form, refresh_token: text(first, 'refresh_token') };
    const second = await signIn.redeem('', refresh, atCommon.token);
    assert.equal(second.status, 200);
    signIn.state.revoke({ user: lee });
    assert.deepEqual(codesOf(await signIn.redeem('', refresh, atCommon.token)), [50173]);
  });

  test('has another access token than its first refresh in the same moment', async () => {
    const own = await startSignIn({ accessTokenLifetimeSeconds: () => 3600 });
    const first = await own.redeem(await own.code());
    const refresh = { grant_type: 'refresh_token', refresh_token: text(first, 'refresh_token') };
    const second = await own.redeem('', { ...refresh, code: undefined });
    await own.close();
    assert.notEqual(text(second, 'access_token'), text(first, 'access_token'));
  });

  test('leaves earlier grants of the user alive', async () => {
    const earlier = text(await signIn.redeem(await signIn.code()), 'refresh_token');
    const later = text(await signIn.redeem(await signIn.code()), 'refresh_token');
    assert.notEqual(signIn.state.grantOf(earlier), signIn.state.grantOf(later));
    assert.deepEqual([signIn.state.accepts(earlier), signIn.state.accepts(later)], [true, true]);
  });
});

// [sentence, change of the redemption, numbers (none: redeemed), OAuth error, HTTP status]
const redemptions: readonly (readonly [string, Values, number[], string?, number?])[] = [
  ['a good redemption', {}, []],
  ['without a scope, the consented ones', { scope: undefined }, []],
  ['a part of the scopes', { scope: adsScope }, []],
  ['a scope that was not consented', { scope: graphScope }, [65001], 'invalid_grant', 400],
  ['no code', { code: undefined }, [900144], 'invalid_request', 400],
  ['no redirect URI', { redirect_uri: undefined }, [900144], 'invalid_request', 400],
  ['another redirect URI', { redirect_uri: `${redirectUri}/` }, [500112], 'invalid_client', 401],
  ['a redirect URI in another case', { redirect_uri: redirectUri.toUpperCase() }, [500112]],
  ['no verifier', { code_verifier: undefined }, [501481], 'invalid_grant', 400],
  ['another verifier', { code_verifier: `${verifier}x` }, [501481], 'invalid_grant', 400],
  ['a wrong secret', { client_secret: 'wrong' }, [7000215], 'invalid_client', 401],
  ['another client', { client_id: otherClientId }, [700007], 'invalid_grant', 400],
  ['a made-up code', { code: '0.Anotours' }, [9002313], 'invalid_grant', 400],
];
suite('a redemption', () => {
  for (const [sentence, changes, numbers, error, status] of redemptions) {
    test(`of ${sentence} is ${numbers.length === 0 ? 'answered' : `refused with ${numbers}`}`, async () => {
      const answer = await signIn.redeem(await signIn.code(), changes);
      assert.deepEqual(codesOf(answer), numbers, answer.body);
      if (error !== undefined) assert.deepEqual([json(answer)['error'], answer.status], [error, status]);
    });
  }

  test('of a code with one character changed is refused', async () => {
    const code = await signIn.code();
    assert.deepEqual(
      codesOf(await signIn.redeem(`${code.slice(0, -1)}${code.endsWith('a') ? 'b' : 'a'}`)),
      [9002313],
    );
    assert.deepEqual(codesOf(await signIn.redeem(code)), []);
  });

  test('at another tenant than the authorize request is refused', async () => {
    for (const [authorize, token] of [
      [authorizePath(), tokenPath(otherTenantId)],
      [authorizePath(), tokenPath('common')],
      [atCommon.authorize, tokenPath()],
    ] as const) {
      const code = await signIn.code({}, authorize);
      assert.deepEqual(codesOf(await signIn.redeem(code, {}, token)), [700005]);
    }
    assert.deepEqual(
      codesOf(await signIn.redeem(await signIn.code({}, atCommon.authorize), {}, atCommon.token)),
      [],
    );
  });

  test('at another port of this machine than the authorize request is refused', async () => {
    signIn.state.registerClient({
      clientId: otherTenantId,
      secrets: [{ value: secret }],
      redirectUris: ['http://localhost/callback'],
    });
    const at = (port: number): Values => ({
      client_id: otherTenantId,
      redirect_uri: `http://localhost:${port}/callback`,
    });
    const decided = async () => {
      const { headers } = await signIn.decide('accept', adele, at(7071));
      return new URL(headers['location'] ?? '').searchParams.get('code') ?? '';
    };
    assert.deepEqual(codesOf(await signIn.redeem(await decided(), at(7072))), [500112]);
    assert.deepEqual(codesOf(await signIn.redeem(await decided(), at(7071))), []);
  });

  test('of a user who was disabled meanwhile is refused', async () => {
    const code = await signIn.code();
    signIn.state.disableUser(adele);
    assert.deepEqual(codesOf(await signIn.redeem(code)), [50057]);
    signIn.state.enableUser(adele);
    assert.deepEqual(codesOf(await signIn.redeem(code)), []);
  });
});

suite('PKCE', () => {
  const plain = { code_challenge: verifier, code_challenge_method: 'plain' };
  const none = { code_challenge: undefined, code_challenge_method: undefined };
  const cases: readonly (readonly [string, Values, string | undefined, number[]])[] = [
    ['a plain challenge is its verifier', plain, verifier, []],
    ['a challenge without a method is plain', { ...plain, code_challenge_method: undefined }, verifier, []],
    ['a plain challenge is compared', plain, verifier.toLowerCase(), [501481]],
    ['an S256 challenge is no verifier', {}, 'lvRWDEBY6IUR3UT6b7dPEkhiLF6yYXQoZDyLt3MFUWU', [501481]],
    ['without a challenge no verifier is needed', none, undefined, []],
    ['without a challenge a verifier is refused', none, verifier, [501481]],
  ];
  for (const [sentence, challenge, presented, numbers] of cases) {
    test(sentence, async () => {
      const code = await signIn.code(challenge);
      assert.deepEqual(codesOf(await signIn.redeem(code, { code_verifier: presented })), numbers);
    });
  }
});

suite('a second redemption', () => {
  const replay = async (first: Values, paths: Partial<typeof onV1> = {}, at: Values = {}) => {
    const code = await signIn.code(at, paths.authorize);
    await signIn.redeem(code, { ...at, ...first }, paths.token);
    return signIn.redeem(code, at, paths.token);
  };

  test('is refused with 54005, and the tokens of the first live on', async () => {
    const code = await signIn.code();
    const first = await signIn.redeem(code);
    const second = await signIn.redeem(code);
    assert.deepEqual(
      [codesOf(second), json(second)['error'], second.status],
      [[54005], 'invalid_grant', 400],
    );
    assert.equal(signIn.state.accepts(text(first, 'refresh_token')), true);
  });

  test('on v1 tells it behind a 70002', async () => {
    const answer = await replay({}, onV1, v1);
    assert.deepEqual([codesOf(answer), json(answer)['error']], [[70002, 54005], 'invalid_grant']);
    assert.match(
      String(json(answer)['error_description']),
      /^AADSTS70002: Error validating credentials\. AADSTS54005: OAuth2 Authorization code was already redeemed/,
    );
  });

  test('of a personal account is refused with 70000', async () => {
    const client = { client_id: otherClientId };
    const code = await signIn.code(client, atCommon.authorize, jordan);
    assert.deepEqual(codesOf(await signIn.redeem(code, client, atCommon.token)), []);
    assert.deepEqual(codesOf(await signIn.redeem(code, client, atCommon.token)), [70000]);
  });

  for (const [sentence, first, numbers] of [
    ['a wrong verifier spends the code', { code_verifier: 'wrong' }, [54005]],
    ['a wrong secret does not', { client_secret: 'wrong' }, []],
    ['a wrong redirect URI does not', { redirect_uri: `${redirectUri}/` }, []],
    ['a wrong scope does not', { scope: graphScope }, []],
  ] as const) {
    test(sentence, async () => assert.deepEqual(codesOf(await replay(first)), numbers));
  }
});

suite('a code', () => {
  const redeemAfter = async (
    milliseconds: number,
    at: Values = {},
    paths: Partial<typeof onV1> = {},
    who = adele,
  ) => {
    const code = await signIn.code(at, paths.authorize, who);
    signIn.clock.advance(milliseconds);
    return signIn.redeem(code, at, paths.token);
  };

  test('lives ten minutes', async () => {
    assert.deepEqual(codesOf(await redeemAfter(599_999)), []);
    const late = await redeemAfter(600_000);
    assert.deepEqual([codesOf(late), json(late)['error']], [[70008], 'invalid_grant']);
  });

  test('of v1 that is too old is told behind a 70002', async () => {
    assert.deepEqual(codesOf(await redeemAfter(599_999, v1, onV1)), []);
    assert.deepEqual(codesOf(await redeemAfter(600_000, v1, onV1)), [70002, 70008]);
  });

  test('of a personal account that is too old is refused with 70000', async () => {
    const late = await redeemAfter(600_000, { client_id: otherClientId }, atCommon, jordan);
    assert.deepEqual(codesOf(late), [70000]);
    assert.match(String(json(late)['error_description']), /The code has expired\./);
  });
});

test('the log names neither code nor state', async () => {
  const code = await signIn.code({ state: 'secret-state' });
  await signIn.redeem(code, {}, `${tokenPath()}?code=${code}`);
  const log = JSON.stringify(signIn.state.recentRequests());
  assert.ok(log.includes(clientId));
  for (const secretText of [code, 'secret-state', verifier]) assert.equal(log.includes(secretText), false);
});
