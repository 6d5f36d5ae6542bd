import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import {
  encodeForm,
  type TokenEndpointOptions,
  UndiciTokenEndpoint,
} from '../../src/oauth/token-endpoint-client.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { client, httpServer, ok, request, seen } from './loopback.ts';

const oneMebibyte = 1024 * 1024;

describe('an answer', () => {
  test('is status, flat lower-case headers without cookies, and the body as text', async (t) => {
    const server = await httpServer(t, (_, response) => {
      response.sendDate = false;
      response.writeHead(429, {
        'Retry-After': '60',
        'X-Twice': ['a', 'b'],
        'Set-Cookie': ['fpc=1', 'stsservicecookie=2'],
        Connection: 'close',
      });
      response.write('{"error":"größ');
      setImmediate(() => response.end('e"}'));
    });
    assert.deepEqual(seen(await client(t).send(request(server.url))), {
      kind: 'answered',
      status: 429,
      headers: {
        'retry-after': '60',
        'x-twice': 'a, b',
        connection: 'close',
        'transfer-encoding': 'chunked',
      },
      body: '{"error":"größe"}',
    });
  });

  test('may be empty', async (t) => {
    const server = await httpServer(t, (_, response) => void response.writeHead(502).end());
    const exchange = seen(await client(t).send(request(server.url)));
    assert.deepEqual([exchange['status'], exchange['body']], [502, '']);
  });

  test('may follow an informational one', async (t) => {
    const server = await httpServer(t, (_, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
      response.end('{}');
    });
    const exchange = seen(await client(t).send(request(server.url)));
    assert.deepEqual([exchange['status'], exchange['body']], [200, '{}']);
  });

  test('that redirects is handed back, not followed', async (t) => {
    const server = await httpServer(
      t,
      (_, response) => void response.writeHead(307, { location: server.url }).end(),
    );
    const exchange = seen(await client(t).send(request(server.url)));
    assert.deepEqual([exchange['kind'], exchange['status']], ['answered', 307]);
    assert.equal(server.bodies.length, 1);
  });

  test('is not asked for in compressed form', async (t) => {
    const server = await httpServer(t, ({ headers }, response) => {
      if (headers['accept-encoding'] === 'identity') response.end('plain');
      else response.setHeader('content-encoding', 'gzip').end(gzipSync('packed'));
    });
    assert.equal(seen(await client(t).send(request(server.url)))['body'], 'plain');
  });

  for (const [size, kind] of [
    [oneMebibyte, 'answered'],
    [oneMebibyte + 1, 'outcome_unknown'],
  ] as const) {
    for (const how of ['announced', 'in chunks']) {
      test(`of ${size} bytes, ${how}, is ${kind}`, async (t) => {
        const server = await httpServer(t, (_, response) => {
          if (how === 'announced') response.setHeader('content-length', size);
          else response.write('');
          response.end('x'.repeat(size));
        });
        const exchange = await client(t).send(request(server.url));
        assert.equal(exchange.kind, kind);
        if (exchange.kind !== 'answered') assert.equal(exchange.failure, 'response_too_large');
      });
    }
  }
});

describe('the request on the wire', () => {
  test('is a POST of the form with exactly the given headers', async (t) => {
    let wire: unknown;
    const server = await httpServer(t, ({ method, url, rawHeaders }, response) => {
      wire = { method, url, names: rawHeaders.filter((_, index) => index % 2 === 0) };
      response.end();
    });
    const headers = { Accept: 'application/json', 'client-request-id': 'a1' };
    await client(t).send(request(server.url, { headers }));
    assert.deepEqual(wire, {
      method: 'POST',
      url: '/common/oauth2/v2.0/token',
      names: ['host', 'connection', 'Accept', 'client-request-id', 'Accept-Encoding', 'content-length'],
    });
  });

  test('carries each secret so that the server reads it as it is', async (t) => {
    const server = await httpServer(t, ok);
    const secrets = ['a+b', 'a%2Bb', 'a&b=c', '~.-_', ' a  b ', 'ключ🔑', 'a\r\nb', '0.AXEA+/=='];
    const form = secrets.map((secret) => ['client_secret', new Sensitive(secret)] as const);
    await client(t).send(request(server.url, { form }));
    assert.deepEqual(new URLSearchParams(server.bodies[0]).getAll('client_secret'), secrets);
  });

  test('encodes every name and value exactly once', () => {
    const anyText = fc.string({ unit: 'binary' });
    const decodeOnce = (part: string) => decodeURIComponent(part.replaceAll('+', ' '));
    fc.assert(
      fc.property(fc.array(fc.tuple(anyText, anyText, fc.boolean()), { minLength: 1 }), (parameters) => {
        const body = encodeForm(
          parameters.map(([name, value, sealed]) => [name, sealed ? new Sensitive(value) : value] as const),
        );
        assert.match(body, /^[A-Za-z0-9*\-._+%&=]*$/);
        assert.deepEqual(
          body.split('&').map((pair) => pair.split('=').map(decodeOnce)),
          parameters.map(([name, value]) => [name, value]),
        );
      }),
    );
  });

  test('uses few connections again and again', async (t) => {
    const server = await httpServer(t, ok);
    const endpoint = client(t, { connections: 3 });
    for (let round = 0; round < 3; round += 1) {
      const exchanges = await Promise.all(
        Array.from({ length: 20 }, () => endpoint.send(request(server.url))),
      );
      assert.ok(exchanges.every(({ kind }) => kind === 'answered'));
    }
    assert.equal(server.bodies.length, 60);
    assert.equal(server.sockets.size, 3);
  });
});

describe('the options', () => {
  const options: ReadonlyArray<readonly [what: string, options: TokenEndpointOptions, accepted: boolean]> = [
    [
      'a connect limit one below the total limit',
      { connectLimitMilliseconds: 9, totalLimitMilliseconds: 10 },
      true,
    ],
    [
      'a connect limit equal to the total limit',
      { connectLimitMilliseconds: 10, totalLimitMilliseconds: 10 },
      false,
    ],
    ['a connect limit of nothing', { connectLimitMilliseconds: 0 }, false],
    ['a connect limit that is no number', { connectLimitMilliseconds: Number.NaN }, false],
    ['one connection', { connections: 1 }, true],
    ['no connection', { connections: 0 }, false],
    ['half a connection more', { connections: 1.5 }, false],
  ];
  for (const [what, given, accepted] of options) {
    test(`${accepted ? 'allow' : 'refuse'} ${what}`, (t) => {
      if (accepted) client(t, given);
      else
        assert.throws(() => new UndiciTokenEndpoint(given), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
    });
  }
});

describe('a document', () => {
  test('is fetched by GET, query and all, without a body, and no redirect is followed', async (t) => {
    const seenRequests: string[] = [];
    const server = await httpServer(t, ({ method, url, headers }, response) => {
      seenRequests.push(`${method} ${url} ${headers['accept-encoding']}`);
      response.writeHead(302, { location: '/elsewhere' }).end('moved');
    });
    const { origin } = new URL(server.url);
    const exchange = await client(t).get(`${origin}/keys?v=2`);
    assert.ok(exchange.kind === 'answered');
    assert.deepEqual([exchange.status, exchange.body.reveal()], [302, 'moved']);
    assert.deepEqual(seenRequests, ['GET /keys?v=2 identity']);
    assert.deepEqual(server.bodies, ['']);
  });

  test('is not fetched from an address without TLS', async (t) => {
    const exchange = await client(t).get('http://login.microsoftonline.com/keys');
    assert.equal(exchange.kind, 'not_sent');
  });
});
