import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startManagedIdentity } from '../../local/key-vault/managed-identity.ts';
import { createProcessCredential } from '../../src/vault/process-credential.ts';

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
      const { createProcessCredential } = await import('${new URL('../../src/vault/process-credential.ts', import.meta.url)}');
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
