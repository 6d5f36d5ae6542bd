import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { formatAlertReport } from '../../../lab/alerts/alert-report.ts';
import { type AlertSimulation, simulateAlerts } from '../../../lab/alerts/alert-simulation.ts';
import { judgeAlerts } from '../../../lab/alerts/alert-verdict.ts';
import type { Notification } from '../../../local/monitor/rule-evaluator.ts';
import { hour, rules } from './monitored-world.ts';

/** Three days; alerts resolve after two evaluations already, which is the harder case for those that must stay. */
let simulation: AlertSimulation;
before(async () => {
  simulation = await simulateAlerts({ seed: 4, days: 3, rules, periodsToResolve: () => 2 });
});

describe('three simulated days of incidents', () => {
  test('are told right', () => {
    const { told, violations } = judgeAlerts(simulation);
    assert.deepEqual(violations, []);
    assert.ok(told.length >= 6, `${told.length} incidents`);
    assert.match(formatAlertReport(simulation), /false alarms +0/);
  });

  test('are told right when an alert resolves after three evaluations, too', async () => {
    const { violations } = judgeAlerts(
      await simulateAlerts({ seed: 2, days: 2, rules, periodsToResolve: () => 3 }),
    );
    assert.deepEqual(violations, []);
  });

  test('come out the same for the same seed', async () => {
    const [one, other] = [
      await simulateAlerts({ seed: 3, days: 1, rules }),
      await simulateAlerts({ seed: 3, days: 1, rules }),
    ];
    const told = ({ notifications }: AlertSimulation) =>
      notifications.map(({ rule, kind, atMilliseconds }) => [rule.name, kind, atMilliseconds]);
    assert.ok(told(one).length > 0);
    assert.deepEqual(told(one), told(other));
  });
});

describe('the verdict notices', () => {
  const isOf = (rule: string, kind: Notification['kind']) => (one: Notification) =>
    one.rule.name === rule && one.kind === kind;

  /** The first such notification is replaced; the others stay. */
  function changed(
    rule: string,
    kind: Notification['kind'],
    replace: (one: Notification) => Notification[],
  ): string {
    const index = simulation.notifications.findIndex(isOf(rule, kind));
    assert.ok(index >= 0, `no ${rule} ${kind}`);
    const notifications = simulation.notifications.flatMap((one, at) =>
      at === index ? replace(one) : [one],
    );
    return judgeAlerts({ ...simulation, notifications }).violations.join('\n');
  }

  const later = (hours: number) => (one: Notification) => [
    { ...one, atMilliseconds: one.atMilliseconds + hours * hour },
  ];

  test('an incident that nobody is told of', () => {
    assert.match(
      changed('consent-lost', 'fired', () => []),
      /consent lost: .*0 alerts instead of 1/,
    );
  });

  test('an alert that is told twice', () => {
    assert.match(
      changed('sweep-aborted', 'fired', (one) => [one, { ...one }]),
      /vault forbidden: 2 alerts instead of 1/,
    );
  });

  test('an alert that does not end', () => {
    assert.match(
      changed('consent-lost', 'resolved', () => []),
      /consent lost: .*0 resolutions instead of 1/,
    );
  });

  test('an alert that ends before its incident', () => {
    assert.match(changed('consent-lost', 'resolved', later(-4)), /resolved before it was mended/);
  });

  test('an alert of an account after more than two ticks', () => {
    assert.match(changed('consent-lost', 'fired', later(2)), /consent lost: .*told after [3-9] ticks/);
  });

  test('silence that is told after more than 100 minutes', () => {
    assert.match(
      changed('refresher-silent', 'fired', later(1)),
      /timer silent: told after \d ticks, 1\d\d minutes/,
    );
  });

  test('a reminder too few', () => {
    const reminder = 'consent-lost-reminder';
    assert.match(
      changed(reminder, 'fired', () => []),
      /consent lost: .*0 reminders instead of 1/,
    );
  });

  test('an alert without an incident', () => {
    const moved = changed('consent-lost', 'fired', (one) => [
      one,
      { ...one, dimensions: { Account: 'account-00' } },
    ]);
    assert.match(moved, /false alarm at .*: consent-lost fired .*account-00/);
  });

  test('an alert that is open without an incident', () => {
    const { violations } = judgeAlerts({ ...simulation, openAlerts: simulation.openAlerts + 1 });
    assert.match(violations.join('\n'), /\d alerts are open for \d incidents/);
  });

  test('telemetry that was not sent', () => {
    const { violations } = judgeAlerts({
      ...simulation,
      telemetryWarnings: ['telemetry was not accepted: HTTP 400'],
    });
    assert.deepEqual(violations, ['telemetry: telemetry was not accepted: HTTP 400']);
  });
});
