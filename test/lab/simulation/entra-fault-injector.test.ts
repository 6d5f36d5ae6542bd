import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EntraFaultInjector } from '../../../lab/simulation/entra-fault-injector.ts';
import { FaultLog } from '../../../lab/simulation/fault-log.ts';
import { rates } from '../../../lab/simulation/rates.ts';
import type { RequestSubject } from '../../../local/entra/redemption.ts';
import { SeededRandom } from '../../../local/seeded-random.ts';
import { VirtualClock } from '../../../local/virtual-clock.ts';
import { confirmationDelaySeconds } from '../../../src/planning/rounds.ts';

const subject = { clientId: 'c', grant: { id: 'g' } } as RequestSubject;

function setUp() {
  const clock = new VirtualClock(0);
  const injector = new EntraFaultInjector(clock, new SeededRandom(1), new FaultLog());
  const codeOf = (asked = subject): number | undefined => {
    const answer = injector.take(asked)?.answer;
    return answer !== undefined && 'code' in answer ? answer.code : undefined;
  };
  return { clock, injector, codeOf };
}

/** When, in seconds, the grant is refused by 70000 if it is asked every second. */
function doubtedSeconds(seconds: number): number[] {
  const { clock, injector, codeOf } = setUp();
  injector.active = true;
  const doubted: number[] = [];
  for (let second = 0; second < seconds; second++) {
    clock.advanceTo(second * 1000);
    if (codeOf() === 70000) doubted.push(second);
  }
  return doubted;
}

describe('the faults of Entra', () => {
  it('refuse a grant for no reason for less time than the refresher waits before it believes it', () => {
    const doubted = doubtedSeconds(40 * rates.doubtRestSeconds);
    const episodes = doubted.filter((second, index) => second - (doubted[index - 1] ?? -2) > 1);
    assert.ok(episodes.length > 10);
    for (const [index, begin] of episodes.entries()) {
      const next = episodes[index + 1] ?? Number.POSITIVE_INFINITY;
      const end = doubted.findLast((second) => second < next) ?? begin;
      assert.ok(end - begin < confirmationDelaySeconds);
      assert.ok(next - end >= rates.doubtRestSeconds);
    }
  });

  it('are none while the injector rests and no outage is in force', () => {
    assert.equal(setUp().injector.size, 0);
  });

  it('strike only the client that is throttled', () => {
    const { injector } = setUp();
    injector.begin({ kind: 'throttled', clientId: 'other' });
    const others = Array.from({ length: 100 }, () => injector.take(subject));
    assert.ok(others.every((fault) => fault === undefined));
    const struck = Array.from({ length: 100 }, () => injector.take({ ...subject, clientId: 'other' }));
    assert.ok(struck.some((fault) => fault !== undefined));
  });

  it('strike every request while Entra is down, and none afterwards', () => {
    const { injector } = setUp();
    const outage = { kind: 'down' } as const;
    injector.begin(outage);
    assert.ok(
      Array.from({ length: 100 }, () => injector.take(subject)).every((fault) => fault !== undefined),
    );
    injector.end(outage);
    assert.equal(injector.size, 0);
  });
});
