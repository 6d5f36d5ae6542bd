import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import {
  adsScope,
  authorizePath,
  clientId,
  clientWithoutPages,
  otherTenantId,
  pageError,
  personalTenantId,
  redirectUri,
  returned,
  type SignIn,
  startSignIn,
  unknownClientId,
  type Values,
  v1,
  verifier,
} from './sign-in-fixture.ts';

const onV1 = authorizePath(undefined, 'v1');
const unknownTenant = authorizePath('99999999-0000-4000-8000-000000000009');
const graph = 'https://graph.microsoft.com';
let signIn: SignIn;

before(async () => {
  signIn = await startSignIn();
});
after(() => signIn.close());

suite('a request that gets the sign-in page', () => {
  const requests: readonly (readonly [string, Values, string?])[] = [
    ['a good one', {}],
    ['a good one of v1', v1, onV1],
    ['v1 without a resource, which may come with the code', { scope: undefined }, onV1],
    ['v1 with a scope, which is ignored', { ...v1, scope: 'a b/.default c/.default' }, onV1],
    ['the client id in capitals', { client_id: clientId.toUpperCase() }],
    ['no response_mode', { response_mode: undefined }],
    ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }],
    ['a plain challenge, said', { code_challenge: verifier, code_challenge_method: 'plain' }],
    ['a plain challenge, by default', { code_challenge: verifier, code_challenge_method: undefined }],
    ['a challenge of 43 characters', { code_challenge: 'a'.repeat(43) }],
    ['a challenge of 128 characters', { code_challenge: 'a'.repeat(128) }],
    ['no state and no nonce', { state: undefined, nonce: undefined }],
    ['two resources, for both of which consent is asked', { scope: `${adsScope} ${graph}/User.Read` }],
    ['.default with OpenID Connect scopes', { scope: `${graph}/.default openid offline_access` }],
    ['claims in JSON', { claims: '{"access_token":{"capolids":{"essential":true,"values":["1"]}}}' }],
    ['prompt login', { prompt: 'login' }],
    ['prompt select_account', { prompt: 'select_account' }],
    ['prompt consent', { prompt: 'consent' }],
    ['prompt admin_consent on v1', { ...v1, prompt: 'admin_consent' }, onV1],
    ['common', {}, authorizePath('common')],
    ['organizations', {}, authorizePath('organizations')],
    ['consumers', {}, authorizePath('consumers')],
    ['the personal tenant', {}, authorizePath(personalTenantId)],
    ['a tenant by the domain of its users', { client_id: clientId }, authorizePath('OUTLOOK.example')],
  ];
  for (const [sentence, changes, path] of requests) {
    test(sentence, async () => {
      const allowsEveryTenant = path?.includes('OUTLOOK') ? { client_id: otherClient } : {};
      const answer = await signIn.authorize({ ...changes, ...allowsEveryTenant }, path);
      assert.equal(answer.status, 200, answer.body);
      assert.match(answer.body, /<legend>Pick an account<\/legend>/);
    });
  }
});

const otherClient = 'f1e2d3c4-0000-4000-a000-000000000003';

suite('a request that never returns to the app', () => {
  const elsewhere = (uri: string): Values => ({ redirect_uri: uri });
  const requests: readonly (readonly [string, Values, number, string?])[] = [
    ['an unknown tenant', {}, 90002, unknownTenant],
    ['no client id', { client_id: undefined }, 900144],
    ['an unknown client', { client_id: unknownClientId }, 700016],
    ['a client that knows no redirect URI', { client_id: clientWithoutPages }, 500113],
    ['no redirect URI', elsewhere(''), 900971],
    ['no redirect URI on v1', { ...v1, redirect_uri: undefined }, 900971, onV1],
    ['another host', elsewhere('https://evil.example/api/consent/callback'), 50011],
    ['another scheme', elsewhere(redirectUri.replace('https', 'http')), 50011],
    ['another case', elsewhere(redirectUri.replace('consent', 'Consent')), 50011],
    ['a further path', elsewhere(`${redirectUri}/more`), 50011],
    ['a slash more', elsewhere(`${redirectUri}/`), 50011],
    ['a query', elsewhere(`${redirectUri}?next=https://evil.example`), 50011],
    ['a port', elsewhere(redirectUri.replace('.example', '.example:444')), 50011],
    ['credentials', elsewhere(redirectUri.replace('refresher', 'refresher@evil')), 50011],
    ['everything wrong at once', { ...elsewhere('https://evil.example'), response_type: 'x' }, 50011],
  ];
  for (const [sentence, changes, code, path] of requests) {
    test(sentence, async () => {
      const answer = await signIn.authorize(changes, path);
      assert.equal(pageError(answer), code, answer.body);
      assert.equal(answer.status, 400);
      const decided = await signIn.decide('accept', undefined, changes, path);
      assert.equal(pageError(decided), code, 'a form changes nothing');
    });
  }
});

suite('a redirect URI on this machine', () => {
  const registered = [
    'http://localhost/callback',
    'http://127.0.0.1:7071/callback',
    'http://localhost:12345',
  ];
  const uris: readonly (readonly [string, boolean])[] = [
    ['http://localhost/callback', true],
    ['http://localhost:50123/callback', true],
    ['http://127.0.0.1:50123/callback', true],
    ['http://127.0.0.1/callback', true],
    ['http://localhost:8080', true],
    ['http://localhost:50123/Callback', false],
    ['https://localhost:50123/callback', false],
    ['http://localhost:50123@evil.example/callback', false],
    ['http://localhost.evil.example:50123/callback', false],
    ['http://127.0.0.2:50123/callback', false],
  ];
  for (const [uri, accepted] of uris) {
    test(`${uri} is ${accepted ? 'accepted whatever its port' : 'refused'}`, async () => {
      signIn.state.registerClient({ clientId: otherTenantId, secrets: [], redirectUris: registered });
      const answer = await signIn.authorize({ client_id: otherTenantId, redirect_uri: uri });
      assert.equal(answer.status, accepted ? 200 : 400);
      if (!accepted) assert.equal(pageError(answer), 50011);
    });
  }

  test('without a path comes back with one', async () => {
    signIn.state.registerClient({ clientId: otherTenantId, secrets: [], redirectUris: registered });
    const changes = { client_id: otherTenantId, redirect_uri: 'http://localhost:12345' };
    returned(await signIn.decide('cancel', undefined, changes), 'http://localhost:12345/');
  });
});

suite('a request whose fault is told to the app', () => {
  const requests: readonly (readonly [string, Values, number, string, string?])[] = [
    ['no response_type', { response_type: undefined }, 900144, 'invalid_request'],
    ['another response_type', { response_type: 'token' }, 70005, 'unsupported_response_type'],
    ['the hybrid flow', { response_type: 'code id_token' }, 700054, 'unsupported_response_type'],
    ['response_mode form_post', { response_mode: 'form_post' }, 70007, 'invalid_request'],
    ['response_mode fragment', { response_mode: 'fragment' }, 70007, 'invalid_request'],
    ['no scope', { scope: undefined }, 900144, 'invalid_request'],
    ['a resource on v2', { resource: graph }, 901002, 'invalid_request'],
    ['.default beside a scope', { scope: `${graph}/.default ${adsScope}` }, 70011, 'invalid_scope'],
    ['a method without a challenge', { code_challenge: undefined }, 50147, 'invalid_request'],
    ['a challenge of 42 characters', { code_challenge: 'a'.repeat(42) }, 501491, 'invalid_request'],
    ['a challenge of 129 characters', { code_challenge: 'a'.repeat(129) }, 501491, 'invalid_request'],
    ['a challenge with padding', { code_challenge: `${'a'.repeat(43)}=` }, 501491, 'invalid_request'],
    ['another challenge method', { code_challenge_method: 's256' }, 50149, 'invalid_request'],
    ['claims that are no JSON', { claims: '{' }, 90100, 'invalid_request'],
    ['claims that are no object', { claims: '[]' }, 90100, 'invalid_request'],
    ['prompt none', { prompt: 'none' }, 50058, 'login_required'],
    ['two prompts', { prompt: 'consent select_account' }, 90023, 'invalid_request'],
    ['prompt admin_consent on v2', { prompt: 'admin_consent' }, 90023, 'invalid_request'],
    ['prompt none on v1', { ...v1, prompt: 'none' }, 50058, 'login_required', onV1],
  ];
  for (const [sentence, changes, code, error, path] of requests) {
    test(sentence, async () => {
      const parameters = returned(await signIn.authorize(changes, path));
      assert.equal(parameters.get('error'), error);
      assert.match(parameters.get('error_description') ?? '', new RegExp(`^AADSTS${code}: .*\r\nTrace ID: `));
      assert.equal(parameters.get('error_uri'), `https://login.microsoftonline.com/error?code=${code}`);
      assert.equal(parameters.get('state'), '12345');
      assert.equal(parameters.has('code'), false);
      const decided = await signIn.decide('accept', undefined, changes, path);
      assert.equal(returned(decided).get('error'), error, 'a form changes nothing');
    });
  }

  test('has no state when none was sent', async () => {
    const parameters = returned(await signIn.authorize({ prompt: 'none', state: undefined }));
    assert.deepEqual([...parameters.keys()], ['error', 'error_description', 'error_uri']);
  });
});
