import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startLocalEnvironment } from '../../local/local-environment.ts';
import { startApp } from '../../local/run-app.ts';
import { SkippingClock } from '../../local/skipping-clock.ts';
import { useClock } from '../../src/app/environment.ts';

test('the status of a process whose identity endpoint is cold for 20 s is there all the same', async (t) => {
  const clock = new SkippingClock();
  useClock(clock);
  const local = await startLocalEnvironment({ clock });
  t.after(() => local.close());
  const host = await startApp(local.appSettings, () => {});
  t.after(() => host.stop());
  const warmAt = clock.nowMilliseconds() + 20_000;
  local.identity.failure = () => (clock.nowMilliseconds() < warmAt ? 400 : undefined);
  const { url } = await host.listen({ functionKey: 'key' });
  const response = await fetch(`${url}/tools/status`, { headers: { 'x-functions-key': 'key' } });
  assert.equal(response.status, 200);
  await response.body?.cancel();
});
