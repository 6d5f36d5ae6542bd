import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import type { SecretClient } from '@azure/keyvault-secrets';
import { secret, signal, startHarness } from './harness.ts';

// What the SDK does by itself, and the adapter has to cure or to live with. A test here that fails after an update
// of the SDK says that a cure may have become needless, or that the local environment must change.

/** Twenty cold clients, each with eight first writes at once, under uneven latency. */
async function coldParallelWrites(
  createClient: () => SecretClient,
): Promise<PromiseSettledResult<unknown>[]> {
  const clients = Array.from({ length: 20 }, () => createClient());
  const writes = clients.flatMap((client, c) =>
    Array.from({ length: 8 }, (_, w) => client.setSecret(`secret-${c}-${w}`, `value-${c}-${w}`)),
  );
  return Promise.allSettled(writes);
}

describe('the first calls of a client', () => {
  let requests = 0;
  const uneven = { latencyMilliseconds: () => 1 + ((requests++ * 7) % 11) };

  // keyvault-common 2.1.0 lost bodies here and sent values without authentication; 2.1.1 does neither.
  test('parallel first writes are all stored', async (t) => {
    const { createClient, state } = await startHarness(t, uneven);
    const settled = await coldParallelWrites(createClient);
    assert.equal(settled.filter(({ status }) => status === 'rejected').length, 0);
    assert.equal(state.snapshot().active.size, 160);
  });

  test('no value is sent without authentication', async (t) => {
    const { createClient, received } = await startHarness(t, uneven);
    await coldParallelWrites(createClient);
    const challenged = received.filter(({ authenticated }) => !authenticated);
    assert.ok(challenged.length > 0);
    assert.deepEqual(new Set(challenged.map(({ body }) => body)), new Set(['']));
  });

  test('a write that arrives without its body is refused', async (t) => {
    const { createClient, state } = await startHarness(t);
    const bodyless: PipelinePolicy = {
      name: 'bodyless',
      sendRequest: (request, next) => next({ ...request, body: null }),
    };
    const client = createClient({ additionalPolicies: [{ policy: bodyless, position: 'perRetry' }] });
    const refused = { statusCode: 400, code: 'BadParameter', message: 'Request body not specified.' };
    await assert.rejects(client.setSecret('colour', 'green'), refused);
    assert.deepEqual(state.versionsOf('colour'), []);
  });
});

describe('repeats', () => {
  test('a 429 without Retry-After is not repeated', async (t) => {
    const { client, faults } = await startHarness(t);
    const fault = faults.add({ operation: 'set', behaviour: { kind: 'throttle' } });
    await assert.rejects(client.setSecret('colour', 'green'), { statusCode: 429, code: 'Throttled' });
    assert.equal(fault.hits, 1);
  });

  test('a 429 with Retry-After is repeated', async (t) => {
    const { client, faults, state } = await startHarness(t);
    faults.add({ operation: 'set', times: 2, behaviour: { kind: 'throttle', retryAfterSeconds: 0 } });
    await client.setSecret('colour', 'green');
    assert.equal(state.versionsOf('colour').length, 1);
  });

  const ambiguous = [
    { title: 'a reset', behaviour: { kind: 'commit_then_reset' } },
    { title: 'a 500', behaviour: { kind: 'commit_then_status', status: 500, code: 'InternalServerError' } },
    { title: 'a 408', behaviour: { kind: 'commit_then_status', status: 408, code: 'RequestTimeout' } },
  ] as const;
  for (const { title, behaviour } of ambiguous) {
    test(`a write that was stored before ${title} is repeated: two versions, one request id`, async (t) => {
      const { client, faults, state, received } = await startHarness(t);
      await client.setSecret('other', 'warm');
      faults.add({ operation: 'set', times: 1, behaviour });
      await client.setSecret('colour', 'green');
      assert.equal(state.versionsOf('colour').length, 2);
      const ids = received.slice(-2).map(({ headers }) => headers['x-ms-client-request-id']);
      assert.equal(ids[0], ids[1]);
    });
  }

  test('a write that was given up is not repeated, and may have been stored', async (t) => {
    const { client, faults, state } = await startHarness(t);
    await client.setSecret('other', 'warm');
    const stored = signal();
    faults.add({ operation: 'set', after: stored.raise, behaviour: { kind: 'commit_then_hang' } });
    const controller = new AbortController();
    const setting = client.setSecret('colour', 'green', { abortSignal: controller.signal });
    await stored.raised;
    controller.abort();
    await assert.rejects(setting, { name: 'AbortError' });
    assert.equal(state.versionsOf('colour').length, 1);
  });
});

describe('time', () => {
  test('there is no time limit unless one is given', async (t) => {
    const { createClient, faults } = await startHarness(t);
    const timeouts: number[] = [];
    const observer: PipelinePolicy = {
      name: 'observer',
      sendRequest: (request, next) => {
        timeouts.push(request.timeout);
        return next(request);
      },
    };
    const client = createClient({ additionalPolicies: [{ policy: observer, position: 'perCall' }] });
    const asked = signal();
    faults.add({ before: asked.raise, behaviour: { kind: 'hang' } });
    const controller = new AbortController();
    const getting = client.getSecret('colour', { abortSignal: controller.signal });
    await asked.raised;
    assert.deepEqual(timeouts, [0]);
    controller.abort();
    await assert.rejects(getting, { name: 'AbortError' });
  });

  test('an abort signal reaches only the first page of a listing', async (t) => {
    const { client, state } = await startHarness(t, { pageSizes: () => 1 });
    for (const name of ['a', 'b', 'c']) state.set(name, secret(name));
    const controller = new AbortController();
    const names: string[] = [];
    for await (const { name } of client.listPropertiesOfSecrets({ abortSignal: controller.signal })) {
      names.push(name);
      controller.abort();
    }
    assert.deepEqual(names, ['a', 'b', 'c']);
  });

  const expiries = [
    { expiresOn: '2038-01-19T03:14:07Z', exp: 2 ** 31 - 1 },
    { expiresOn: '2038-01-19T03:14:08Z', exp: -(2 ** 31) },
    { expiresOn: '2040-01-01T00:00:00Z', exp: -2085978496 },
  ];
  for (const { expiresOn, exp } of expiries) {
    test(`an expiry of ${expiresOn} is sent as ${exp}`, async (t) => {
      const { client, received } = await startHarness(t);
      await client.setSecret('colour', 'green', { expiresOn: new Date(expiresOn) });
      assert.equal(JSON.parse(received.at(-1)?.body ?? '').attributes.exp, exp);
    });
  }
});

describe('forgetting', () => {
  test('a new version without options has no tags, content type or expiry', async (t) => {
    const { client } = await startHarness(t);
    const options = {
      tags: { a: '1' },
      contentType: 'text/plain',
      expiresOn: new Date('2030-01-01T00:00:00Z'),
    };
    await client.setSecret('colour', 'red', options);
    const { properties } = await client.setSecret('colour', 'green');
    assert.equal(properties.tags, undefined);
    assert.equal(properties.contentType, undefined);
    assert.equal(properties.expiresOn, undefined);
  });
});
