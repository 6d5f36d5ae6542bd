import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { AccessToken } from '@azure/identity';
import { InMemoryVault } from '../../local/key-vault/in-memory-vault.ts';
import { startManagedIdentity } from '../../local/key-vault/managed-identity.ts';
import { VaultState } from '../../local/key-vault/vault-state.ts';
import { VirtualClock } from '../../local/virtual-clock.ts';
import { Sensitive } from '../../src/sensitive.ts';
import {
  createProcessCredential,
  IdentityPatience,
  limitedCredential,
  patientVault,
} from '../../src/vault/identity.ts';
import { VaultError } from '../../src/vault/secret-vault.ts';
import { GivenUpError } from '../../src/vault/vault-errors.ts';

const scope = 'https://vault.azure.net/.default';
/** What tests of this file change. */
const names = ['IDENTITY_ENDPOINT', 'IDENTITY_HEADER', 'AZURE_TENANT_ID', 'AZURE_CLIENT_ID'];
const more = ['AZURE_CLIENT_SECRET', 'AZURE_AUTHORITY_HOST', 'AZURE_TOKEN_CREDENTIALS', 'PATH'];
const kept = new Map([...names, ...more].map((name) => [name, process.env[name]]));

/** Counts what a service principal in the environment would send. */
let asked = 0;
const authority = createServer().on('connection', (socket) => {
  asked += 1;
  socket.destroy();
});

/** A directory with a stand-in for the Azure CLI, as Azure's SDK calls it. */
function azureCli(): string {
  const directory = mkdtempSync(join(tmpdir(), 'az-'));
  const answer = JSON.stringify({ accessToken: 'of-az', expires_on: 4_102_444_800 });
  writeFileSync(join(directory, 'az'), `#!/bin/sh\necho '${answer}'\n`);
  chmodSync(join(directory, 'az'), 0o755);
  return directory;
}

before(async () => {
  await new Promise<void>((resolve) => authority.listen(0, '127.0.0.1', resolve));
});
after(() => {
  authority.close();
  for (const [name, value] of kept) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

describe('the credential of this process', () => {
  test('is the managed identity in Azure, whatever else the settings could sign in', async (context) => {
    const identity = await startManagedIdentity();
    context.after(() => identity.close());
    const address = authority.address();
    assert.ok(address !== null && typeof address === 'object');
    Object.assign(process.env, identity.environment, {
      AZURE_TENANT_ID: '11111111-1111-4111-8111-111111111111',
      AZURE_CLIENT_ID: '22222222-2222-4222-8222-222222222222',
      AZURE_CLIENT_SECRET: 'left over',
      AZURE_AUTHORITY_HOST: `https://127.0.0.1:${address.port}`,
      AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential',
    });
    const credential = createProcessCredential({ inAzure: true });
    assert.equal(credential.used, undefined);
    const { token = '' } = (await credential.getToken(scope)) ?? {};
    assert.ok(identity.accepts(token));
    assert.equal(credential.used, 'managed identity');
    assert.equal(asked, 0, 'nobody else was asked');
  });

  test("is an operator's Azure CLI elsewhere, and says so", { skip: process.platform === 'win32' }, () => {
    const script = `
      const { createProcessCredential } = await import('${new URL('../../src/vault/identity.ts', import.meta.url)}');
      const credential = createProcessCredential({ inAzure: false });
      const { token } = await credential.getToken('${scope}');
      console.log(token, credential.used);`;
    const env = { PATH: `${azureCli()}:/bin:/usr/bin` };
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      env,
      encoding: 'utf8',
    });
    assert.equal(stdout, 'of-az Azure CLI (az login)\n', stderr);
  });
});

const named = (name: string) => Object.assign(new Error('it was canary-7f3a'), { name });

const failsWith = (error: unknown) => () => Promise.reject(error);
const failures: [title: string, getToken: () => Promise<AccessToken | null>, reason: string][] = [
  ['an unavailable credential', failsWith(named('CredentialUnavailableError')), 'CredentialUnavailableError'],
  ['a refused one', failsWith(named('AuthenticationError')), 'AuthenticationError'],
  ['a name that is a sentence', failsWith(named('x y')), 'no token'],
  ['no error at all', failsWith('canary-7f3a'), 'no token'],
  ['nothing', async () => null, 'no token'],
  ['silence', () => new Promise(() => {}), 'no token in time'],
];
for (const [title, getToken, reason] of failures) {
  test(`${title} is no token: ${reason}`, async () => {
    const credential = limitedCredential({ getToken }, 20);
    const expected = { name: 'GivenUpError', vaultErrorCode: 'unauthenticated', reason };
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

const clock = new VirtualClock(0);
const noToken = () => new GivenUpError('unauthenticated', 'CredentialUnavailableError');

/** A vault whose identity endpoint fails from now on for some seconds. */
function coldVault(seconds: number): InMemoryVault {
  const warmAt = clock.nowMilliseconds() + seconds * 1000;
  const signIn = async (): Promise<void> => {
    if (clock.nowMilliseconds() < warmAt) throw noToken();
  };
  return new InMemoryVault({ state: new VaultState({ clock }), signIn });
}

describe('a request waits for the app’s identity', () => {
  for (const [seconds, patient] of [
    [0, true],
    [1, true],
    [20, true],
    [39, true],
    [40, false],
    [600, false],
  ] as const) {
    test(`that is cold for ${seconds} s: ${patient ? 'answered' : 'refused'}`, async () => {
      const startedAt = clock.nowMilliseconds();
      const vault = patientVault(coldVault(seconds), () => new IdentityPatience(clock));
      const written = clock.run(vault.set('name', { value: new Sensitive('v'), contentType: '', tags: {} }));
      if (!patient) {
        await assert.rejects(written, { code: 'unauthenticated' });
        assert.equal(clock.nowMilliseconds() - startedAt, 39_000);
        return;
      }
      await written;
      assert.equal((await vault.versions('name')).length, 1);
    });
  }

  test('once for all that it asks', async () => {
    const patience = new IdentityPatience(clock);
    clock.advanceTo(clock.nowMilliseconds() + 39_500);
    const startedAt = clock.nowMilliseconds();
    await assert.rejects(clock.run(patientVault(coldVault(3), () => patience).list()), {
      code: 'unauthenticated',
    });
    assert.equal(clock.nowMilliseconds(), startedAt);
  });

  test('also for a token of its own', async () => {
    const warmAt = clock.nowMilliseconds() + 5000;
    const token = () =>
      clock.nowMilliseconds() < warmAt ? Promise.reject(noToken()) : Promise.resolve('token');
    assert.equal(await clock.run(new IdentityPatience(clock).wait(token)), 'token');
  });

  for (const code of ['forbidden', 'token_refused', 'unreachable', 'throttled'] as const) {
    test(`and for nothing else: ${code}`, async () => {
      const error = new VaultError({ code, vaultUrl: 'https://a.test', operation: 'list' });
      const startedAt = clock.nowMilliseconds();
      await assert.rejects(
        new IdentityPatience(clock).wait(() => Promise.reject(error)),
        error,
      );
      assert.equal(clock.nowMilliseconds(), startedAt);
    });
  }
});
