import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { ManagedIdentityCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import { startKeyVaultEmulator } from '../../../local/key-vault/key-vault-emulator.ts';
import {
  type ManagedIdentity,
  type ManagedIdentityOptions,
  startManagedIdentity,
} from '../../../local/key-vault/managed-identity.ts';
import { VaultState } from '../../../local/key-vault/vault-state.ts';
import { loopbackClientOptions, stillClock } from './harness.ts';

async function start(t: TestContext, options: ManagedIdentityOptions = {}): Promise<ManagedIdentity> {
  const identity = await startManagedIdentity(options);
  t.after(() => identity.close());
  return identity;
}

async function ask({ environment }: ManagedIdentity, header: string, query: string) {
  const url = `${environment.IDENTITY_ENDPOINT}?${query}`;
  const response = await fetch(url, { headers: { 'x-identity-header': header } });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

const query = 'api-version=2019-08-01&resource=https://vault.azure.net';

test('issues a token that the vault accepts until it expires', async (t) => {
  const clock = stillClock();
  const identity = await start(t, { clock, lifetimeSeconds: 60 });
  const { status, body } = await ask(identity, identity.environment.IDENTITY_HEADER, query);
  assert.equal(status, 200);
  assert.equal(body['expires_on'], String(clock.nowMilliseconds() / 1000 + 60));
  assert.equal(body['resource'], 'https://vault.azure.net');
  assert.equal(body['token_type'], 'Bearer');
  const token = body['access_token'] ?? '';
  clock.advance(59_999);
  assert.equal(identity.accepts(token), true);
  clock.advance(1);
  assert.equal(identity.accepts(token), false);
  assert.equal(identity.accepts('forged'), false);
});

test('refuses a wrong header, a missing resource and another protocol version', async (t) => {
  const identity = await start(t);
  const header = identity.environment.IDENTITY_HEADER;
  assert.equal((await ask(identity, 'wrong', query)).status, 401);
  assert.equal((await ask(identity, header, 'api-version=2019-08-01')).status, 400);
  assert.equal((await ask(identity, header, 'api-version=2017-09-01&resource=r')).status, 400);
});

describe('fails on demand, as it was seen to', () => {
  const url = ({ environment }: ManagedIdentity) => `${environment.IDENTITY_ENDPOINT}?${query}`;
  const headers = ({ environment }: ManagedIdentity) => ({
    'x-identity-header': environment.IDENTITY_HEADER,
  });

  for (const status of [400, 403, 429, 500, 503] as const) {
    test(`with ${status}, until it no longer does`, async (t) => {
      const identity = await start(t);
      identity.failure = () => status;
      const response = await fetch(url(identity), { headers: headers(identity) });
      const text = await response.text();
      assert.equal(response.status, status);
      if (status === 403) assert.equal(text, '');
      else assert.equal(JSON.parse(text).statusCode, status);
      identity.failure = () => undefined;
      assert.equal((await ask(identity, identity.environment.IDENTITY_HEADER, query)).status, 200);
    });
  }

  test('with silence', async (t) => {
    const identity = await start(t);
    identity.failure = () => 'hang';
    const signal = AbortSignal.timeout(100);
    await assert.rejects(fetch(url(identity), { headers: headers(identity), signal }), {
      name: 'TimeoutError',
    });
  });
});

test('serves the real ManagedIdentityCredential, and the vault accepts its token', async (t) => {
  const identity = await start(t);
  const vault = await startKeyVaultEmulator({
    state: new VaultState({ clock: stillClock() }),
    acceptsToken: identity.accepts,
  });
  t.after(() => vault.close());
  Object.assign(process.env, identity.environment);
  t.after(() => {
    for (const name of Object.keys(identity.environment)) delete process.env[name];
  });
  const options = { ...loopbackClientOptions, tlsOptions: { ca: vault.certificate } };
  const client = new SecretClient(vault.url, new ManagedIdentityCredential(), options);
  assert.equal((await client.setSecret('colour', 'green')).value, 'green');
});
