import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { EntraState } from '../../../local/entra/entra-state.ts';
import {
  adsScope,
  clientId,
  codeOf,
  consent,
  entra,
  json,
  onV1,
  otherTenantId,
  personalTenantId,
  personalUser,
  type RequestChange,
  redeem,
  secret,
  tenantId,
} from './fixture.ts';

const basic = (id: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(password)}`).toString('base64')}`,
});
const path = (tenant: string) => `/${tenant}/oauth2/v2.0/token`;
const other = 'f1e2d3c4-0000-4000-a000-000000000001';
const graph = 'https://graph.microsoft.com';

// [sentence, change, AADSTS number (0: redeemed), OAuth error, HTTP status]
const requests: readonly [string, RequestChange, number, string?, number?][] = [
  ['a good request is redeemed', {}, 0],
  ['another method is refused', { method: 'GET' }, 900561, 'invalid_request', 400],
  ['a query on the path does not matter', { path: `${path(tenantId)}?x=1` }, 0],
  ['a JSON body holds no grant_type', { headers: { 'content-type': 'application/json' } }, 900144],
  [
    'a charset on the content type does not matter',
    { headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' } },
    0,
  ],
  ['grant_type is needed', { form: { grant_type: undefined } }, 900144, 'invalid_request', 400],
  [
    'another grant is not supported',
    { form: { grant_type: 'password' } },
    70003,
    'unsupported_grant_type',
    400,
  ],
  ['client_id is needed', { form: { client_id: undefined } }, 900144],
  ['refresh_token is needed', { form: { refresh_token: undefined } }, 900144],
  ['an empty parameter counts as missing', { form: { refresh_token: '' } }, 900144],
  [
    'resource is for v1 only',
    { form: { resource: 'https://ads.microsoft.com' } },
    901002,
    'invalid_request',
    400,
  ],
  ['v1 takes resource', onV1, 0],
  ['an unknown tenant is refused', { path: path(other) }, 90002, 'invalid_request', 400],
  ['a tenant is known in any case', { path: path(tenantId.toUpperCase()) }, 0],
  ['the home tenant is found by common', { path: path('common') }, 0],
  ['the home tenant is found by organizations', { path: path('organizations') }, 0],
  ['a tenant without the user is refused', { path: path(otherTenantId) }, 50020, 'invalid_grant', 400],
  ['a work account is not at consumers', { path: path('consumers') }, 70000, 'invalid_grant', 400],
  ['an unknown client is refused', { form: { client_id: other } }, 700016, 'unauthorized_client', 400],
  ['a client id is known in any case', { form: { client_id: clientId.toUpperCase() } }, 0],
  ['a browser is refused', { headers: { origin: 'https://a.test' } }, 9002326, 'invalid_request', 400],
  ['a wrong secret is refused', { form: { client_secret: 'wrong' } }, 7000215, 'invalid_client', 401],
  ['a secret encoded twice is wrong', { form: { client_secret: encodeURIComponent(secret) } }, 7000215],
  ['a credential is needed', { form: { client_secret: undefined } }, 7000218, 'invalid_client', 401],
  [
    'Basic authentication is accepted',
    { headers: basic(clientId, secret), form: { client_id: undefined, client_secret: undefined } },
    0,
  ],
  [
    'Basic authentication is checked',
    { headers: basic(clientId, 'wrong'), form: { client_secret: undefined } },
    7000215,
  ],
  [
    'a made-up refresh token is malformed',
    { form: { refresh_token: '1.AnotOurs' } },
    9002313,
    'invalid_grant',
    400,
  ],
  [
    'a scope that was not consented is refused',
    { form: { scope: `${graph}/User.Read` } },
    65001,
    'invalid_grant',
    400,
  ],
  ['a bare scope is a scope of Graph', { form: { scope: 'User.Read' } }, 65001],
  ['a further scope of the resource is refused', { form: { scope: `${adsScope} ${adsScope}2` } }, 65001],
  ['.default is all that is consented', { form: { scope: 'https://ads.microsoft.com/.default' } }, 0],
  ['.default of another resource is refused', { form: { scope: `${graph}/.default` } }, 65001],
  [
    '.default does not mix',
    { form: { scope: `https://ads.microsoft.com/.default ${adsScope}` } },
    70011,
    'invalid_scope',
    400,
  ],
  [
    'two resources are refused',
    { form: { scope: `${adsScope} ${graph}/User.Read` } },
    28000,
    'invalid_scope',
    400,
  ],
  ['scope is optional', { form: { scope: undefined } }, 0],
  ['OpenID Connect scopes alone are enough', { form: { scope: 'openid offline_access' } }, 0],
  ['v1 ignores scope', { ...onV1, form: { ...onV1.form, scope: 'nonsense' } }, 0],
  ['v1 needs a resource', { ...onV1, form: { scope: undefined } }, 900144],
  ['v1 refuses another resource', { ...onV1, form: { scope: undefined, resource: graph } }, 65001],
  [
    'v1 does not mind a trailing slash',
    { ...onV1, form: { scope: undefined, resource: 'https://ads.microsoft.com/' } },
    0,
  ],
];

suite('a request', () => {
  for (const [sentence, change, code, error, status] of requests) {
    test(sentence, () => {
      const { state } = entra();
      const response = redeem(state, consent(state), change);
      assert.equal(codeOf(response), code, response.body);
      if (error !== undefined) assert.equal(json(response)['error'], error);
      if (status !== undefined) assert.equal(response.status, status);
    });
  }

  test('to another path is not found', () => {
    const { state } = entra();
    const response = redeem(state, consent(state), { path: `/${tenantId}/oauth2/v2.0/tokens` });
    assert.deepEqual([response.status, response.body], [404, '']);
  });
});

const anAssertion = {
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: 'a.b.c',
};

const audiences = [
  ['AzureADMyOrg', tenantId, 0],
  ['AzureADMyOrg', 'common', 50194],
  ['AzureADMyOrg', 'consumers', 9002332],
  ['AzureADMultipleOrgs', 'common', 0],
  ['AzureADMultipleOrgs', 'consumers', 9002332],
  ['AzureADMultipleOrgs', personalTenantId, 9002332],
  ['AzureADandPersonalMicrosoftAccount', 'common', 0],
  ['PersonalMicrosoftAccount', 'common', 9002331],
  ['PersonalMicrosoftAccount', tenantId, 9002331],
] as const;

suite('a client', () => {
  for (const [signInAudience, tenant, code] of audiences) {
    test(`of ${signInAudience} at ${tenant} gets ${code}`, () => {
      const { state } = entra();
      state.registerClient({ clientId, secrets: [{ value: secret }], signInAudience });
      assert.equal(codeOf(redeem(state, consent(state), { path: path(tenant) })), code);
    });
  }

  test('is not found in a tenant where it is not installed', () => {
    const { state } = entra();
    const token = consent(state);
    state.registerClient({ clientId, secrets: [{ value: secret }], tenants: [otherTenantId] });
    assert.equal(codeOf(redeem(state, token)), 700016);
  });

  test('is not found once removed', () => {
    const { state } = entra();
    const token = consent(state);
    state.removeClient(clientId);
    assert.equal(codeOf(redeem(state, token)), 700016);
  });

  test('may use a secret until its end', () => {
    const { state, clock } = entra();
    const token = consent(state);
    const expiresAt = Math.floor(clock.nowMilliseconds() / 1000) + 60;
    state.registerClient({ clientId, secrets: [{ value: secret, expiresAt }] });
    clock.moveTo(expiresAt * 1000 - 1);
    assert.equal(codeOf(redeem(state, token)), 0);
    clock.moveTo(expiresAt * 1000);
    const response = redeem(state, token);
    assert.deepEqual([codeOf(response), response.status], [7000222, 401]);
  });

  test('may use its other secret when one has ended', () => {
    const { state } = entra();
    const token = consent(state);
    state.registerClient({ clientId, secrets: [{ value: secret }, { value: 'second' }] });
    state.expireSecret(clientId, secret);
    assert.equal(codeOf(redeem(state, token)), 7000222);
    assert.equal(codeOf(redeem(state, token, { form: { client_secret: 'second' } })), 0);
    state.expireSecret(clientId);
    assert.equal(codeOf(redeem(state, token, { form: { client_secret: 'second' } })), 7000222);
  });

  test('cannot have a secret ended when it is unknown', () => {
    const { state } = entra();
    assert.throws(() => state.expireSecret(other), TypeError);
  });
});

suite('a public client', () => {
  const presented = [
    ['nothing', { client_secret: undefined }, 0],
    ['a secret', {}, 700025],
    ['an assertion', { client_secret: undefined, ...anAssertion }, 700025],
  ] as const;
  for (const [what, form, code] of presented) {
    test(`that presents ${what} gets ${code}`, () => {
      const { state } = entra();
      const response = redeem(state, consent(state, { platform: 'native' }), { form });
      assert.deepEqual([codeOf(response), response.status], [code, code === 0 ? 200 : 401]);
    });
  }

  test('of a personal account that presents a secret gets the words of that endpoint', () => {
    const { state } = entra();
    const token = consent(state, { user: personalUser, platform: 'native' });
    const response = redeem(state, token, { path: path('common') });
    assert.deepEqual([codeOf(response), response.status], [90023, 400]);
    assert.match(String(json(response)['error_description']), /Public clients can't send a client secret/);
  });

  test('is another matter than a web client that presents nothing', () => {
    const { state } = entra();
    assert.equal(codeOf(redeem(state, consent(state), { form: { client_secret: undefined } })), 7000218);
  });
});

suite('a personal account', () => {
  const grant = (state: EntraState) => consent(state, { user: personalUser });
  const rows: readonly [string, RequestChange, number, string?][] = [
    ['is redeemed at common', { path: path('common') }, 0],
    ['is redeemed at consumers', { path: path('consumers') }, 0],
    ['is redeemed at its tenant id', { path: path(personalTenantId) }, 0],
    ['is not at organizations', { path: path('organizations') }, 50020, 'invalid_grant'],
    ['is not at a work tenant', { path: path(tenantId) }, 50020, 'invalid_grant'],
    ['needs v2', { ...onV1, path: '/common/oauth2/token' }, 90027, 'invalid_request'],
    ['needs scope', { path: path('common'), form: { scope: undefined } }, 900144],
  ];
  for (const [sentence, change, code, error] of rows) {
    test(sentence, () => {
      const { state } = entra();
      const response = redeem(state, grant(state), change);
      assert.equal(codeOf(response), code, response.body);
      if (error !== undefined) assert.equal(json(response)['error'], error);
    });
  }

  const endings: readonly [string, (state: EntraState, advance: (seconds: number) => void) => void][] = [
    ['revoked', (state) => state.revoke({ user: personalUser })],
    ['withdrawn', (state) => state.revoke({ user: personalUser }, 65001)],
    ['disabled', (state) => state.disableUser(personalUser)],
    ['too old', (_, advance) => advance(90 * 86_400)],
  ];
  for (const [word, end] of endings) {
    test(`gets the one number 70000 when ${word}, and no suberror`, () => {
      const { state, clock } = entra();
      const token = grant(state);
      end(state, (seconds) => clock.advance(seconds * 1000));
      const response = redeem(state, token, { path: path('common') });
      assert.equal(codeOf(response), 70000);
      assert.equal(json(response)['suberror'], undefined);
    });
  }
});
