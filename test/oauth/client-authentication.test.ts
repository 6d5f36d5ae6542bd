import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientAuthenticationParameters } from '../../src/oauth/client-authentication.ts';
import { Sensitive } from '../../src/sensitive.ts';

test('a client secret is one sealed form parameter, not yet encoded', () => {
  const secret = new Sensitive('p+q%26 r~');
  const parameters = clientAuthenticationParameters({ method: 'client_secret', secret });
  assert.equal(parameters.length, 1);
  assert.equal(parameters[0]?.[0], 'client_secret');
  assert.equal(parameters[0]?.[1], secret);
});

test('a client assertion is its type and the sealed assertion', () => {
  const assertion = new Sensitive('header.claims.signature');
  assert.deepEqual(clientAuthenticationParameters({ method: 'client_assertion', assertion }), [
    ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
    ['client_assertion', assertion],
  ]);
});

test('a public client sends nothing to prove itself', () => {
  assert.deepEqual(clientAuthenticationParameters({ method: 'none' }), []);
});
