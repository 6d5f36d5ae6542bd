import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identity, startVault, write } from './harness.ts';

// In a file of its own: @azure/identity keeps the first token for the whole process.

test('without a token every operation is unauthenticated, until there is one', async (t) => {
  const { vault, received } = await startVault(t, { callLimitMilliseconds: 1000 });
  identity.failure = () => 500;
  const expected = { name: 'VaultError', code: 'unauthenticated', writeMayHaveHappened: false };
  const calls = [vault.list(), vault.get('colour'), vault.set('colour', write), vault.update('a', '', {})];
  await Promise.all(calls.map((call) => assert.rejects(call, expected)));
  assert.deepEqual(new Set(received.map(({ body }) => body)), new Set(['']));
  identity.failure = () => undefined;
  await vault.set('colour', write);
});

test('a token that the vault refuses is told apart from no token', async (t) => {
  const { vault } = await startVault(t, { acceptsToken: () => false });
  await assert.rejects(vault.get('colour'), { code: 'token_refused', message: /HTTP 401 AKV10032/ });
});

test('an identity endpoint that hangs is unauthenticated in time', async (t) => {
  const credential = { getToken: () => new Promise<never>(() => {}) };
  const { vault } = await startVault(t, { credential, callLimitMilliseconds: 200 });
  const expected = { code: 'unauthenticated', message: /no token in time/, writeMayHaveHappened: false };
  await assert.rejects(vault.set('colour', write), expected);
});
