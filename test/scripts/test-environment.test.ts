import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

test('npm test gives the tests nothing of the shell but what the runtime needs and a developer tells them', () => {
  const outside = [
    'APPLICATIONINSIGHTS_CONNECTION_STRING',
    'AZURE_CLIENT_SECRET',
    'AZURE_TOKEN_CREDENTIALS',
    'CREDENTIALS_VAULT_URL',
    'HTTPS_PROXY',
    'https_proxy',
    'IDENTITY_ENDPOINT',
    'NODE_TEST_CONTEXT',
    'WEBSITE_SKU',
  ];
  const env = {
    ...Object.fromEntries(outside.map((name) => [name, 'of the shell'])),
    ...{ PATH: process.env['PATH'], HOME: '/home/nobody', CI: 'true', INTERLEAVINGS: '7' },
  };
  const args = ['scripts/test.ts', 'test/fixtures/shell/environment.ts'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
  const [, names = ''] = /lives with: ([\w ]+)\./.exec(stdout) ?? [];
  // The runner tells its children that they are, and where coverage and compiled code go.
  const told = names.split(' ').filter((name) => !/^NODE_(TEST_|V8_COVERAGE|COMPILE_CACHE)/.test(name));
  assert.deepEqual(told, ['CI', 'HOME', 'INTERLEAVINGS', 'PATH'], stdout + stderr);
});
