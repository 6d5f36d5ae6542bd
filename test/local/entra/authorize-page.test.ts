import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import {
  adele,
  adsScope,
  authorizePath,
  clientId,
  jordan,
  lee,
  otherClientId,
  pageError,
  personalTenantId,
  redirectUri,
  resource,
  returned,
  type SignIn,
  startSignIn,
  stranger,
  tenantId,
  unknownClientId,
  type Values,
  v1,
} from './sign-in-fixture.ts';

const onV1 = authorizePath(undefined, 'v1');
const common = authorizePath('common');
let signIn: SignIn;

before(async () => {
  signIn = await startSignIn();
});
beforeEach(() => signIn.state.enableUser(adele));
after(() => signIn.close());

/** The user principal names before which a radio button is checked. */
function preselected(body: string): string[] {
  return [...body.matchAll(/ checked>[^<]*<span>([^<]*)</g)].map(([, name]) => name ?? '');
}

suite('the sign-in page', () => {
  test('labels a choice for each user and three buttons', async () => {
    const { body } = await signIn.authorize();
    const users = [...body.matchAll(/<label><input type="radio" name="user"[^>]*> ([^<]*) <span>([^<]*)</g)];
    assert.deepEqual(
      users.map(([, name, principal]) => [name, principal]),
      [adele, lee, stranger, jordan].map(({ displayName, userPrincipalName }) => [
        displayName,
        userPrincipalName,
      ]),
    );
    const buttons = [...body.matchAll(/<button name="decision"[^>]*>([^<]*)</g)].map(([, name]) => name);
    assert.deepEqual(buttons, ['Accept', 'Cancel', 'Needs admin approval']);
  });

  test('says which client asks for what', async () => {
    const asked = (body: string) => [...body.matchAll(/<li><code>([^<]*)</g)].map(([, scope]) => scope);
    const v2 = await signIn.authorize();
    assert.ok(v2.body.includes(clientId));
    assert.deepEqual(asked(v2.body), [adsScope, 'offline_access', 'openid', 'profile']);
    assert.deepEqual(asked((await signIn.authorize(v1, onV1)).body), [resource]);
  });

  for (const [hint, expected] of [
    [lee.userPrincipalName, [lee.userPrincipalName]],
    [lee.userPrincipalName.toUpperCase(), [lee.userPrincipalName]],
    ['nobody@contoso.example', []],
    [undefined, []],
  ] as const) {
    test(`preselects ${expected.length === 0 ? 'nobody' : expected[0]} for the hint ${hint}`, async () => {
      const { body } = await signIn.authorize({ login_hint: hint });
      assert.deepEqual(preselected(body), expected);
    });
  }

  test('runs no script, and its form may only lead to itself and the app', async () => {
    const { headers, body } = await signIn.authorize();
    const policy = headers['content-security-policy'] ?? '';
    assert.match(policy, /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+'; /);
    assert.match(
      policy,
      /; form-action 'self' https:\/\/refresher\.example; base-uri 'none'; frame-ancestors 'none'$/,
    );
    assert.equal(headers['cache-control'], 'no-store, no-cache');
    assert.doesNotMatch(body, /<script|javascript:| on[a-z]+=/i);
  });

  test('is shown again with a notice when nobody was picked', async () => {
    for (const answer of [
      await signIn.decide('accept'),
      await signIn.decide('accept', { ...lee, objectId: clientId }),
    ]) {
      assert.equal(answer.status, 400);
      assert.match(answer.body, /<p role="alert">Pick an account\.<\/p>/);
    }
    const answer = await signIn.decide('something else', adele);
    assert.match(answer.body, /<p role="alert">Accept or cancel\.<\/p>/);
    assert.doesNotMatch((await signIn.authorize()).body, /role="alert"/);
  });
});

suite('Accept', () => {
  test('sends code, state and session state to the app', async () => {
    const parameters = returned(await signIn.decide('accept', adele));
    assert.deepEqual([...parameters.keys()], ['code', 'state', 'session_state']);
    assert.equal(parameters.get('state'), '12345');
    assert.match(parameters.get('session_state') ?? '', /^[0-9a-f-]{36}$/);
  });

  test('gives another code each time', async () => {
    assert.notEqual(await signIn.code(), await signIn.code());
  });

  test('sends no state when none was sent, and an odd one as it came', async () => {
    assert.equal(returned(await signIn.decide('accept', adele, { state: undefined })).has('state'), false);
    const odd = 'a b+c%20&code=evil#é\r\nSet-Cookie: x=1"><script>';
    const parameters = returned(await signIn.decide('accept', adele, { state: odd }));
    assert.equal(parameters.get('state'), odd);
    assert.equal(parameters.getAll('code').length, 1);
  });

  // [sentence, user, path, sent to the app]
  const members: readonly (readonly [string, typeof adele, string, boolean])[] = [
    ['a user at home', adele, authorizePath(), true],
    ['a user at home, named by the domain', adele, authorizePath('contoso.example'), true],
    ['a user of another tenant', stranger, authorizePath(), false],
    ['a work account at common', stranger, common, true],
    ['a work account at organizations', stranger, authorizePath('organizations'), true],
    ['a work account at consumers', stranger, authorizePath('consumers'), false],
    ['a personal account at common', jordan, common, true],
    ['a personal account at consumers', jordan, authorizePath('consumers'), true],
    ['a personal account at the personal tenant', jordan, authorizePath(personalTenantId), true],
    ['a personal account at organizations', jordan, authorizePath('organizations'), false],
    ['a personal account at a work tenant', jordan, authorizePath(), false],
    ['a work account on v1', adele, authorizePath('common', 'v1'), true],
    ['a personal account on v1', jordan, authorizePath('common', 'v1'), false],
  ];
  for (const [sentence, who, path, accepted] of members) {
    test(`of ${sentence} ${accepted ? 'gives a code' : 'ends on a page with 50020'}`, async () => {
      const answer = await signIn.decide(
        'accept',
        who,
        { client_id: otherClientId, ...forVersion(path) },
        path,
      );
      if (accepted) assert.ok(returned(answer).get('code'));
      else assert.equal(pageError(answer), 50020);
    });
  }

  test('of a disabled or deleted user ends on a page', async () => {
    signIn.state.disableUser(adele);
    assert.equal(pageError(await signIn.decide('accept', adele)), 50057);
    signIn.state.deleteUser(adele);
    assert.equal(pageError(await signIn.decide('accept', adele)), 500341);
    assert.ok(returned(await signIn.decide('accept', lee)).get('code'));
  });
});

const forVersion = (path: string): Values => (path.includes('v2.0') ? {} : v1);

suite('Cancel', () => {
  test('is access_denied with 65004, whether a user was picked or not', async () => {
    for (const who of [undefined, adele]) {
      const parameters = returned(await signIn.decide('cancel', who));
      assert.deepEqual(
        [...parameters.keys()],
        ['error', 'error_subcode', 'error_description', 'error_uri', 'state'],
      );
      assert.equal(parameters.get('error'), 'access_denied');
      assert.equal(parameters.get('error_subcode'), 'cancel');
      assert.match(parameters.get('error_description') ?? '', /^AADSTS65004: User declined to consent/);
      assert.equal(parameters.get('state'), '12345');
    }
  });

  test('of a personal account has no number', async () => {
    const texts = [
      await signIn.decide('cancel', jordan, { client_id: otherClientId }, common),
      await signIn.decide('cancel', undefined, { client_id: otherClientId }, authorizePath('consumers')),
    ].map((answer) => returned(answer));
    for (const parameters of texts) {
      assert.deepEqual([...parameters.keys()], ['error', 'error_description', 'state']);
      assert.equal(parameters.get('error'), 'access_denied');
      assert.match(parameters.get('error_description') ?? '', /^The user has denied access to the scope/);
    }
  });
});

test('Needs admin approval is consent_required with 90094', async () => {
  for (const [changes, path] of [
    [{}, undefined],
    [v1, onV1],
  ] as const) {
    const parameters = returned(await signIn.decide('admin_approval', undefined, changes, path));
    assert.equal(parameters.get('error'), 'consent_required');
    assert.match(parameters.get('error_description') ?? '', /^AADSTS90094: .* only an admin can grant\./);
    assert.equal(parameters.get('state'), '12345');
    assert.equal(parameters.has('code'), false);
  }
});

suite('markup of others', () => {
  const attack = `"'><script>alert(1)</script><img/src=x/onerror=alert(1)>&amp;`;
  const escaped =
    '&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img/src=x/onerror=alert(1)&gt;&amp;amp;';
  const assertHarmless = (body: string) => assert.doesNotMatch(body, /<script|<img|"'>/);

  const places: readonly (readonly [string, Values, string | undefined, boolean])[] = [
    ['state', { state: attack }, undefined, false],
    ['nonce', { nonce: attack }, undefined, false],
    ['login_hint', { login_hint: attack }, undefined, false],
    ['scope', { scope: attack }, undefined, true],
    ['resource', { ...v1, resource: attack }, onV1, true],
    ['client_id', { client_id: attack }, undefined, true],
    ['redirect_uri', { redirect_uri: attack }, undefined, true],
  ];
  for (const [name, changes, path, shown] of places) {
    test(`in ${name} stays text`, async () => {
      const { body } = await signIn.authorize(changes, path);
      assertHarmless(body);
      assert.equal(body.includes(escaped), shown);
    });
  }

  test("in a user's names stays text", async () => {
    const own = await startSignIn();
    own.state.registerUser({
      tenantId,
      objectId: unknownClientId,
      displayName: attack,
      userPrincipalName: attack,
    });
    const { body } = await own.authorize({ login_hint: attack });
    await own.close();
    assertHarmless(body);
    assert.equal(body.split(escaped).length, 3);
    assert.equal(preselected(body).length, 1);
  });

  test('in a tenant stays text', async () => {
    const { body } = await signIn.authorize({}, authorizePath(encodeURIComponent(attack)));
    assert.equal(pageError({ status: 400, headers: { 'content-type': 'text/html' }, body }), 90002);
    assertHarmless(body);
  });

  test('in a redirect cannot end the header', async () => {
    const state = 'x\r\nLocation: https://evil.example\r\n\r\n<script>';
    const answer = await signIn.decide('cancel', undefined, { state });
    assert.equal(returned(answer).get('state'), state);
    assert.ok(answer.headers['location']?.startsWith(redirectUri));
    assert.equal(answer.body, '');
  });
});
