import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseRegistration } from '../../src/accounts/registration.ts';
import { defaultAuthority } from '../../src/oauth/authority.ts';
import { type AuthorizeRequestInput, authorizeUrl } from '../../src/oauth/authorize-request.ts';
import { consentAudience } from '../../src/oauth/scopes.ts';
import { Sensitive } from '../../src/sensitive.ts';

const clientId = '6731de76-14a6-49ae-97bc-6eba6914391e';

function inputFor(audience: object, changes: Partial<AuthorizeRequestInput> = {}): AuthorizeRequestInput {
  const clientAuthentication = { method: 'client_secret', secretName: 's' };
  const registration = { tenant: 'common', clientId, clientAuthentication, ...audience };
  const parsed = parseRegistration(new Sensitive(JSON.stringify(registration)));
  assert.ok(parsed.ok);
  const { tenant, tokens } = parsed.registration;
  const redirectUri = 'https://app.example/api/consent/callback';
  const bound = { redirectUri, state: 'a state', nonce: 'a nonce', codeChallenge: 'a challenge' };
  return {
    authority: defaultAuthority,
    tenant,
    clientId,
    audience: consentAudience(tokens),
    ...bound,
    ...changes,
  };
}

const common = {
  client_id: clientId,
  response_type: 'code',
  redirect_uri: 'https://app.example/api/consent/callback',
  response_mode: 'query',
  state: 'a state',
  nonce: 'a nonce',
  code_challenge: 'a challenge',
  code_challenge_method: 'S256',
};

describe('the authorize request', () => {
  test('of v2 asks for the scopes and those that bring a refresh token and a name', () => {
    const url = new URL(authorizeUrl(inputFor({ scopes: ['https://ads.microsoft.com/msads.manage'] })));
    assert.equal(url.origin + url.pathname, 'https://login.microsoftonline.com/common/oauth2/v2.0/authorize');
    const scope = 'https://ads.microsoft.com/msads.manage openid profile offline_access';
    assert.deepEqual(Object.fromEntries(url.searchParams), { ...common, scope });
  });

  test('of v1 asks for the resource', () => {
    const url = new URL(authorizeUrl(inputFor({ resource: 'https://service.contoso.com/' })));
    assert.equal(url.pathname, '/common/oauth2/authorize');
    const resource = 'https://service.contoso.com/';
    assert.deepEqual(Object.fromEntries(url.searchParams), { ...common, resource, scope: 'openid' });
  });

  test('for several access tokens asks for the scopes of all, each once', () => {
    const tokens = { a: { scopes: ['User.Read', 'email'] }, b: { scopes: ['https://a.b/read', 'email'] } };
    const { searchParams } = new URL(authorizeUrl(inputFor({ tokens })));
    assert.equal(searchParams.get('scope'), 'User.Read email https://a.b/read openid profile offline_access');
  });

  test('for several by .default or resource names the first, which stands for what the client is registered for', () => {
    const byDefault = { a: { scopes: ['https://a.b/.default'] }, b: { scopes: ['https://c.d/.default'] } };
    const v2 = new URL(authorizeUrl(inputFor({ tokens: byDefault }))).searchParams;
    assert.equal(v2.get('scope'), 'https://a.b/.default openid profile offline_access');
    const byResource = { a: { resource: 'https://a.b' }, b: { resource: 'https://c.d' } };
    const v1 = new URL(authorizeUrl(inputFor({ tokens: byResource }))).searchParams;
    assert.equal(v1.get('resource'), 'https://a.b');
  });

  test('carries login hint, claims and prompt when there are any, encoded once', () => {
    const claims = '{"access_token":{"capolids":{"essential":true,"values":["a&b=c"]}}}';
    const changes = { loginHint: 'a+b@contoso.com', claims, prompt: 'consent' as const };
    const { searchParams } = new URL(authorizeUrl(inputFor({ scopes: ['User.Read'] }, changes)));
    assert.equal(searchParams.get('claims'), claims);
    assert.equal(searchParams.get('login_hint'), 'a+b@contoso.com');
    assert.equal(searchParams.get('prompt'), 'consent');
  });

  test('cannot be bent by what a registration or state holds', () => {
    const changes = { loginHint: 'x&prompt=none#', state: 's&redirect_uri=https://evil.example/' };
    const url = new URL(authorizeUrl(inputFor({ scopes: ['User.Read'] }, changes)));
    assert.deepEqual(url.searchParams.getAll('redirect_uri'), [common.redirect_uri]);
    assert.equal(url.searchParams.get('prompt'), null);
    assert.equal(url.hash, '');
  });
});
