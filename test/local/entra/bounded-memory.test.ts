import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { consent, entra, redeem, rotated } from './fixture.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function heapMegabytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

for (const rotation of ['lenient', 'strict'] as const) {
  test(`5,000 redemptions under ${rotation} rotation leave no trace in memory`, () => {
    const { state, clock } = entra({ rotation });
    let token = consent(state);
    const run = (count: number) => {
      for (let index = 0; index < count; index++) {
        clock.advance(1800 * 1000);
        token = rotated(redeem(state, token));
      }
    };
    // Fills the bounded log and warms the code up.
    run(2500);
    const before = heapMegabytes();
    run(5000);
    // Keeping each 1,400-character token would take 7 MB.
    assert.ok(heapMegabytes() - before < 3);
    assert.equal(state.recentRequests().length, 1000);
  });
}
