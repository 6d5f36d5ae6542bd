import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';

const root = join(import.meta.dirname, '../..');

/** Stands for the real component and for the proxies of the shell: whatever reaches it is counted. */
let reached = 0;
const outside: Server = createServer((socket) => {
  reached += 1;
  socket.destroy();
});

before(async () => {
  outside.listen(0, '127.0.0.1');
  await once(outside, 'listening');
});
after(() => outside.close());

function shell(): NodeJS.ProcessEnv {
  const address = outside.address();
  assert.ok(address !== null && typeof address === 'object');
  const url = `http://127.0.0.1:${address.port}`;
  return {
    PATH: process.env['PATH'],
    APPLICATIONINSIGHTS_CONNECTION_STRING: `InstrumentationKey=11111111-1111-4111-8111-111111111111;IngestionEndpoint=${url}/`,
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD',
    AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential',
    AZURE_TENANT_ID: '22222222-2222-4222-8222-222222222222',
    AZURE_CLIENT_ID: '33333333-3333-4333-8333-333333333333',
    AZURE_CLIENT_SECRET: 'of-the-shell',
    AZURE_AUTHORITY_HOST: `https://127.0.0.1:${address.port}`,
    CREDENTIALS_VAULT_URL: `https://127.0.0.1:${address.port}`,
    REFRESH_SCHEDULE: 'nonsense',
    HTTP_PROXY: url,
    HTTPS_PROXY: url,
    http_proxy: url,
    https_proxy: url,
    NODE_USE_ENV_PROXY: '1',
  };
}

describe('with a component, credentials and proxies in the shell, nothing of the sample world goes there', () => {
  for (const [what, args, exitCode, wanted] of [
    ['a refresh with --local', ['bin/checkout.ts', 'refresh', 'ads-latam', '--local'], 0, /1 healthy/],
    [
      'a sweep of the benchmark',
      ['scripts/bench.ts', ...'--only sweep --accounts 3 --vaults 1'.split(' ')],
      0,
      /Whole sweeps/,
    ],
  ] as const) {
    test(`in ${what}, and it works`, async () => {
      reached = 0;
      const child = spawn(process.execPath, args, { cwd: root, env: shell() });
      const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
      assert.match(out, wanted, err);
      assert.equal(child.exitCode, exitCode, err);
      assert.equal(reached, 0);
    });
  }

  test('in npm start, and it works', async () => {
    reached = 0;
    const child = spawn(process.execPath, ['local/start.ts'], { cwd: root, env: shell() });
    let out = '';
    for await (const chunk of child.stdout) {
      out += String(chunk);
      if (out.includes('Ctrl-C ends it')) break;
    }
    const [, url = ''] = /Status page +(\S+)/.exec(out) ?? [];
    const { status } = await fetch(url);
    child.kill('SIGINT');
    await once(child, 'exit');
    assert.equal(status, 200);
    assert.equal(reached, 0);
  });
});
