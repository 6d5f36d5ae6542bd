import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { after, before, suite, test } from 'node:test';
import { behaviour } from '../../fixtures/functions/observed.ts';
import { host, lines, shareHost } from './shared-host.ts';

shareHost();

suite('an HTTP function', () => {
  const request = {
    method: 'POST',
    url: 'http://127.0.0.1/api/people/ann/greeting?tone=kind',
    headers: { 'accept-language': 'en' },
    params: { person: 'ann' },
    body: 'hello',
  };

  test('receives method, address, headers, parameters and body, and its response comes back', async () => {
    const response = await host.invokeHttp('greet', request);
    assert.equal(response.status, 201);
    assert.equal(response.headers['x-person'], 'ann');
    assert.equal(response.headers['content-type'], 'application/json');
    assert.deepEqual(JSON.parse(response.body.toString()), {
      said: 'hello',
      query: 'kind',
      language: 'en',
      path: '/api/people/ann/greeting',
    });
  });

  test('can answer without a body', async () => {
    const { status, body } = await host.invokeHttp('health', { method: 'GET', url: 'http://127.0.0.1/' });
    assert.deepEqual([status, body.length], [204, 0]);
  });

  for (const [sentence, result] of [
    ['that comes to no response', undefined],
    ['that sets cookies', { cookies: [{ name: 'a', value: 'b' }] }],
  ] as const) {
    test(`${sentence} is refused`, async () => {
      behaviour.afterInvocation = (context) => {
        context.result = result;
      };
      const refused = host.invokeHttp('health', { method: 'GET', url: 'http://127.0.0.1/' });
      await assert.rejects(refused, { code: 'unsupported' });
    });
  }

  test('rejects with what its handler throws', async () => {
    const failing = host.invokeHttp('fail', { method: 'GET', url: 'http://127.0.0.1/' });
    await assert.rejects(failing, /no greeting today/);
  });
});

suite('the front door', () => {
  let url: string;
  let close: () => Promise<void>;

  before(async () => {
    ({ url, close } = await host.listen({ functionKey: 'k1' }));
  });
  after(() => close());

  test('stands on loopback under /api', () => {
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/api$/);
  });

  test('passes a request on to the function of its route', async () => {
    const response = await fetch(`${url}/People/ann/greeting?tone=kind`, {
      method: 'POST',
      headers: { 'x-functions-key': 'k1', 'accept-language': 'en' },
      body: 'hello',
    });
    assert.equal(response.status, 201);
    assert.equal(response.headers.get('x-person'), 'ann');
    assert.deepEqual(await response.json(), {
      said: 'hello',
      query: 'kind',
      language: 'en',
      path: '/api/People/ann/greeting',
    });
  });

  for (const [sentence, method, path, key, status] of [
    ['the key as a parameter', 'POST', '/people/ann/greeting?code=k1', undefined, 201],
    ['the key as a parameter in capitals', 'POST', '/people/ann/greeting?CODE=k1', undefined, 201],
    ['a wrong key beside the right parameter', 'POST', '/people/ann/greeting?code=k1', 'k2', 401],
    ['no key', 'POST', '/people/ann/greeting', undefined, 401],
    ['a doubled slash', 'GET', '//health', undefined, 404],
    ['HEAD', 'HEAD', '/health', undefined, 404],
    ['OPTIONS', 'OPTIONS', '/health', undefined, 404],
    [
      '8,192 bytes of request line',
      'GET',
      `/health?${'x'.repeat(8192 - 'GET /api/health? HTTP/1.1'.length - 2)}`,
      undefined,
      204,
    ],
    [
      'a longer request line',
      'GET',
      `/health?${'x'.repeat(8192 - 'GET /api/health? HTTP/1.1'.length - 1)}`,
      undefined,
      414,
    ],
    ['40 KB of headers', 'POST', '/people/ann/greeting', 'k'.repeat(40_000), 431],
    ['a wrong key', 'POST', '/people/ann/greeting', 'k2', 401],
    ['no key where none is needed', 'GET', '/health', undefined, 204],
    ['a wrong method', 'GET', '/people/ann/greeting', 'k1', 404],
    ['a wrong path', 'GET', '/nowhere', 'k1', 404],
    ['a handler that throws', 'GET', '/fail', undefined, 500],
  ] as const) {
    test(`answers ${status} to ${sentence}`, async () => {
      const headers: Record<string, string> = key === undefined ? {} : { 'x-functions-key': key };
      const response = await fetch(url + path, { method, headers });
      await response.body?.cancel();
      assert.equal(response.status, status);
      assert.equal(lines.length, status === 500 ? 1 : 0, 'failures are logged');
    });
  }

  for (const [sentence, path] of [
    ['a doubled slash before the prefix', '//api/health'],
    ['a doubled slash after it', '/api//health'],
  ] as const)
    test(`answers 404 to ${sentence}`, async () =>
      assert.equal((await fetch(new URL(url).origin + path)).status, 404));

  test('answers 401 without a body', async () =>
    assert.equal(await (await fetch(`${url}/people/ann/greeting`, { method: 'POST' })).text(), ''));

  test('passes the longest body on, and fails the invocation before it begins for a longer one', async () => {
    const greet = (bytes: number) =>
      fetch(`${url}/people/ann/greeting?code=k1`, { method: 'POST', body: 'x'.repeat(bytes) });
    assert.equal((await greet(1000)).status, 201);
    assert.equal(lines.length, 0);
    assert.equal((await greet(1001)).status, 500);
    assert.match(lines[0]?.message ?? '', /Failed.*Request body too large/);
  });

  test('drops a body that comes in chunks', async () => {
    const body = new Blob(['hello']).stream();
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    const answer = await fetch(`${url}/people/ann/greeting?code=k1`, init);
    assert.equal(((await answer.json()) as { said: string }).said, '');
  });

  for (const [host, status] of [
    ['127.0.0.1:7071', 204],
    ['localhost', 204],
    ['rebound.example', 421],
    ['127.0.0.1.rebound.example:80', 421],
    ['a b', 400],
    ['[', 400],
  ] as const) {
    test(`answers ${status} to the host "${host}", and lives on`, async () => {
      const request = get(`${url}/health`, { headers: { host } });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      response.resume();
      assert.equal(response.statusCode, status);
    });
  }

  test('answers 404 outside its prefix', async () => {
    const response = await fetch(new URL('/ipa/health', url));
    assert.equal(response.status, 404);
  });
});
