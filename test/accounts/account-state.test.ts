import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type AccountFinding,
  backoffSeconds,
  type FailureFinding,
  type FailureRecord,
  probeIntervalSeconds,
  transition,
} from '../../src/accounts/account-state.ts';

const now = 1_772_323_200;
const judgedId = 'an-attempt';
const day = 86_400;

const states = ['retrying', 'reconsent', 'configuration', 'policy'] as const;
const verdicts = ['reconsent_proven', 'configuration', 'unusable', 'policy'] as const;
const kinds = [...verdicts, 'reconsent_suspected', 'passing'] as const;

function finding(kind: FailureFinding['kind'], code = 'found'): FailureFinding {
  return { kind, code, cause: `${code} cause`, remedy: `${code} remedy` };
}

function remembered(state: FailureRecord['state'], changes: Partial<FailureRecord> = {}): FailureRecord {
  return {
    state,
    code: 'before',
    cause: 'cause before',
    remedy: 'remedy before',
    since: now - day,
    failures: 3,
    nextAttemptAt: now - 60,
    judgedId: 'an-attempt-before',
    suspected: false,
    ...changes,
  };
}

const next = (previous: FailureRecord | undefined, found: AccountFinding) =>
  transition(previous, found, now, judgedId);

describe('a failure is remembered', () => {
  /** What each finding makes of no record and of one in each state; `kept` is the record before, untouched. */
  const table: Readonly<Record<FailureFinding['kind'], string>> = {
    reconsent_proven: 'reconsent, reconsent, reconsent again, reconsent, reconsent',
    reconsent_suspected: 'retrying, retrying again, kept, kept, kept',
    configuration: 'configuration, configuration, configuration, configuration again, configuration',
    unusable: 'configuration, configuration, configuration, configuration again, configuration',
    policy: 'policy, policy, policy, policy, policy again',
    passing: 'retrying, retrying again, kept, kept, kept',
  };
  for (const kind of kinds) {
    for (const [index, expected] of table[kind].split(', ').entries()) {
      const before = states[index - 1];
      const [state = '', again] = expected.split(' ');
      test(`${kind} after ${before ?? 'none'}: ${expected}`, () => {
        const previous = before === undefined ? undefined : remembered(before);
        const record = next(previous, finding(kind));
        if (state === 'kept') return assert.equal(record, previous);
        const { nextAttemptAt, suspected, ...rest } = record ?? assert.fail('nothing remembered');
        assert.deepEqual(rest, {
          state,
          code: 'found',
          cause: 'found cause',
          remedy: 'found remedy',
          since: again === undefined ? now : now - day,
          failures: again === undefined ? 1 : 4,
          judgedId,
        });
      });
    }
  }

  test('with the trace id of the first answer with its code, and without one when that had none', () => {
    const traced = next(undefined, { ...finding('policy'), traceId: 'first' });
    assert.equal(traced?.traceId, 'first');
    assert.equal(next(traced, { ...finding('policy'), traceId: 'second' })?.traceId, 'first');
    assert.equal(next(traced, { ...finding('policy', 'other'), traceId: 'second' })?.traceId, 'second');
    assert.equal('traceId' in (next(traced, finding('policy', 'other')) ?? {}), false);
    const untraced = next(undefined, finding('policy'));
    assert.equal('traceId' in (next(untraced, { ...finding('policy'), traceId: 'second' }) ?? {}), false);
  });
});

describe('a success', () => {
  for (const before of [undefined, ...states.map((state) => remembered(state))]) {
    test(`after ${before?.state ?? 'health'} leaves nothing`, () => {
      assert.equal(next(before, { kind: 'refreshed' }), undefined);
    });
  }
});

describe('a finding that says nothing about the account', () => {
  for (const before of [undefined, ...states.map((state) => remembered(state))]) {
    test(`leaves ${before?.state ?? 'health'} as it was`, () => {
      assert.equal(next(before, { kind: 'nothing_found' }), before);
    });
  }
});

describe('a suspicion', () => {
  const suspected = next(undefined, finding('reconsent_suspected'));

  test('is remembered', () => assert.equal(suspected?.suspected, true));
  test('outlives what passes', () => assert.equal(next(suspected, finding('passing'))?.suspected, true));
  test('joins what passed before it', () => {
    const passing = next(undefined, finding('passing'));
    assert.equal(passing?.suspected, false);
    assert.equal(next(passing, finding('reconsent_suspected'))?.suspected, true);
  });
  test('ends with the verdict', () => {
    assert.equal(next(suspected, finding('reconsent_proven'))?.suspected, false);
    assert.equal(next(suspected, finding('policy'))?.suspected, false);
  });
});

describe('what cannot be used and has not changed', () => {
  const before = remembered('configuration', { code: 'found', cause: 'found cause' });

  test('keeps its record, so that nothing is written', () => {
    assert.equal(next(before, finding('unusable')), before);
  });
  test('is written when its cause is another', () => {
    const record = next(before, { ...finding('unusable'), cause: 'another' });
    assert.deepEqual([record?.cause, record?.failures], ['another', 4]);
  });
  test('is written when its code is another', () => {
    assert.equal(next(before, finding('unusable', 'another'))?.code, 'another');
  });
  test('is counted when Entra said it', () => {
    assert.equal(next(before, finding('configuration'))?.failures, 4);
  });
});

describe('the next attempt', () => {
  const waits: ReadonlyArray<
    readonly [kind: FailureFinding['kind'], before: FailureRecord | undefined, seconds: number]
  > = [
    ['reconsent_proven', undefined, day],
    ['reconsent_proven', remembered('reconsent', { failures: 50 }), day],
    ['reconsent_suspected', undefined, 0],
    ['passing', remembered('retrying', { failures: 50 }), 0],
    ['unusable', undefined, 0],
    ['configuration', undefined, 900],
    ['configuration', remembered('configuration', { failures: 1 }), 1800],
    ['policy', undefined, 900],
    ['policy', remembered('policy', { failures: 6 }), 57_600],
    ['policy', remembered('configuration', { failures: 7 }), 900],
  ];
  for (const [kind, before, seconds] of waits) {
    test(`after ${kind} number ${(before?.failures ?? 0) + 1} in ${before?.state ?? 'health'} waits ${seconds} s`, () => {
      assert.equal(next(before, finding(kind))?.nextAttemptAt, now + seconds);
    });
  }
});

describe('the backoff', () => {
  const waits: ReadonlyArray<readonly [failures: number, seconds: number]> = [
    [-1, 900],
    [0, 900],
    [1, 900],
    [2, 1800],
    [7, 57_600],
    [8, day],
    [1000, day],
    [Number.MAX_SAFE_INTEGER, day],
  ];
  for (const [failures, seconds] of waits) {
    test(`after ${failures} failures is ${seconds} s`, () => assert.equal(backoffSeconds(failures), seconds));
  }

  test('never falls and never exceeds a day', () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.nat(2000), (a, b) => {
        assert.ok(backoffSeconds(Math.min(a, b)) <= backoffSeconds(Math.max(a, b)));
        assert.ok(backoffSeconds(a) <= probeIntervalSeconds);
      }),
    );
  });
});

describe('whatever is found, one after the other', () => {
  const findings: fc.Arbitrary<AccountFinding> = fc.oneof(
    fc.constantFrom({ kind: 'refreshed' as const }, { kind: 'nothing_found' as const }),
    fc.tuple(fc.constantFrom(...kinds), fc.constantFrom('a', 'b')).map(([kind, code]) => finding(kind, code)),
  );
  const steps = fc.array(fc.tuple(findings, fc.nat(2 * day)), { maxLength: 60 });

  test('a verdict stands until a success or another verdict, and the next attempt is at most a day away', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        let at = now;
        let record: FailureRecord | undefined;
        for (const [found, pause] of taken) {
          at += pause;
          const before = record;
          record = transition(before, found, at, judgedId);
          const verdict = before !== undefined && before.state !== 'retrying';
          const passes = ['passing', 'reconsent_suspected', 'nothing_found'].includes(found.kind);
          if (verdict && passes) assert.equal(record, before);
          if (record === undefined) continue;
          assert.ok(record.since <= at && record.failures >= 1);
          assert.ok(record.nextAttemptAt <= at + day);
        }
      }),
    );
  });

  test('a dead grant is asked again at most once a day', () => {
    let record: FailureRecord | undefined;
    const asked: number[] = [];
    for (let at = now; at < now + 10 * day; at += 1800) {
      if (record !== undefined && at < record.nextAttemptAt) continue;
      asked.push(at);
      record = transition(record, finding('reconsent_proven'), at, judgedId);
    }
    assert.equal(asked.length, 10);
    assert.equal(record?.since, now);
  });
});
