import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatAlertReport } from '../../../src/local/monitor/alert-report.ts';
import { simulateAlerts } from '../../../src/local/monitor/alert-simulation.ts';
import { judgeAlerts } from '../../../src/local/monitor/alert-verdict.ts';
import { rules } from './monitored-world.ts';

describe('two simulated days of incidents', () => {
  for (const periods of [2, 3]) {
    test(`are told right when an alert resolves after ${periods} evaluations`, async () => {
      const simulation = await simulateAlerts({ seed: 2, days: 2, rules, periodsToResolve: () => periods });
      const { told, violations } = judgeAlerts(simulation);
      assert.deepEqual(violations, []);
      assert.ok(told.length >= 4, `${told.length} incidents`);
      assert.match(formatAlertReport(simulation), /false alarms +0/);
    });
  }

  test('come out the same for the same seed', async () => {
    const run = async () => {
      const { notifications } = await simulateAlerts({ seed: 3, days: 1, rules });
      return notifications.map(({ rule, kind, atMilliseconds }) => [rule.name, kind, atMilliseconds]);
    };
    assert.deepEqual(await run(), await run());
  });
});

describe('the verdict', () => {
  test('notices a rule that tells nothing', async () => {
    const deaf = rules.map((rule) => (rule.name === 'consent-lost' ? { ...rule, threshold: 1000 } : rule));
    const { violations } = judgeAlerts(await simulateAlerts({ seed: 2, days: 1, rules: deaf }));
    assert.match(violations.join('\n'), /consent lost: .*0 alerts instead of 1/);
  });

  test('notices a rule that cries wolf', async () => {
    const wolf = rules.map((rule) =>
      rule.name === 'refresher-silent' ? { ...rule, operator: 'GreaterThan' as const, threshold: 0 } : rule,
    );
    const { violations } = judgeAlerts(await simulateAlerts({ seed: 2, days: 1, rules: wolf }));
    assert.match(violations.join('\n'), /false alarm at .*refresher-silent fired/);
  });

  test('notices a rule that tells again and again', async () => {
    const nagging = rules.map((rule) => (rule.name === 'consent-lost' ? { ...rule, stateful: false } : rule));
    const { violations } = judgeAlerts(await simulateAlerts({ seed: 2, days: 2, rules: nagging }));
    assert.match(violations.join('\n'), /consent lost: .*\d{2} alerts instead of 1/);
    assert.match(violations.join('\n'), /consent lost: .*0 resolutions instead of 1/);
  });

  test('notices an alert that comes late', async () => {
    const slow = rules.map((rule) =>
      rule.name === 'consent-lost' ? { ...rule, evaluationFrequency: 'PT4H' } : rule,
    );
    const { violations } = judgeAlerts(await simulateAlerts({ seed: 2, days: 1, rules: slow }));
    assert.match(violations.join('\n'), /consent lost: .*told after \d+ ticks/);
  });
});
