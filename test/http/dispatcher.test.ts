import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createHttpHeaders, createPipelineRequest, type PipelineRequest } from '@azure/core-rest-pipeline';
import { createLoopbackCertificate } from '../../local/key-vault/loopback-certificate.ts';
import { UndiciTokenEndpoint } from '../../src/oauth/token-endpoint-client.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { UndiciHttpClient } from '../../src/vault/http-client.ts';
import { certificate, errorOf, startVault, write } from '../vault/harness.ts';

const variables = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy'] as const;
const before = Object.fromEntries(variables.map((name) => [name, process.env[name]]));

afterEach(() => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

/** What the surroundings say of proxies, in place of what they say here. */
function surroundings(values: Partial<Record<(typeof variables)[number], string>>): void {
  for (const name of variables) delete process.env[name];
  Object.assign(process.env, values);
}

async function listen(t: TestContext, server: net.Server): Promise<number> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => sockets.add(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as net.AddressInfo).port;
}

type Tunnel = (client: Duplex, port: number) => void;

const connect: Tunnel = (client, port) => {
  const target = net.connect(port, '127.0.0.1', () => {
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    target.pipe(client).pipe(target);
  });
  for (const end of [client, target]) end.on('error', () => target.destroy());
};

/** A forward proxy: the hosts it was asked for, by CONNECT or in the clear. */
async function startProxy(t: TestContext, tunnel = connect): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end('the proxy');
  });
  server.on('connect', ({ url = '', headers }, client) => {
    const credentials = headers['proxy-authorization'];
    asked.push(`CONNECT ${url}${credentials === undefined ? '' : ` ${credentials}`}`);
    tunnel(client, Number(url.split(':')[1]));
  });
  return { url: `http://127.0.0.1:${await listen(t, server)}`, asked };
}

async function startTls(t: TestContext, answer: RequestListener): Promise<string> {
  const { certificate: cert, privateKey: key } = certificate;
  return `https://127.0.0.1:${await listen(t, https.createServer({ cert, key }, answer))}`;
}

const requestFor = (url: string, changes: Partial<PipelineRequest> = {}): PipelineRequest => ({
  ...createPipelineRequest({ url, headers: createHttpHeaders({ 'accept-encoding': 'gzip,deflate' }) }),
  ...changes,
});

const tokenRequest = (url: string) => ({
  url: `${url}/token`,
  headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  form: [['refresh_token', new Sensitive('the-token')]] as const,
});

const authority = ({ url }: { url: string }): string => new URL(url).host;

describe('the proxy of the surroundings', () => {
  test('carries what goes to a vault, over a tunnel, with the vault’s own certificate', async (t) => {
    const proxy = await startProxy(t);
    surroundings({ HTTPS_PROXY: proxy.url, NO_PROXY: 'login.example' });
    const { vault, url } = await startVault(t);
    await vault.set('colour', write);
    assert.equal((await vault.get('colour'))?.value.reveal(), 'green');
    assert.deepEqual(new Set(proxy.asked), new Set([`CONNECT ${authority({ url })}`]));
  });

  test('carries what goes to the token endpoint', async (t) => {
    const proxy = await startProxy(t);
    surroundings({ HTTPS_PROXY: proxy.url });
    const url = await startTls(t, (_, response) => void response.end('{}'));
    const endpoint = new UndiciTokenEndpoint();
    t.after(() => endpoint.close());
    assert.equal((await endpoint.send(tokenRequest(url))).kind, 'answered');
    assert.deepEqual(proxy.asked, [`CONNECT ${authority({ url })}`]);
  });

  test('is told the name and password of its address, and nobody else is', async (t) => {
    const proxy = await startProxy(t);
    surroundings({ HTTPS_PROXY: proxy.url.replace('//', '//user:pass%20word@') });
    const seen: (string | undefined)[] = [];
    const url = await startTls(t, ({ headers }, response) => {
      seen.push(headers['proxy-authorization']);
      response.end();
    });
    await new UndiciHttpClient().sendRequest(requestFor(url));
    const basic = Buffer.from('user:pass word').toString('base64');
    assert.deepEqual(proxy.asked, [`CONNECT ${authority({ url })} Basic ${basic}`]);
    assert.deepEqual(seen, [undefined]);
  });

  for (const [sentence, noProxy, used] of [
    ['the host', '127.0.0.1', false],
    ['the host among others', 'a.example, 127.0.0.1', false],
    ['everything', '*', false],
    ['another host', '127.0.0.2', true],
  ] as const) {
    test(`is ${used ? 'used' : 'passed by'} when NO_PROXY names ${sentence}`, async (t) => {
      const proxy = await startProxy(t);
      surroundings({ https_proxy: proxy.url, NO_PROXY: noProxy });
      const url = await startTls(t, (_, response) => void response.end());
      await new UndiciHttpClient().sendRequest(requestFor(url));
      assert.equal(proxy.asked.length, used ? 1 : 0);
    });
  }

  test('never hears of the identity endpoint, which is plain http on this machine', async (t) => {
    const proxy = await startProxy(t);
    surroundings({ HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url });
    const port = await listen(
      t,
      http.createServer((_, response) => void response.end('the endpoint')),
    );
    const request = requestFor(`http://127.0.0.1:${port}/msi`, { allowInsecureConnection: true });
    assert.equal((await new UndiciHttpClient().sendRequest(request)).bodyAsText, 'the endpoint');
    assert.deepEqual(proxy.asked, []);
  });

  const broken: [string, Tunnel][] = [
    ['refuses', (client) => void client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')],
    ['breaks the connection off', (client) => void client.destroy()],
  ];
  for (const [sentence, tunnel] of broken) {
    test(`that ${sentence}: nothing was sent, to no vault and to no token endpoint`, async (t) => {
      const proxy = await startProxy(t, tunnel);
      const { connect: connectTo, url, state } = await startVault(t);
      surroundings({ HTTPS_PROXY: proxy.url });
      const error = await errorOf(connectTo({ callLimitMilliseconds: 2000 }).get('colour'));
      assert.deepEqual([error.code, error.writeMayHaveHappened], ['intercepted', false]);
      assert.match(error.message, /PROXY_REFUSED/);
      assert.equal(state.versionsOf('colour').length, 0);
      const endpoint = new UndiciTokenEndpoint();
      t.after(() => endpoint.close());
      assert.equal((await endpoint.send(tokenRequest(url))).kind, 'not_sent');
    });
  }

  test('that says nothing costs a call its own time limit, and no request', async (t) => {
    const proxy = await startProxy(t, () => {});
    const { connect: connectTo } = await startVault(t);
    surroundings({ HTTPS_PROXY: proxy.url });
    const startedAt = performance.now();
    const error = await errorOf(connectTo({ callLimitMilliseconds: 300 }).get('colour'));
    assert.equal(error.code, 'unreachable');
    assert.ok(performance.now() - startedAt < 3000);
  });
});

describe('the client of the SDKs', () => {
  const hang: RequestListener = () => {};

  test('hands on status, headers and a body that came compressed', async (t) => {
    const url = await startTls(t, (_, response) => {
      response.writeHead(429, { 'content-encoding': 'gzip', 'retry-after': '7' }).end(gzipSync('{"a":"ü"}'));
    });
    const { status, headers, bodyAsText } = await new UndiciHttpClient().sendRequest(requestFor(url));
    assert.deepEqual([status, headers.get('retry-after'), bodyAsText], [429, '7', '{"a":"ü"}']);
  });

  for (const [sentence, body, encoding] of [
    ['of 4 MB is read', Buffer.alloc(4 * 2 ** 20, 'x'), undefined],
    ['of 9 MB is an error', Buffer.alloc(9 * 2 ** 20, 'x'), undefined],
    ['of 9 MB that came as a few KB is an error', gzipSync(Buffer.alloc(9 * 2 ** 20, 'x')), 'gzip'],
    ['that is no gzip is an error', Buffer.from('x'), 'gzip'],
  ] as const) {
    test(`an answer ${sentence}`, async (t) => {
      const url = await startTls(t, (_, response) => {
        response.writeHead(200, encoding === undefined ? {} : { 'content-encoding': encoding }).end(body);
      });
      const sent = new UndiciHttpClient().sendRequest(requestFor(url));
      if (!sentence.endsWith('error')) assert.equal((await sent).bodyAsText?.length, body.length);
      else await assert.rejects(sent, { name: 'RestError', code: 'PARSE_ERROR' });
    });
  }

  test('ends with the signal: before, and while it waits', async (t) => {
    const url = await startTls(t, hang);
    const client = new UndiciHttpClient();
    const gone = requestFor(url, { abortSignal: AbortSignal.abort() });
    await assert.rejects(client.sendRequest(gone), { name: 'AbortError' });
    const waiting = requestFor(url, { abortSignal: AbortSignal.timeout(50) });
    await assert.rejects(client.sendRequest(waiting), { name: 'AbortError' });
  });

  test('ends with the request’s own time limit, in the middle of a body too', async (t) => {
    const url = await startTls(t, (_, response) => {
      response.writeHead(200);
      response.write('{');
    });
    const sent = new UndiciHttpClient().sendRequest(requestFor(url, { timeout: 50 }));
    await assert.rejects(sent, { name: 'AbortError' });
  });

  test('ends in any case: a hanging endpoint that nobody has set a limit for keeps no connection', async (t) => {
    const url = await startTls(t, hang);
    const sent = new UndiciHttpClient(50).sendRequest(requestFor(url));
    await assert.rejects(sent, { name: 'AbortError' });
  });

  for (const [sentence, answer, code] of [
    ['before the answer', ({ socket }) => void socket.destroy(), 'ECONNRESET'],
    [
      'within the answer',
      ({ socket }, response) => {
        response.writeHead(200, { 'content-length': '10' });
        response.write('{', () => socket.destroy());
      },
      'PARSE_ERROR',
    ],
  ] satisfies [string, RequestListener, string][]) {
    test(`a connection that breaks ${sentence} is ${code}`, async (t) => {
      const url = await startTls(t, answer);
      const sent = new UndiciHttpClient().sendRequest(requestFor(url));
      await assert.rejects(sent, { name: 'RestError', code });
    });
  }

  test('a port where nobody listens is ECONNREFUSED, by which the SDK repeats', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    server.close();
    const sent = new UndiciHttpClient().sendRequest(requestFor(`https://127.0.0.1:${port}`));
    await assert.rejects(sent, { name: 'RestError', code: 'ECONNREFUSED' });
  });

  test('no request goes out in plain http unless its maker allows it', async () => {
    await assert.rejects(
      new UndiciHttpClient().sendRequest(requestFor('http://127.0.0.1:9')),
      /not over TLS/,
    );
  });

  test('a certificate that nobody vouches for is an error', async (t) => {
    const { certificate: cert, privateKey: key } = createLoopbackCertificate();
    const port = await listen(t, https.createServer({ cert, key }, hang));
    const sent = new UndiciHttpClient().sendRequest(requestFor(`https://127.0.0.1:${port}`));
    await assert.rejects(sent, { name: 'RestError', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });
});
