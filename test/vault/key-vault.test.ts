import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DefaultAzureCredential } from '@azure/identity';
import type { FaultBehaviour } from '../../local/key-vault/vault-faults.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { errorOf, startVault, write } from './harness.ts';

// One test for each known defect of the SDK, showing that the adapter cures it.

const named = (count: number): string[] => Array.from({ length: count }, (_, i) => `secret-${i}`);

describe('the first calls of a cold client', () => {
  let requests = 0;
  const uneven = { latencyMilliseconds: () => 1 + ((requests++ * 7) % 11) };

  test('32 parallel first writes are all stored, with their own values', async (t) => {
    const { vault, state } = await startVault(t, uneven);
    const names = named(32);
    await Promise.all(names.map((name) => vault.set(name, { ...write, value: new Sensitive(`of ${name}`) })));
    for (const name of names) {
      assert.deepEqual(
        state.versionsOf(name).map(({ value }) => value.reveal()),
        [`of ${name}`],
      );
    }
  });

  test('only one request, without a body, goes out without a token', async (t) => {
    const { vault, received } = await startVault(t, uneven);
    await Promise.all(named(32).map((name) => vault.set(name, write)));
    const challenged = received.filter(({ authenticated }) => !authenticated);
    assert.deepEqual(
      challenged.map(({ method, url, body }) => [method, url.pathname, body]),
      [['GET', '/secrets', '']],
    );
    assert.equal(received.filter(({ method }) => method === 'PUT').length, 32);
  });

  test('a failed first call is tried again by the next one', async (t) => {
    const { vault, faults } = await startVault(t, { callLimitMilliseconds: 1000 });
    const fault = faults.add({ operation: 'list', behaviour: { kind: 'hang' } });
    const failed = { code: 'unreachable', operation: 'list', writeMayHaveHappened: false };
    await Promise.all([1, 2].map(() => assert.rejects(vault.set('colour', write), failed)));
    assert.equal(fault.hits, 1, 'once for all that wait');
    fault.remove();
    await vault.set('colour', write);
  });

  test('an identity that may not list can still read and write', async (t) => {
    const { vault, faults } = await startVault(t);
    faults.denied.add('list');
    await vault.set('colour', write);
    assert.equal((await vault.get('colour'))?.value.reveal(), 'green');
    await assert.rejects(vault.list(), { code: 'forbidden', operation: 'list' });
  });

  test('work with the credential chain of production', async (t) => {
    const { vault } = await startVault(t, { credential: new DefaultAzureCredential() });
    assert.equal(await vault.get('colour'), undefined);
  });
});

describe('a 429 without Retry-After', () => {
  test('is repeated for get, update and each page of a listing', async (t) => {
    const { vault, faults, state } = await startVault(t, { pageSizes: () => 1 });
    for (const name of named(3)) state.set(name, write);
    const version = await vault.set('colour', write);
    const calls = {
      get: () => vault.get('colour'),
      update: () => vault.update('colour', version, { tags: { a: '2' } }),
      list: () => vault.list(),
    } as const;
    for (const [operation, call] of Object.entries(calls)) {
      let asked = 0;
      const throttled = { kind: 'throttle' } as const;
      // The first and every other request of each call.
      const behaviour = () => (asked++ % 2 === 0 ? throttled : undefined);
      const fault = faults.add({ operation: operation as keyof typeof calls, behaviour });
      await call();
      assert.equal(fault.hits, operation === 'list' ? 4 : 1, operation);
      fault.remove();
    }
    assert.deepEqual((await vault.get('colour'))?.tags, { a: '2' });
  });

  test('of a write is told at once, with nothing stored', async (t) => {
    const { vault, faults, state } = await startVault(t);
    const fault = faults.add({ operation: 'set', behaviour: { kind: 'throttle' } });
    await assert.rejects(vault.set('colour', write), { code: 'throttled', writeMayHaveHappened: false });
    assert.equal(fault.hits, 1);
    assert.deepEqual(state.versionsOf('colour'), []);
  });

  test('that does not end is told as throttling, not as silence', async (t) => {
    const { vault, faults } = await startVault(t, { throttlePauseMilliseconds: 60_000 });
    await vault.list();
    const fault = faults.add({ behaviour: { kind: 'throttle' } });
    await assert.rejects(vault.get('colour'), { code: 'throttled' });
    assert.equal(fault.hits, 1);
  });
});

describe('a write', () => {
  const failures: FaultBehaviour[] = [
    { kind: 'commit_then_reset' },
    { kind: 'commit_then_status', status: 408, code: 'RequestTimeout' },
    { kind: 'commit_then_status', status: 500, code: 'InternalServerError' },
    { kind: 'commit_then_status', status: 503, code: 'ServiceUnavailable', retryAfterSeconds: 1 },
  ];
  for (const behaviour of failures) {
    test(`is not replayed after ${behaviour.kind} ${'status' in behaviour ? behaviour.status : ''}`, async (t) => {
      const { vault, faults, state, received } = await startVault(t);
      faults.add({ operation: 'set', behaviour });
      const open = { code: 'unreachable', writeMayHaveHappened: true };
      await assert.rejects(vault.set('colour', write), open);
      assert.equal(received.filter(({ method }) => method === 'PUT').length, 1);
      assert.equal(state.versionsOf('colour').length, 1);
    });
  }

  test('of attributes, and a read, are repeated: they change nothing twice', async (t) => {
    const { vault, faults } = await startVault(t);
    const version = await vault.set('colour', write);
    faults.add({ operation: ['get', 'update'], times: 1, behaviour: { kind: 'commit_then_reset' } });
    await vault.update('colour', version, { tags: { b: '2' } });
    faults.add({ operation: 'get', times: 1, behaviour: { kind: 'status', status: 503, code: 'Busy' } });
    assert.deepEqual((await vault.get('colour'))?.tags, { b: '2' });
  });

  test('that met a closed port did not happen', async (t) => {
    const { vault, closeEmulator } = await startVault(t, { callLimitMilliseconds: 1000 });
    await vault.list();
    await closeEmulator();
    // The read takes the dead connection out of the pool.
    await assert.rejects(vault.get('colour'), { code: 'unreachable' });
    await assert.rejects(vault.set('colour', write), {
      code: 'unreachable',
      writeMayHaveHappened: false,
      message: /ECONNREFUSED/,
    });
  });

  test('carries everything each time, as the SDK takes nothing over', async (t) => {
    const { vault, received } = await startVault(t);
    await vault.set('colour', write);
    const { expiresAt, ...unlimited } = write;
    await vault.set('colour', unlimited);
    const bodies = received.filter(({ method }) => method === 'PUT').map(({ body }) => JSON.parse(body));
    const common = { value: 'green', contentType: 'text/plain', tags: { a: '1' } };
    assert.deepEqual(bodies, [
      { ...common, attributes: { enabled: true, exp: expiresAt } },
      { ...common, attributes: { enabled: true } },
    ]);
  });

  test('with a name or an expiry that the SDK would bend is not sent', async (t) => {
    const { vault, received } = await startVault(t);
    await assert.rejects(vault.set('a/b', write), { code: 'rejected' });
    await assert.rejects(vault.get('a/b'), { code: 'rejected' });
    await assert.rejects(vault.update('a/b', '', {}), { code: 'rejected' });
    await assert.rejects(vault.set('colour', { ...write, expiresAt: 2 ** 31 }), { code: 'rejected' });
    assert.deepEqual(received, []);
  });
});

describe('a vault that hangs', { concurrency: true }, () => {
  const silent = { code: 'unreachable', message: /no answer in time/ };

  for (const hangingPage of [2, 3]) {
    test(`is given up on page ${hangingPage}`, async (t) => {
      const { vault, faults, state } = await startVault(t, {
        pageSizes: () => 1,
        callLimitMilliseconds: 1000,
      });
      for (const name of named(4)) state.set(name, write);
      await vault.get('colour');
      let page = 0;
      const behaviour = () => (++page === hangingPage ? ({ kind: 'hang' } as const) : undefined);
      const fault = faults.add({ operation: 'list', behaviour });
      await assert.rejects(vault.list(), silent);
      assert.equal(fault.hits, 1);
      assert.equal(page, hangingPage);
    });
  }

  test('is given up while a pause after an error lasts', async (t) => {
    const { vault, faults } = await startVault(t, { callLimitMilliseconds: 1000 });
    await vault.list();
    // The SDK's pauses are 500 ms and more.
    faults.add({ behaviour: { kind: 'status', status: 503, code: 'Busy', retryAfterSeconds: 60 } });
    assert.equal((await errorOf(vault.get('colour'))).code, 'unreachable');
  });
});

describe('a listing', () => {
  test('asks for pages of the newest versions only, with the pinned API version', async (t) => {
    const { vault, state, received } = await startVault(t, { pageSizes: (page) => page % 3 });
    for (const name of named(30)) {
      for (let version = 0; version < 3; version++) state.set(name, write);
    }
    const { secrets } = await vault.list();
    assert.equal(new Set(secrets.map(({ name }) => name)).size, 30);
    assert.equal(secrets.length, 30);
    assert.deepEqual(new Set(received.map(({ url }) => url.pathname)), new Set(['/secrets']));
    assert.deepEqual(
      new Set(received.map(({ url }) => url.searchParams.get('api-version'))),
      new Set(['7.6']),
    );
  });

  test('is complete or not at all', async (t) => {
    const { vault, state, faults } = await startVault(t, { pageSizes: () => 1 });
    for (const name of named(3)) state.set(name, write);
    await vault.get('colour');
    let page = 0;
    const refusal = { kind: 'status', status: 403, code: 'Forbidden' } as const;
    faults.add({ operation: 'list', behaviour: () => (++page === 3 ? refusal : undefined) });
    await assert.rejects(vault.list(), { code: 'forbidden' });
  });
});
