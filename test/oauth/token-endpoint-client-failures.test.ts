import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { RequestListener, ServerResponse } from 'node:http';
import net, { type LookupFunction } from 'node:net';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import {
  certificate,
  client,
  hang,
  httpServer,
  listen,
  rawServer,
  request,
  seen,
  tlsServer,
} from './loopback.ts';

/** Resolves when undici says that the first request has come to this point. */
function nextMessage(channel: string): Promise<void> {
  return new Promise((resolve) => {
    const onMessage = () => {
      unsubscribe(channel, onMessage);
      resolve();
    };
    subscribe(channel, onMessage);
  });
}

describe('a request whose fate is unknown', () => {
  const partOfBody = (then: (response: ServerResponse) => void): RequestListener => {
    return (_, response) => {
      response.setHeader('content-length', 100);
      response.write('{"access_token":"', () => then(response));
    };
  };
  const cases: ReadonlyArray<readonly [what: string, failure: string, answer: RequestListener]> = [
    ['the server resets after it read it', 'connection_reset', ({ socket }) => void socket.resetAndDestroy()],
    ['the server hangs up after it read it', 'connection_closed', ({ socket }) => void socket.end()],
    ['the answer is cut in its body', 'connection_closed', partOfBody(({ socket }) => void socket?.end())],
    [
      'the answer is reset in its body',
      'connection_reset',
      partOfBody(({ socket }) => void socket?.resetAndDestroy()),
    ],
    ['the answer is not HTTP', 'other', ({ socket }) => void socket.end('SSH-2.0-OpenSSH_9.6\r\n')],
    [
      'the headers are endless',
      'response_too_large',
      ({ socket }) => void socket.end(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}`),
    ],
  ];
  for (const [what, failure, answer] of cases) {
    test(`because ${what}`, async (t) => {
      const server = await httpServer(t, answer);
      const exchange = await client(t).send(request(server.url));
      assert.deepEqual(seen(exchange), { kind: 'outcome_unknown', failure });
      assert.equal(server.bodies.length, 1);
    });
  }

  // The client's own moments: the request is written, the answer's headers are there.
  for (const [what, moment, answer] of [
    ['no answer comes', 'undici:client:sendHeaders', hang],
    ['the body does not end', 'undici:request:headers', partOfBody(() => {})],
  ] as const) {
    test(`because ${what} within the total limit, and not a millisecond earlier`, async (t) => {
      t.mock.timers.enable({ apis: ['setTimeout'] });
      const server = await httpServer(t, answer);
      const reached = nextMessage(moment);
      const pending = client(t).send(request(server.url));
      await reached;
      t.mock.timers.tick(29_999);
      assert.match(inspect(pending), /<pending>/);
      t.mock.timers.tick(1);
      assert.deepEqual(seen(await pending), { kind: 'outcome_unknown', failure: 'response_timeout' });
    });
  }

  test('has lasted as long as it says', async (t) => {
    const server = await httpServer(t, hang);
    const endpoint = client(t, { connectLimitMilliseconds: 50, totalLimitMilliseconds: 100 });
    const { durationMilliseconds } = await endpoint.send(request(server.url));
    assert.ok(durationMilliseconds >= 99 && durationMilliseconds < 5_000, `${durationMilliseconds}`);
  });
});

describe('a request that was not sent', () => {
  const shortConnect = { connectLimitMilliseconds: 50, totalLimitMilliseconds: 60_000 };

  const resolve = (address: string): LookupFunction => {
    return (_, { all }, callback) => {
      if (all === true) callback(null, [{ address, family: 4 }]);
      else callback(null, address, 4);
    };
  };
  const unresolvable = (code: string): LookupFunction => {
    return (_, __, callback) => callback(Object.assign(new Error(code), { code }), '', 4);
  };

  for (const code of ['ENOTFOUND', 'EAI_AGAIN']) {
    test(`because the name does not resolve: ${code}`, async (t) => {
      const exchange = await client(t, { lookup: unresolvable(code) }).send(
        request('https://login.example/'),
      );
      assert.deepEqual(seen(exchange), { kind: 'not_sent', failure: 'dns' });
    });
  }

  test('because the name is not resolved within the connect limit', async (t) => {
    const exchange = await client(t, { ...shortConnect, lookup: () => {} }).send(
      request('https://login.example/'),
    );
    assert.deepEqual(seen(exchange), { kind: 'not_sent', failure: 'connect_timeout' });
    assert.ok(exchange.durationMilliseconds < 5_000, `${exchange.durationMilliseconds}`);
  });

  for (const host of ['127.0.0.1', 'localhost']) {
    test(`because ${host} refuses the connection`, async (t) => {
      const server = net.createServer();
      const port = await listen(t, server);
      await new Promise((resolve) => server.close(resolve));
      const exchange = await client(t).send(request(`http://${host}:${port}/`));
      assert.deepEqual(seen(exchange), { kind: 'not_sent', failure: 'connection_refused' });
    });
  }

  test('because the port does not speak TLS', async (t) => {
    const url = await rawServer(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    assert.deepEqual(seen(await client(t).send(request(url))), { kind: 'not_sent', failure: 'tls' });
  });

  test('because the TLS handshake stays unanswered', async (t) => {
    const url = await rawServer(t, () => {});
    const exchange = await client(t, shortConnect).send(request(url));
    assert.deepEqual(seen(exchange), { kind: 'not_sent', failure: 'connect_timeout' });
  });

  for (const [what, breakOff] of [
    ['reset', (socket: net.Socket) => socket.resetAndDestroy()],
    ['ended', (socket: net.Socket) => socket.end()],
  ] as const) {
    test(`because the TLS handshake is ${what}, which has the code of a reset request`, async (t) => {
      const url = await rawServer(t, breakOff);
      assert.deepEqual(seen(await client(t).send(request(url))), {
        kind: 'not_sent',
        failure: 'connection_reset',
      });
    });
  }

  test('because the certificate is self-signed', async (t) => {
    const server = t.mock.fn();
    const port = await tlsServer(t, server);
    const exchange = await client(t).send(request(`https://127.0.0.1:${port}/`));
    assert.deepEqual(seen(exchange), { kind: 'not_sent', failure: 'tls' });
    assert.equal(server.mock.callCount(), 0);
  });

  test('because the certificate is for another name', async (t) => {
    const server = t.mock.fn();
    const port = await tlsServer(t, server);
    const endpoint = client(t, { trustedCertificates: certificate, lookup: resolve('127.0.0.1') });
    const exchange = await endpoint.send(request(`https://login.example:${port}/`));
    assert.deepEqual(seen(exchange), { kind: 'not_sent', failure: 'tls' });
    assert.equal(server.mock.callCount(), 0);
  });

  test('but is, over HTTP/1.1, once the certificate is trusted and for the name', async (t) => {
    const port = await tlsServer(t, ({ httpVersion }, response) => void response.end(httpVersion));
    const endpoint = client(t, { trustedCertificates: certificate });
    const exchange = seen(await endpoint.send(request(`https://localhost:${port}/`)));
    assert.deepEqual([exchange['kind'], exchange['body']], ['answered', '1.1']);
  });

  test('because no connection was free within the total limit', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const server = await httpServer(t, hang);
    const endpoint = client(t, { connections: 1 });
    const reached = nextMessage('undici:client:sendHeaders');
    const pending = [endpoint.send(request(server.url)), endpoint.send(request(server.url))];
    await reached;
    t.mock.timers.tick(30_000);
    assert.deepEqual((await Promise.all(pending)).map(seen), [
      { kind: 'outcome_unknown', failure: 'response_timeout' },
      { kind: 'not_sent', failure: 'connect_timeout' },
    ]);
    await endpoint.close();
    assert.ok(server.bodies.length <= 1, 'the second one was sent late');
  });

  for (const [what, wrong] of [
    ['another machine would get it in the clear', request('http://192.0.2.1/')],
    ['the URL is none', request('login.microsoftonline.com')],
    [
      'a header is invalid',
      request('http://127.0.0.1:9/', { headers: { 'X-AnchorMailbox': 'a\r\nOrigin: b' } }),
    ],
  ] as const) {
    test(`because ${what}`, async (t) => {
      assert.deepEqual(seen(await client(t).send(wrong)), { kind: 'not_sent', failure: 'other' });
    });
  }

  test('because the client is closed, which may be done twice', async (t) => {
    const endpoint = client(t);
    await endpoint.close();
    const exchange = await endpoint.send(request('http://127.0.0.1:9/'));
    assert.deepEqual(seen(exchange), { kind: 'not_sent', failure: 'other' });
  });
});
