import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  createHttpHeaders,
  createPipelineRequest,
  type HttpMethods,
  type PipelineRequest,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import fc from 'fast-check';
import {
  throttleBackoffMilliseconds,
  throttleRetryPolicy,
  writeOncePolicy,
} from '../../src/vault/pipeline-policies.ts';
import { RefusedError, UnansweredError } from '../../src/vault/vault-errors.ts';

const requestOf = (method: HttpMethods): PipelineRequest =>
  createPipelineRequest({ url: 'https://v.vault.azure.net/secrets/colour', method });

const answer =
  (status: number, headers: Record<string, string> = {}) =>
  async (request: PipelineRequest): Promise<PipelineResponse> => ({
    request,
    status,
    headers: createHttpHeaders(headers),
  });

describe('the pause after a 429', () => {
  const rows = [
    { refusals: 1, shortest: 750, middle: 1000, longest: 1250 },
    { refusals: 2, shortest: 1500, middle: 2000, longest: 2500 },
    { refusals: 3, shortest: 3000, middle: 4000, longest: 5000 },
    { refusals: 4, shortest: 6000, middle: 8000, longest: 10_000 },
    { refusals: 5, shortest: 12_000, middle: 16_000, longest: 20_000 },
    { refusals: 6, shortest: 12_000, middle: 16_000, longest: 20_000 },
  ];
  for (const { refusals, ...expected } of rows) {
    test(`number ${refusals} is ${expected.middle} ms ± 25 %`, () => {
      const pause = (random: number) => throttleBackoffMilliseconds(refusals, 1000, random);
      assert.deepEqual({ shortest: pause(0), middle: pause(0.5), longest: pause(1) }, expected);
    });
  }

  test('stays within a quarter of its step, and scales with the first pause', () => {
    const input = fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 5000 }), fc.double());
    fc.assert(
      fc.property(input, ([refusals, first, seed]) => {
        const random = Math.abs(seed % 1) || 0;
        const step = first * Math.min(2 ** (refusals - 1), 16);
        const pause = throttleBackoffMilliseconds(refusals, first, random);
        return pause >= step * 0.75 && pause <= step * 1.25;
      }),
    );
  });
});

describe('a throttled request', () => {
  const policyWithin = (limitMilliseconds: number) =>
    throttleRetryPolicy({ firstPauseMilliseconds: 1000, limitMilliseconds, random: () => 0.5 });

  /** The pauses that the SDK is told, until the policy gives up. */
  async function pausesOf(
    limit: number,
    headers: Record<string, string> = {},
  ): Promise<(string | undefined)[]> {
    const policy = policyWithin(limit);
    const request = requestOf('GET');
    const pauses: (string | undefined)[] = [];
    for (let attempt = 0; attempt < 9; attempt++) {
      try {
        const response = await policy.sendRequest(request, answer(429, headers));
        pauses.push(response.headers.get('retry-after-ms'));
      } catch (error) {
        assert.ok(error instanceof RefusedError);
        assert.equal(error.status, 429);
        return pauses;
      }
    }
    return pauses;
  }

  const rows: { title: string; limit: number; headers?: Record<string, string>; pauses: string[] }[] = [
    { title: 'no room for a pause', limit: 999, pauses: [] },
    { title: 'room for one', limit: 1000, pauses: ['1000'] },
    { title: 'room for one and almost two', limit: 2999, pauses: ['1000'] },
    { title: 'room for two', limit: 3000, pauses: ['1000', '2000'] },
    { title: 'room for three', limit: 10_000, pauses: ['1000', '2000', '4000'] },
    { title: 'Retry-After within', limit: 6000, headers: { 'Retry-After': '3' }, pauses: ['3000', '3000'] },
    { title: 'Retry-After beyond', limit: 2999, headers: { 'Retry-After': '3' }, pauses: [] },
    { title: 'Retry-After of nothing', limit: 1000, headers: { 'Retry-After': '0' }, pauses: ['1000'] },
  ];
  for (const { title, limit, headers, pauses } of rows) {
    test(`with ${title}`, async () => assert.deepEqual(await pausesOf(limit, headers), pauses));
  }

  test('does not share its pauses with another', async () => {
    const policy = policyWithin(10_000);
    for (let request = 0; request < 5; request++) {
      const response = await policy.sendRequest(requestOf('GET'), answer(429));
      assert.equal(response.headers.get('retry-after-ms'), '1000');
    }
  });

  for (const status of [200, 401, 428, 430, 503]) {
    test(`is not one with ${status}`, async () => {
      const response = await policyWithin(0).sendRequest(requestOf('GET'), answer(status));
      assert.equal(response.headers.get('retry-after-ms'), undefined);
    });
  }
});

describe('a PUT', () => {
  const policy = writeOncePolicy();

  for (const status of [408, 429, 500, 503, 599]) {
    test(`answered ${status} is thrown past the SDK's retries`, async () => {
      const sent = policy.sendRequest(requestOf('PUT'), answer(status, { 'Retry-After': '9' }));
      await assert.rejects(sent, { name: 'RefusedError', status, retryAfterSeconds: 9 });
    });
  }

  for (const status of [200, 307, 400, 401, 403, 407, 409, 428, 430, 499]) {
    test(`answered ${status} passes`, async () => {
      assert.equal((await policy.sendRequest(requestOf('PUT'), answer(status))).status, status);
    });
  }

  test('without an answer is thrown without a code by which the SDK would repeat it', async () => {
    const reset = Object.assign(new Error('text'), { code: 'ECONNRESET' });
    const sent = policy.sendRequest(requestOf('PUT'), () => Promise.reject(reset));
    await assert.rejects(sent, (error) => {
      assert.ok(error instanceof UnansweredError);
      assert.equal(error.networkCode, 'ECONNRESET');
      assert.ok(!('code' in error));
      return true;
    });
  });

  test('that was aborted fails as it did', async () => {
    const aborted = Object.assign(new Error('text'), { name: 'AbortError' });
    const sent = policy.sendRequest(requestOf('PUT'), () => Promise.reject(aborted));
    await assert.rejects(sent, (error) => error === aborted);
  });

  for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
    test(`is not a ${method}: that may be repeated`, async () => {
      assert.equal((await policy.sendRequest(requestOf(method), answer(503))).status, 503);
      const reset = Object.assign(new Error('text'), { code: 'ECONNRESET' });
      const failed = policy.sendRequest(requestOf(method), () => Promise.reject(reset));
      await assert.rejects(failed, (error) => error === reset);
    });
  }
});
