import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UnsecuredJWT } from 'jose';
import type { SeededAccount } from '../../local/samples.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { ads } from '../support/world.ts';
import { type Answer, functionKey, locationOf } from './consent-app.ts';
import { app, browser } from './consent-scene.ts';
import { assertHarmless, evil } from './hostile.ts';

const begin = async (id: string): Promise<URL> =>
  new URL(locationOf(await browser.press(await app.linkFor(id))));

const accept = async (signIn: URL, { user }: SeededAccount): Promise<Answer> =>
  browser.send(await browser.accept(signIn.href, user));

const tool = (id: string): Promise<Answer> =>
  browser.send(`${app.url}/tools/consent-link/${id}`, {
    method: 'POST',
    headers: { 'x-functions-key': functionKey },
  });

describe('a registration with hostile text in', () => {
  const good = () => ({
    tenant: 'common',
    clientId: ads.clientId,
    clientAuthentication: { method: 'client_secret', secretName: ads.secretName },
    scopes: ['https://graph.microsoft.com/User.Read'],
    authority: app.local.urls.entra,
    loginHint: 'person@contoso.example',
  });
  const changes: Record<string, object> = {
    tenant: { tenant: evil },
    clientId: { clientId: evil },
    'clientAuthentication.method': {
      clientAuthentication: { method: evil, secretName: ads.secretName },
    },
    'clientAuthentication.secretName': {
      clientAuthentication: { method: 'client_secret', secretName: evil },
    },
    'clientAuthentication as text': { clientAuthentication: evil },
    scopes: { scopes: [evil] },
    'a scope that looks like one': { scopes: ['https://x/<script>alert(1)</script>'] },
    resource: { scopes: undefined, resource: evil },
    'a resource that looks like one': { scopes: undefined, resource: 'https://x/<script>alert(1)</script>' },
    authority: { authority: evil },
    loginHint: { loginHint: evil },
    'user.tenantId': { user: { tenantId: evil, objectId: ads.clientId } },
    'user.objectId': { user: { tenantId: ads.clientId, objectId: evil } },
    owner: { owner: evil },
    minimumValidityMinutes: { minimumValidityMinutes: evil },
    description: { description: evil },
    'a field that nobody knows': { [evil]: evil },
  };
  for (const [field, change] of Object.entries(changes)) {
    test(`${field} stays text: page, JSON, redirect`, async () => {
      const { id } = app.register({ registration: JSON.stringify({ ...good(), ...change }) });
      const minted = await tool(id);
      assertHarmless(app, minted);
      const { url } = JSON.parse(minted.body) as { url?: string };
      if (url === undefined) return assert.equal(minted.status, 409);
      const shown = await browser.send(url);
      assertHarmless(app, shown);
      assert.equal(shown.status, 200);
      assertHarmless(app, await browser.press(url));
    });
  }

  test('the value that is no JSON at all', async () => {
    const { id } = app.register({ registration: evil });
    const answer = await tool(id);
    assertHarmless(app, answer);
    assert.equal(answer.status, 409);
  });
});

describe('tags with hostile text', () => {
  test('of a registration stay text', async () => {
    const { id } = app.register();
    const { version } = app.local.world.credentials.get(`account-${id}`);
    const failure = {
      state: 'reconsent',
      code: evil,
      since: 1,
      failures: 1,
      next: 1,
      suspected: false,
    };
    const tags = {
      'refresher-client': evil,
      'refresher-tenant': evil,
      'refresher-owner': evil,
      'refresher-failure': JSON.stringify({ ...failure, trace: evil }),
      'refresher-cause': evil,
      'refresher-remedy': evil,
      'refresher-claims': evil,
    };
    app.local.world.credentials.update(`account-${id}`, version, { tags });
    const link = await app.linkFor(id);
    assertHarmless(app, await browser.send(link));
    const signIn = await browser.press(link);
    assertHarmless(app, signIn);
    assert.equal(new URL(locationOf(signIn)).searchParams.get('claims'), evil);
  });

  test('of a refresh token stay text, and name no user who could consent', async () => {
    const account = app.register();
    const tags = {
      generation: evil,
      source: evil,
      'attempt-id': evil,
      'previous-version': evil,
      'superseded-by': evil,
      'user-tenant': evil,
      'user-object-id': evil,
    };
    app.local.world.credentials.set(`refresh-token-${account.id}`, { value: new Sensitive('token'), tags });
    assertHarmless(app, await browser.send(await app.linkFor(account.id)));
    const answer = await accept(await begin(account.id), account);
    assertHarmless(app, answer);
    assert.equal(answer.status, 403);
  });
});

const failureFields = [
  'error',
  'error_description',
  'error_uri',
  'error_codes',
  'suberror',
  'claims',
  'scope',
  'token_type',
  'timestamp',
  'trace_id',
  'correlation_id',
] as const;

describe('a refusal of the token endpoint with hostile text in', () => {
  for (const field of failureFields) {
    test(`${field}: nothing of it is shown`, async () => {
      const account = app.register();
      const signIn = await begin(account.id);
      const body = { error: 'invalid_grant', [field]: field === 'error_codes' ? [evil] : evil };
      const answer = { status: 400, headers: { 'x-ms-request-id': 'a"b' }, body: JSON.stringify(body) };
      app.local.world.entraFaults.add({ match: { grantType: 'authorization_code' }, answer });
      const page = await accept(signIn, account);
      assertHarmless(app, page);
      assert.match(page.body, /did not accept the consent/);
      assert.doesNotMatch(page.body, /alert\(1\)/);
    });
  }

  test('its body that is no JSON', async () => {
    const account = app.register();
    const signIn = await begin(account.id);
    const answer = { status: 400, headers: { 'content-type': 'text/html' }, body: evil };
    app.local.world.entraFaults.add({ match: { grantType: 'authorization_code' }, answer });
    const page = await accept(signIn, account);
    assertHarmless(app, page);
    assert.doesNotMatch(page.body, /alert\(1\)/);
  });
});

/** A v1 answer, whose id token needs no signature, with one field changed. */
function granted(
  signIn: URL,
  { user }: SeededAccount,
  userName: string,
  where: 'answer' | 'claims',
  change: object,
) {
  const nowSeconds = Math.floor(app.clock.nowMilliseconds() / 1000);
  const claims = {
    aud: ads.clientId,
    iss: `https://sts.windows.net/${user.tenantId}/`,
    exp: nowSeconds + 3600,
    nonce: signIn.searchParams.get('nonce'),
    tid: user.tenantId,
    oid: user.objectId,
    upn: userName,
    ...(where === 'claims' ? change : {}),
  };
  return JSON.stringify({
    token_type: 'Bearer',
    scope: 'user_impersonation',
    resource: 'https://service.contoso.com/',
    expires_in: '3600',
    access_token: 'an-access-token',
    refresh_token: 'a-refresh-token',
    id_token: new UnsecuredJWT(claims).encode(),
    ...(where === 'answer' ? change : {}),
  });
}

describe('a grant of the token endpoint with hostile text in', () => {
  const fields = {
    answer: [
      'token_type',
      'scope',
      'resource',
      'expires_in',
      'expires_on',
      'refresh_in',
      'refresh_token_expires_in',
      'access_token',
      'refresh_token',
      'id_token',
      'client_info',
      'error',
      'foci',
    ],
    claims: ['name', 'upn', 'preferred_username', 'email', 'tid', 'oid', 'iss', 'aud', 'nonce', 'sub', 'ver'],
  } as const;
  /** A fault of the access token alone: what came beside it is stored all the same. */
  const besideRefreshToken: readonly string[] = ['token_type', 'expires_in', 'access_token'];
  for (const where of ['answer', 'claims'] as const) {
    for (const field of fields[where]) {
      test(`${field} of the ${where}: harmless to page, vault and the next refresh`, async () => {
        const account = app.register({ resource: 'https://service.contoso.com/' });
        const signIn = await begin(account.id);
        const userName = app.local.world.entra.registeredUser(account.user)?.userPrincipalName ?? '';
        const body = granted(signIn, account, userName, where, { [field]: evil });
        const answer = { status: 200, headers: { 'content-type': 'application/json' }, body };
        app.local.world.entraFaults.add({ match: { grantType: 'authorization_code' }, answer });
        const ended = await accept(signIn, account);
        assertHarmless(app, ended);
        const stored = app.local.world.credentials.versionsOf(`refresh-token-${account.id}`).at(-1);
        const published = app.local.world.tokens.versionsOf(`access-token-${account.id}`).at(-1);
        const isKept = ended.status === 303 || (where === 'answer' && besideRefreshToken.includes(field));
        assert.equal(stored === undefined, !isKept, ended.body);
        assert.doesNotMatch(JSON.stringify([stored?.tags, published?.tags]), /alert\(1\)/);
        assert.doesNotMatch(`${published?.value.reveal()}`, /alert\(1\)/);
        if (ended.status === 303) {
          assertHarmless(app, await browser.send(new URL(locationOf(ended), app.url).href));
        }
      });
    }
  }
});
