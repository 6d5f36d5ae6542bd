import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessToken } from '@azure/identity';
import { limitedCredential } from '../../src/vault/limited-credential.ts';

const named = (name: string) => Object.assign(new Error('it was canary-7f3a'), { name });

const failures: { title: string; getToken: () => Promise<AccessToken | null>; reason: string }[] = [
  {
    title: 'an unavailable credential',
    getToken: () => Promise.reject(named('CredentialUnavailableError')),
    reason: 'CredentialUnavailableError',
  },
  {
    title: 'a refused one',
    getToken: () => Promise.reject(named('AuthenticationError')),
    reason: 'AuthenticationError',
  },
  { title: 'a name that is a sentence', getToken: () => Promise.reject(named('x y')), reason: 'no token' },
  { title: 'no error at all', getToken: () => Promise.reject('canary-7f3a'), reason: 'no token' },
  { title: 'nothing', getToken: async () => null, reason: 'no token' },
  { title: 'silence', getToken: () => new Promise(() => {}), reason: 'no token in time' },
];
for (const { title, getToken, reason } of failures) {
  test(`${title} is no token: ${reason}`, async () => {
    const credential = limitedCredential({ getToken }, 20);
    const expected = { name: 'NoTokenError', reason, message: 'There is no token for the vault.' };
    await assert.rejects(credential.getToken('scope'), expected);
  });
}

test('a token in time is given, and asked for as the caller asked', async (t) => {
  const token = { token: 'x', expiresOnTimestamp: 1 };
  const getToken = t.mock.fn(async () => token);
  const options = { tenantId: 'tenant', enableCae: true };
  assert.equal(await limitedCredential({ getToken }, 60_000).getToken(['scope'], options), token);
  assert.deepEqual(getToken.mock.calls[0]?.arguments, [['scope'], options]);
});
