import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { RequestQueue, requestLimits } from '../../../local/functions-host/request-limits.ts';

const unlimited = { bodyBytes: 104_857_600, concurrent: Infinity, outstanding: Infinity };

suite('the limits of requests', () => {
  for (const [sentence, http, setting, expected] of [
    ['are the host’s own without settings', {}, undefined, unlimited],
    ['are none at -1', { maxConcurrentRequests: -1, maxOutstandingRequests: -1 }, undefined, unlimited],
    [
      'are those of host.json',
      { maxConcurrentRequests: 5, maxOutstandingRequests: 10 },
      undefined,
      { ...unlimited, concurrent: 5, outstanding: 10 },
    ],
    ['take the setting for bodies', {}, '16384', { ...unlimited, bodyBytes: 16_384 }],
    ['ignore a setting that is no number', {}, '16 KB', unlimited],
  ] as const) {
    test(sentence, () => assert.deepEqual(requestLimits(http, setting), expected));
  }
});

suite('a queue for two at a time and three in all', () => {
  test('lets the third wait, refuses the fourth, and goes on when one has ended', async () => {
    const queue = new RequestQueue({ concurrent: 2, outstanding: 3 });
    const begun: string[] = [];
    const ends = new Map<string, () => void>();
    const run = (name: string) =>
      queue.run(() => {
        begun.push(name);
        return new Promise<void>((resolve) => void ends.set(name, resolve));
      });
    const [first, , third] = [run('first'), run('second'), run('third')];
    assert.equal(await run('fourth'), false);
    assert.deepEqual(begun, ['first', 'second']);
    ends.get('first')?.();
    assert.equal(await first, true);
    await new Promise(setImmediate);
    assert.deepEqual(begun, ['first', 'second', 'third']);
    ends.get('third')?.();
    assert.equal(await third, true);
  });

  test('gives the turn of one that failed to the next', async () => {
    const queue = new RequestQueue({ concurrent: 1, outstanding: 1 });
    await assert.rejects(
      queue.run(() => Promise.reject(new Error('broken'))),
      /broken/,
    );
    assert.equal(await queue.run(async () => {}), true);
  });
});
