import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { type FunctionsHost, startFunctionsHost } from '../../../local/functions-host/functions-host.ts';
import { VirtualClock } from '../../../local/virtual-clock.ts';
import { observed } from '../../fixtures/functions/observed.ts';

suite('a stopped host', () => {
  const clock = new VirtualClock(Date.parse('2026-03-01T00:12:00Z'));
  let host: FunctionsHost;
  let url: string;

  before(async () => {
    host = await startFunctionsHost({
      entryPoints: ['app/*.ts'],
      appDirectory: new URL('../../fixtures/functions', import.meta.url).pathname,
      appSettings: { TICK_SCHEDULE: '0 */30 * * * *' },
    });
    host.startTimers(clock);
    ({ url } = await host.listen());
    await Promise.all([host.stop(), host.stop()]);
  });

  test('has run the appTerminate hook once, with the data of the appStart hook', () => {
    assert.deepEqual(observed.hooks, ['appStart', 'appTerminate, started true']);
  });

  test('has closed its front doors', async () => {
    await assert.rejects(fetch(`${url}/health`), TypeError);
  });

  test('fires no timer', async () => {
    await clock.moveTo(Date.parse('2026-03-01T01:00:00Z'));
    assert.deepEqual(observed.timers, []);
  });

  test('refuses invocations, listening and timers', async () => {
    const request = { method: 'GET', url: 'http://127.0.0.1/' };
    await assert.rejects(host.runTimer('tick'), { code: 'stopped' });
    await assert.rejects(host.invokeHttp('health', request), { code: 'stopped' });
    await assert.rejects(host.listen(), { code: 'stopped' });
    assert.throws(() => host.startTimers(clock), { code: 'stopped' });
  });
});
