import assert from 'node:assert/strict';
import dns from 'node:dns';
import type { RequestListener } from 'node:http';
import { describe, type TestContext, test } from 'node:test';
import { connectTo, startOddVault, startVault, staticCredential, vaultHost, write } from './harness.ts';

// Answers that no vault should give, and addresses that are none of a vault.

process.env['NO_PROXY'] = `${process.env['NO_PROXY'] ?? ''},127.0.0.1,.vault.azure.net,vault.example`;

/** Answers listings well, so that the client is warm, and everything else as the listener says. */
const afterWarmUp =
  (listener: RequestListener): RequestListener =>
  (request, response) =>
    request.url?.startsWith('/secrets?')
      ? response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"value":[]}')
      : listener(request, response);

async function start(t: TestContext, listener: RequestListener, callLimitMilliseconds = 5000) {
  const url = await startOddVault(t, afterWarmUp(listener));
  return connectTo(url, { credential: staticCredential, callLimitMilliseconds });
}

const json = { 'Content-Type': 'application/json' };

describe('an answer without the expected body', () => {
  const rows = [
    { title: '403 and nothing', status: 403, body: '', code: 'forbidden', message: /\(HTTP 403\)$/ },
    { title: '403 and HTML', status: 403, body: '\n<html>', code: 'intercepted', message: /\(HTTP 403\)$/ },
    { title: '404 and HTML', status: 404, body: '<!DOCTYPE html>', code: 'intercepted' },
    { title: '302', status: 302, body: '', code: 'intercepted', message: /\(HTTP 302\)$/ },
    { title: '407', status: 407, body: '', code: 'intercepted', message: /\(HTTP 407\)$/ },
    { title: '403 and no error', status: 403, body: '{}', code: 'forbidden', message: /\(HTTP 403\)$/ },
    { title: '401 again', status: 401, body: '', code: 'token_refused', message: /\(HTTP 401\)$/ },
    { title: "a stranger's 404", status: 404, body: '{"error":{"code":"NoRoute"}}', code: 'rejected' },
    { title: '404 and nothing', status: 404, body: '', code: 'rejected' },
    {
      title: 'a code that is a sentence',
      status: 400,
      body: '{"error":{"code":"it was green"}}',
      code: 'rejected',
      message: /\(HTTP 400\)$/,
    },
  ];
  for (const { title, status, body, ...expected } of rows) {
    test(`${title} is ${expected.code}`, async (t) => {
      const vault = await start(t, (_, response) => response.writeHead(status, json).end(body));
      await assert.rejects(vault.get('colour'), { name: 'VaultError', ...expected });
      await assert.rejects(vault.set('colour', write), { ...expected, writeMayHaveHappened: false });
    });
  }

  const foreign = [
    { title: '200 and HTML', headers: { 'Content-Type': 'text/html' }, body: '<html>' },
    { title: '200 and broken JSON', headers: json, body: '{"value":' },
    { title: '200 and no id', headers: json, body: '{}' },
    { title: '200 and no version', headers: json, body: '{"value":"red","id":"https://v/secrets/colour"}' },
    { title: '200 and nothing', headers: json, body: '' },
  ];
  for (const { title, headers, body } of foreign) {
    test(`${title} is unreachable, and a write is open`, async (t) => {
      const vault = await start(t, (_, response) => response.writeHead(200, headers).end(body));
      const expected = { name: 'VaultError', code: 'unreachable' };
      await assert.rejects(vault.get('colour'), { ...expected, writeMayHaveHappened: false });
      await assert.rejects(vault.set('colour', write), { ...expected, writeMayHaveHappened: true });
    });
  }

  test('200 and no value is unreachable', async (t) => {
    const body = `{"id":"https://v/secrets/colour/${'0'.repeat(32)}"}`;
    const vault = await start(t, (_, response) => response.writeHead(200, json).end(body));
    await assert.rejects(vault.get('colour'), { name: 'VaultError', code: 'unreachable' });
  });

  test('half a body is given up in time', async (t) => {
    const half: RequestListener = (_, response) => response.writeHead(200, json).write('{"value":');
    const vault = await start(t, half, 1000);
    const expected = { code: 'unreachable', message: /no answer in time/ };
    await assert.rejects(vault.get('colour'), { ...expected, writeMayHaveHappened: false });
    await assert.rejects(vault.set('colour', write), { ...expected, writeMayHaveHappened: true });
  });
});

describe("the vault's address", () => {
  /** Names of the tests lead to the emulator. */
  function resolveToLoopback(t: TestContext): void {
    type Callback = (error: null, addresses: { address: string; family: number }[]) => void;
    const lookup = (_: string, __: unknown, done: Callback) =>
      done(null, [{ address: '127.0.0.1', family: 4 }]);
    t.mock.method(dns, 'lookup', lookup as unknown as typeof dns.lookup);
  }

  test("in the challenge's domain needs no exception", async (t) => {
    const { url, connect } = await startVault(t);
    resolveToLoopback(t);
    const vault = connect({ vaultUrl: url.replace('127.0.0.1', vaultHost), allowLoopback: false });
    await vault.set('colour', write);
    assert.equal((await vault.get('colour'))?.value.reveal(), 'green');
  });

  const refused = [
    { title: 'on loopback without the exception', host: '127.0.0.1', allowLoopback: false },
    { title: 'in another domain, whatever the exception says', host: 'vault.example', allowLoopback: true },
  ];
  for (const { title, host, allowLoopback } of refused) {
    test(`${title} gets no token`, async (t) => {
      const { url, connect, received } = await startVault(t);
      resolveToLoopback(t);
      const vault = connect({ vaultUrl: url.replace('127.0.0.1', host), allowLoopback });
      await assert.rejects(vault.set('colour', write), { name: 'VaultError', code: 'unreachable' });
      assert.deepEqual(
        received.map(({ body, headers }) => [body, headers.authorization]),
        [['', undefined]],
      );
    });
  }
});
