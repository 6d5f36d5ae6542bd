import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serviceLimits } from '../../../local/key-vault/sliding-window.ts';
import { acceptedToken, secret, startHarness } from './harness.ts';
import { type Call, send } from './send.ts';

describe('the challenge', () => {
  const rows = [
    { title: 'no token', token: null, says: /^AKV10000/ },
    { title: 'a token that nobody issued', token: 'forged', says: /^AKV10032/ },
  ];
  for (const { title, token, says } of rows) {
    test(`${title} is answered with 401 and where to get one`, async (t) => {
      const { emulator, state } = await startHarness(t);
      const { status, headers, body } = await send(emulator, '/secrets/colour', {
        method: 'PUT',
        body: { value: 'green' },
        token,
      });
      assert.equal(status, 401);
      assert.match(
        headers['www-authenticate'] ?? '',
        /^Bearer authorization="https:\/\/login\.windows\.net\/[0-9a-f-]{36}", resource="https:\/\/vault\.azure\.net"$/,
      );
      assert.equal(body.error.code, 'Unauthorized');
      assert.match(body.error.message, says);
      assert.deepEqual(state.versionsOf('colour'), []);
    });
  }

  test('a client is challenged once: its first call makes two requests, later ones one', async (t) => {
    const { client, received } = await startHarness(t);
    await client.setSecret('colour', 'red');
    await client.setSecret('colour', 'green');
    assert.deepEqual(
      received.map(({ authenticated, body }) => [authenticated, body !== '']),
      [
        [false, false],
        [true, true],
        [true, true],
      ],
    );
  });
});

describe('the wire', () => {
  test('a new version is answered with its id, its attributes and its value', async (t) => {
    const { emulator, clock, state } = await startHarness(t, { softDelete: { retentionDays: 7 } });
    const body = {
      value: 'green',
      contentType: 'text/plain',
      tags: { a: '1' },
      attributes: { exp: 2_000_000_000 },
    };
    const answer = await send(emulator, '/secrets/colour/', { method: 'PUT', body });
    const now = clock.nowMilliseconds() / 1000;
    assert.deepEqual(answer.body, {
      value: 'green',
      contentType: 'text/plain',
      id: `${emulator.url}/secrets/colour/${state.get('colour').version}`,
      attributes: {
        enabled: true,
        exp: 2_000_000_000,
        created: now,
        updated: now,
        recoveryLevel: 'CustomizedRecoverable+Purgeable',
        recoverableDays: 7,
      },
      tags: { a: '1' },
    });
  });

  test('every answer carries the headers of the service and echoes the client request id', async (t) => {
    const { emulator } = await startHarness(t);
    const headers = { 'x-ms-client-request-id': 'an-id' };
    for (const token of [acceptedToken, null]) {
      const answer = await send(emulator, '/secrets', { token, headers });
      assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
      assert.equal(answer.headers['cache-control'], 'no-cache');
      assert.equal(answer.headers['x-ms-client-request-id'], 'an-id');
      assert.match(answer.headers['x-ms-request-id']?.toString() ?? '', /^[0-9a-f-]{36}$/);
      assert.match(
        answer.headers['x-ms-keyvault-network-info']?.toString() ?? '',
        /^conn_type=Ipv4;addr=127\.0\.0\.1;act_addr_fam=InterNetwork;$/,
      );
    }
  });

  test('PATCH, DELETE and listings give no value, and a list item no version', async (t) => {
    const { emulator, state } = await startHarness(t);
    state.set('colour', secret('green'));
    const patched = await send(emulator, '/secrets/colour/', { method: 'PATCH', body: { tags: { a: '1' } } });
    assert.equal('value' in patched.body, false);
    assert.deepEqual(patched.body.tags, { a: '1' });
    const { value, nextLink } = (await send(emulator, '/secrets')).body;
    assert.equal(nextLink, null);
    assert.deepEqual(Object.keys(value[0]).sort(), ['attributes', 'id', 'tags']);
    assert.equal(value[0].id, `${emulator.url}/secrets/colour`);
    const deleted = await send(emulator, '/secrets/colour', { method: 'DELETE' });
    assert.deepEqual(Object.keys(deleted.body).sort(), [
      'attributes',
      'deletedDate',
      'id',
      'recoveryId',
      'scheduledPurgeDate',
      'tags',
    ]);
  });

  test('a next link is absolute, names host and port and the place to go on, and is followed verbatim', async (t) => {
    const { emulator, state } = await startHarness(t, { pageSizes: (page) => page });
    for (const name of ['a', 'b']) state.set(name, secret(name));
    const first = (await send(emulator, '/secrets?api%2Dversion=7.6&maxresults=5')).body;
    assert.deepEqual(first.value, []);
    const link = new URL(first.nextLink);
    assert.equal(link.origin, emulator.url);
    assert.deepEqual([...link.searchParams.keys()], ['api-version', '$skiptoken', 'maxresults']);
    const second = (await send(emulator, first.nextLink)).body;
    assert.equal(second.value.length, 1);
    assert.equal((await send(emulator, second.nextLink)).body.nextLink, null);
  });
});

describe('an error', () => {
  test('carries code, message and inner code', async (t) => {
    const { emulator, state } = await startHarness(t);
    state.set('colour', { ...secret('green'), enabled: false });
    const { status, body } = await send(emulator, '/secrets/colour/');
    assert.equal(status, 403);
    assert.deepEqual(body, {
      error: {
        code: 'Forbidden',
        message: 'Operation get is not allowed on a disabled secret.',
        innererror: { code: 'SecretDisabled' },
      },
    });
  });

  const badRequests: { title: string; path: string; call?: Call }[] = [
    { title: 'no API version', path: '/secrets?api-version=' },
    { title: 'an unknown API version', path: '/secrets?api-version=1.0' },
    { title: 'an unknown path', path: '/keys' },
    { title: 'no body', path: '/secrets/colour', call: { method: 'PUT' } },
    { title: 'a body that is not JSON', path: '/secrets/colour', call: { method: 'PUT', body: '{' } },
    { title: 'a body without a value', path: '/secrets/colour', call: { method: 'PUT', body: {} } },
    {
      title: 'a tag that is no text',
      path: '/secrets/c',
      call: { method: 'PUT', body: { value: '', tags: { a: 1 } } },
    },
    { title: 'an invalid name', path: '/secrets/a%2Fb', call: { method: 'PUT', body: { value: '' } } },
    { title: '0 results', path: '/secrets?api-version=7.6&maxresults=0' },
    { title: '26 results', path: '/secrets?api-version=7.6&maxresults=26' },
    { title: 'a foreign skip token', path: '/secrets?api-version=7.6&$skiptoken=AAAA' },
  ];
  for (const { title, path, call } of badRequests) {
    test(`${title} is a bad parameter`, async (t) => {
      const { emulator } = await startHarness(t);
      const { status, body } = await send(emulator, path, call);
      assert.deepEqual([status, body.error.code], [400, 'BadParameter']);
    });
  }

  test('the 301st write within ten seconds is throttled, without Retry-After', async (t) => {
    const { emulator, state, clock } = await startHarness(t, { writeLimit: serviceLimits.writes });
    for (let i = 0; i < 300; i++) state.admit('set');
    const write = () => send(emulator, '/secrets/colour', { method: 'PUT', body: { value: 'green' } });
    const refused = await write();
    assert.deepEqual([refused.status, refused.body.error.code], [429, 'Throttled']);
    assert.equal(refused.headers['retry-after'], undefined);
    clock.advance(10_000);
    assert.equal((await write()).status, 200);
  });

  test('Retry-After is sent on demand', async (t) => {
    const { emulator, faults } = await startHarness(t);
    faults.add({ behaviour: { kind: 'throttle', retryAfterSeconds: 7 } });
    assert.equal((await send(emulator, '/secrets')).headers['retry-after'], '7');
  });

  test('a hook that throws is heard', async (t) => {
    const { emulator, faults } = await startHarness(t);
    faults.add({
      before: () => {
        throw new Error('a bug in a hook');
      },
    });
    const { status, body } = await send(emulator, '/secrets');
    assert.deepEqual([status, body.error.message], [500, 'Error: a bug in a hook']);
  });
});

describe('faults', () => {
  test('strike only authenticated requests', async (t) => {
    const { client, faults } = await startHarness(t);
    const fault = faults.add({ operation: 'set', times: 1, behaviour: { kind: 'delay', milliseconds: 1 } });
    await client.setSecret('colour', 'green');
    assert.equal(fault.hits, 1);
  });

  test('a reset ends the connection without an answer', async (t) => {
    const { emulator, faults } = await startHarness(t);
    faults.add({ behaviour: { kind: 'reset' } });
    await assert.rejects(send(emulator, '/secrets'), { code: 'ECONNRESET' });
  });

  test('closing the emulator ends requests that hang', async (t) => {
    const { emulator, faults } = await startHarness(t);
    faults.add({ before: () => void emulator.close(), behaviour: { kind: 'hang' } });
    await assert.rejects(send(emulator, '/secrets'), { code: 'ECONNRESET' });
  });
});
