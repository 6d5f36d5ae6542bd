import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OutagePeriods, totalLength } from '../../../lab/simulation/outage-periods.ts';
import { ValidityMeter } from '../../../lab/simulation/validity-meter.ts';

const always = { from: 0, to: 1000 };

describe('an outage is in force', () => {
  const cases: [words: string, run: (periods: OutagePeriods) => void, expected: object[]][] = [
    ['never, when nothing happened', () => {}, []],
    ['for as long as it lasts', (periods) => periods.begin(100), [{ from: 100, to: 1000 }]],
    [
      'until a sweep that began at its very end is completed',
      (periods) => {
        periods.begin(100);
        periods.end(200);
        periods.sweepCompleted({ from: 200, to: 230 });
      },
      [{ from: 100, to: 230 }],
    ],
    [
      'still after a sweep that began before its end',
      (periods) => {
        periods.begin(100);
        periods.end(200);
        periods.sweepCompleted({ from: 199, to: 230 });
      },
      [{ from: 100, to: 1000 }],
    ],
    [
      'still after a sweep while another one lasts',
      (periods) => {
        periods.begin(100);
        periods.begin(150);
        periods.end(200);
        periods.sweepCompleted({ from: 210, to: 230 });
      },
      [{ from: 100, to: 1000 }],
    ],
    [
      'from where it is said to have begun, when it is told afterwards',
      (periods) => {
        periods.begin(100);
        periods.end(110);
        periods.add({ from: 50, to: 120 });
        periods.sweepCompleted({ from: 130, to: 140 });
      },
      [{ from: 50, to: 140 }],
    ],
  ];
  for (const [words, run, expected] of cases) {
    it(words, () => {
      const periods = new OutagePeriods();
      run(periods);
      assert.deepEqual(periods.within(always), expected);
    });
  }

  it('only inside the asked period', () => {
    const periods = new OutagePeriods();
    periods.add({ from: 100, to: 120 });
    periods.sweepCompleted({ from: 130, to: 140 });
    assert.deepEqual(periods.within({ from: 110, to: 125 }), [{ from: 110, to: 125 }]);
    assert.deepEqual(periods.within({ from: 140, to: 150 }), []);
  });
});

describe('the length of periods', () => {
  const cases: [words: string, periods: [number, number][], expected: number][] = [
    ['of none is 0', [], 0],
    [
      'adds up what is apart',
      [
        [0, 1],
        [5, 7],
      ],
      3,
    ],
    [
      'counts overlaps once',
      [
        [0, 5],
        [3, 8],
      ],
      8,
    ],
    [
      'counts what lies within another once',
      [
        [0, 9],
        [2, 3],
      ],
      9,
    ],
    [
      'does not depend on their order',
      [
        [5, 7],
        [0, 6],
      ],
      7,
    ],
  ];
  for (const [words, periods, expected] of cases) {
    it(words, () => {
      assert.equal(totalLength(periods.map(([from, to]) => ({ from, to }))), expected);
    });
  }
});

describe('the validity meter', () => {
  const minute = 60_000;
  const minimum = 10 * minute;
  const meterAfter = (global: OutagePeriods, faultlessUntil: number, own = new OutagePeriods()) => {
    const meter = new ValidityMeter(minimum, global);
    meter.faultlessUntil = faultlessUntil;
    meter.publish('a', own, { from: 0, expiresAt: 60 * minute });
    return meter;
  };

  it('counts nothing when the next token comes at the minimum, and what it comes later', () => {
    for (const [minutes, expected] of [
      [49, 0],
      [50, 0],
      [51, 1],
      [70, 20],
    ] as const) {
      const meter = meterAfter(new OutagePeriods(), 0);
      meter.publish('a', new OutagePeriods(), { from: minutes * minute, expiresAt: 200 * minute });
      assert.deepEqual(meter.below, {
        faultlessMinutes: 0,
        betweenOutagesMinutes: expected,
        outageMinutes: 0,
      });
    }
  });

  it('counts a token that is born too short from its first moment', () => {
    const meter = new ValidityMeter(minimum, new OutagePeriods());
    meter.faultlessUntil = 0;
    meter.publish('a', new OutagePeriods(), { from: 0, expiresAt: 5 * minute });
    meter.close('a', new OutagePeriods(), 7 * minute);
    assert.equal(meter.below.betweenOutagesMinutes, 7);
  });

  it('parts the time by what was the matter', () => {
    const global = new OutagePeriods();
    const own = new OutagePeriods();
    global.begin(60 * minute);
    global.end(62 * minute);
    global.sweepCompleted({ from: 62 * minute, to: 64 * minute });
    own.begin(63 * minute);
    const meter = meterAfter(global, 53 * minute, own);
    meter.close('a', own, 66 * minute);
    assert.deepEqual(meter.below, { faultlessMinutes: 3, betweenOutagesMinutes: 7, outageMinutes: 6 });
  });
});
