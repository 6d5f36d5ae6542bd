import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { parseTenant } from '../../src/accounts/entra-ids.ts';
import { product } from '../../src/http/product.ts';
import { defaultAuthority } from '../../src/oauth/authority.ts';
import {
  buildTokenRequest,
  clientAssertion,
  clientSecretPost,
  noAuthentication,
  type TokenRequest,
  type TokenRequestInput,
} from '../../src/oauth/token-request.ts';
import { Sensitive } from '../../src/sensitive.ts';

const tenant = parseTenant('contoso.com');
assert.ok(tenant !== undefined);

const refresh: TokenRequestInput = {
  authority: defaultAuthority,
  tenant,
  clientId: '6731de76-14a6-49ae-97bc-6eba6914391e',
  clientAuthentication: clientSecretPost(new Sensitive('the-client-secret')),
  grant: { type: 'refresh_token', refreshToken: new Sensitive('the-refresh-token') },
  audience: { endpoint: 'v2', scopes: ['https://ads.microsoft.com/msads.manage'] },
  attemptId: '0f8fad5b-d9cb-469f-a165-70867728950e',
};
const consent: TokenRequestInput = {
  ...refresh,
  grant: {
    type: 'authorization_code',
    code: new Sensitive('the-code'),
    redirectUri: 'https://app.example/consent',
    codeVerifier: new Sensitive('the-verifier'),
  },
};
const v1 = { endpoint: 'v1', resource: 'https://graph.microsoft.com' } as const;

function revealed({ form }: TokenRequest): [string, string][] {
  return form.map(([name, value]) => [name, typeof value === 'string' ? value : value.reveal()]);
}

describe('the form', () => {
  test('of a refresh at v2 asks for the scopes and a new refresh token', () => {
    const request = buildTokenRequest(refresh);
    assert.equal(request.url, 'https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token');
    assert.deepEqual(revealed(request), [
      ['client_id', '6731de76-14a6-49ae-97bc-6eba6914391e'],
      ['grant_type', 'refresh_token'],
      ['refresh_token', 'the-refresh-token'],
      ['scope', 'https://ads.microsoft.com/msads.manage openid profile offline_access'],
      ['client_info', '1'],
      ['client_secret', 'the-client-secret'],
    ]);
  });

  test('names no scope twice and keeps their order', () => {
    const scopes = ['offline_access', 'User.Read', 'User.Read', 'openid'];
    const request = buildTokenRequest({ ...refresh, audience: { endpoint: 'v2', scopes } });
    const scope = revealed(request).find(([name]) => name === 'scope');
    assert.equal(scope?.[1], 'offline_access User.Read openid profile');
  });
});

describe('the headers', () => {
  const headers = {
    Accept: 'application/json',
    'Content-Type': 'application/x-www-form-urlencoded',
    'client-request-id': '0f8fad5b-d9cb-469f-a165-70867728950e',
    'return-client-request-id': 'true',
    'x-client-SKU': 'entra-token-refresher',
    'x-client-Ver': product.version,
    'x-ms-lib-capability': 'retry-after, h429',
  };

  test('are these and no others: no Origin, no Cookie', () => {
    for (const input of [refresh, consent, { ...refresh, audience: v1 }]) {
      assert.deepEqual(buildTokenRequest(input).headers, headers);
    }
  });

  test('route by the user when one is known', () => {
    const user = {
      tenantId: '9188040d-6c67-4c5b-b112-36a304b66dad',
      objectId: '00000000-0000-0000-66f3-3332eca7ea81',
    };
    assert.deepEqual(buildTokenRequest({ ...refresh, user }).headers, {
      ...headers,
      'X-AnchorMailbox': 'Oid:00000000-0000-0000-66f3-3332eca7ea81@9188040d-6c67-4c5b-b112-36a304b66dad',
    });
  });
});

describe('the header that names the user', () => {
  test('is left out for ids that are none: a tag is no place to write headers from', () => {
    const tenantId = '9188040d-6c67-4c5b-b112-36a304b66dad';
    for (const user of [
      { tenantId, objectId: 'x\r\nx-evil: yes' },
      { tenantId: `${tenantId}\r\nx-evil: yes`, objectId: tenantId },
      { tenantId, objectId: '' },
    ]) {
      assert.equal(buildTokenRequest({ ...refresh, user }).headers['X-AnchorMailbox'], undefined);
    }
  });
});

describe('no secret', () => {
  const secretText = fc.string({ unit: 'binary', minLength: 1 }).map((text) => `canary-${text}`);

  test('stands in the URL or a header, or shows when the request is printed', () => {
    fc.assert(
      fc.property(secretText, fc.boolean(), fc.boolean(), (text, isRefresh, isV2) => {
        const sealed = new Sensitive(text);
        const request = buildTokenRequest({
          ...refresh,
          clientAuthentication: clientSecretPost(sealed),
          grant: isRefresh
            ? { type: 'refresh_token', refreshToken: sealed }
            : { type: 'authorization_code', code: sealed, redirectUri: 'https://a', codeVerifier: sealed },
          audience: isV2 ? refresh.audience : v1,
        });
        assert.equal(revealed(request).filter(([, value]) => value === text).length, isRefresh ? 2 : 3);
        assert.doesNotMatch(request.url + JSON.stringify(request) + inspect(request, { depth: 9 }), /canary/);
      }),
    );
  });
});

test('a client secret is one sealed form parameter, not yet encoded', () => {
  const secret = new Sensitive('p+q%26 r~');
  const parameters = clientSecretPost(secret);
  assert.equal(parameters.length, 1);
  assert.equal(parameters[0]?.[0], 'client_secret');
  assert.equal(parameters[0]?.[1], secret);
});

test('a client assertion is its type and the sealed assertion', () => {
  const assertion = new Sensitive('header.claims.signature');
  assert.deepEqual(clientAssertion(assertion), [
    ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
    ['client_assertion', assertion],
  ]);
});

test('a public client sends nothing to prove itself', () => {
  assert.deepEqual(noAuthentication, []);
});
