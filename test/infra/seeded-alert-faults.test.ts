import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { checkDeployedRules } from '../../infra/check/deployed-rules.ts';
import { viewsOf } from '../../infra/check/must-haves/must-have.ts';
import { checkQueries } from '../../infra/check/queries.ts';
import { type FileFault, faultLine } from '../../local/file-fault.ts';
import { loadRules, runbookAnchors } from '../../local/monitor/alert-rules.ts';
import { bodies, committedTemplate, type Editable, root, templateWith } from './template-edits.ts';

const copies: string[] = [];
after(() => {
  for (const copy of copies) rmSync(copy, { recursive: true });
});

/** The alert rules and the runbook in a folder of their own, changed. */
function copyWith(change: (copy: Copy) => void): string {
  const directory = mkdtempSync(join(tmpdir(), 'alerts-'));
  copies.push(directory);
  for (const part of ['infra/alerts', 'docs'])
    cpSync(join(root, part), join(directory, part), { recursive: true });
  const path = (file: string): string => join(directory, file);
  change({
    rule(name, edit) {
      const rules: Editable[] = JSON.parse(readFileSync(path(rulesFile), 'utf8'));
      edit(
        rules.find((each) => each.name === name),
        rules,
      );
      writeFileSync(path(rulesFile), JSON.stringify(rules, null, 2));
    },
    text(file, edit) {
      writeFileSync(path(file), edit(readFileSync(path(file), 'utf8')));
    },
    remove: (file) => rmSync(path(file)),
  });
  return directory;
}

interface Copy {
  rule(name: string, edit: (rule: Editable, all: Editable[]) => void): void;
  text(file: string, edit: (text: string) => string): void;
  remove(file: string): void;
}

const rulesFile = 'infra/alerts/rules.json';

type Seeded = readonly [what: string, says: RegExp, seed: (copy: Copy) => void];

function assertNamed(faults: readonly FileFault[], says: RegExp): void {
  const lines = faults.map(faultLine);
  assert.ok(
    lines.length > 0 && lines.every((line) => says.test(line)),
    lines.join('\n') || 'nothing was found',
  );
}

describe('a fault in the alert rules is named', () => {
  const faults: readonly Seeded[] = [
    [
      'muteActionsDuration beside stateful',
      /rules\.json:\d+ .*muteActionsDuration.*cannot be muted/,
      (copy) =>
        copy.rule('consent-lost', (rule) => {
          rule.muteActionsDuration = 'PT1H';
        }),
    ],
    [
      'stateful, once a day',
      /rules\.json:\d+ .*"consent-lost-reminder" is stateful .*12 hours/,
      (copy) =>
        copy.rule('consent-lost-reminder', (rule) => {
          rule.stateful = true;
        }),
    ],
    [
      'severity 0',
      /severity of "consent-lost": must be 1, 2 or 3/,
      (copy) =>
        copy.rule('consent-lost', (rule) => {
          rule.severity = 0;
        }),
    ],
    [
      'a frequency that Azure Monitor does not have',
      /evaluationFrequency of "consent-lost": must be one of PT1M/,
      (copy) =>
        copy.rule('consent-lost', (rule) => {
          rule.evaluationFrequency = 'PT20M';
        }),
    ],
    [
      'a window of 70 minutes',
      /windowSize of "refresher-silent": must be one of/,
      (copy) =>
        copy.rule('refresher-silent', (rule) => {
          rule.windowSize = 'PT70M';
        }),
    ],
    [
      'a window shorter than the time between two looks',
      /looks back PT30M only every PT1H/,
      (copy) =>
        copy.rule('credential-expiring', (rule) => {
          rule.windowSize = 'PT30M';
        }),
    ],
    [
      'seven dimensions',
      /dimensions of "consent-lost": must be at most 6/,
      (copy) =>
        copy.rule('consent-lost', (rule) => {
          rule.dimensions.push('Seventh');
        }),
    ],
    [
      'a dimension twice',
      /"consent-lost" has a dimension twice/,
      (copy) =>
        copy.rule('consent-lost', (rule) => {
          rule.dimensions[1] = rule.dimensions[0];
        }),
    ],
    [
      'a rule twice',
      /"consent-lost" is there twice/,
      (copy) => copy.rule('consent-lost', (rule, all) => all.push(rule)),
    ],
    [
      'a rule without a query',
      /"consent-lost" has no query: write infra\/alerts\/consent-lost\.kql/,
      (copy) => copy.remove('infra/alerts/consent-lost.kql'),
    ],
    [
      'a query without a rule',
      /over-capacity\.kql .*no rule/,
      (copy) =>
        copy.rule('over-capacity', (rule, all) => {
          all.splice(all.indexOf(rule), 1);
        }),
    ],
    [
      'no section in the runbook',
      /runbook\.md .*has no section "consent-lost"/,
      (copy) =>
        copy.text('docs/runbook.md', (text) => text.replace('## consent-lost\n', '## Consent is lost\n')),
    ],
    ['no runbook', /runbook\.md .*is missing/, (copy) => copy.remove('docs/runbook.md')],
  ];
  for (const [what, says, seed] of faults) {
    test(what, () => assertNamed(loadRules(copyWith(seed)).faults, says));
  }
  test('and none where there is none', () => assert.deepEqual(loadRules(root).faults, []));
});

describe('a fault in a query is named', () => {
  const faults: readonly Seeded[] = [
    [
      'a column misspelt',
      /consent-lost\.kql:\d+ .*KS142.*Stat\b/,
      (copy) => copy.text('infra/alerts/consent-lost.kql', (text) => text.replace(/\bState\b/, 'Stat')),
    ],
    [
      'a dimension that is no text',
      /dimension.*HoursInState|HoursInState.*(text|string)/,
      (copy) =>
        copy.rule('consent-lost-reminder', (rule) => {
          rule.dimensions[0] = 'HoursInState';
        }),
    ],
    [
      'a dimension that the query does not have',
      /Acount/,
      (copy) =>
        copy.rule('consent-lost', (rule) => {
          rule.dimensions[0] = 'Acount';
        }),
    ],
    [
      'a measure that is no number',
      /measure.*Owners|Owners.*number/,
      (copy) =>
        copy.rule('client-credential-rejected', (rule) => {
          rule.measure = 'Owners';
        }),
    ],
    [
      'a property that no event has',
      /prelude\.kql:\d+ .*acount/,
      (copy) =>
        copy.text('infra/alerts/prelude.kql', (text) =>
          text.replace('Properties.account)', 'Properties.acount)'),
        ),
    ],
  ];
  const names = ['consent-lost', 'consent-lost-reminder', 'client-credential-rejected'];
  for (const [what, says, seed] of faults) {
    test(what, () => {
      const { rules } = loadRules(copyWith(seed));
      assertNamed(checkQueries(rules.filter(({ name }) => names.includes(name))), says);
    });
  }
});

describe('a deployed rule that says something else is named', () => {
  const type = 'Microsoft.Insights/scheduledQueryRules';
  const rule = (template: Editable) => bodies(template, type)[0];
  const condition = (template: Editable) => rule(template).properties.criteria.allOf[0];
  const faults: readonly (readonly [string, RegExp, (template: Editable) => void])[] = [
    [
      'autoMitigate with mute',
      /muteActionsDuration .*mute and autoMitigate exclude each other/,
      (t) => {
        rule(t).properties.muteActionsDuration = 'PT1H';
      },
    ],
    [
      'another severity',
      /severity of the rule ".*" is 4 and rules\.json wants/,
      (t) => {
        rule(t).properties.severity = 4;
      },
    ],
    [
      'autoMitigate off',
      /autoMitigate .* is false and rules\.json wants true/,
      (t) => {
        rule(t).properties.autoMitigate = false;
      },
    ],
    [
      'query validation',
      /skipQueryValidation .* is false/,
      (t) => {
        rule(t).properties.skipQueryValidation = false;
      },
    ],
    [
      'switched off',
      /enabled .* is false/,
      (t) => {
        rule(t).properties.enabled = false;
      },
    ],
    [
      'always counted',
      /timeAggregation .* is "Count" and rules\.json wants "Maximum"/,
      (t) => {
        condition(t).timeAggregation = 'Count';
      },
    ],
    [
      'two failing periods',
      /failingPeriods/,
      (t) => {
        condition(t).failingPeriods.minFailingPeriodsToAlert = 2;
      },
    ],
    [
      'no dimensions',
      /dimensions .* is \[\]/,
      (t) => {
        condition(t).dimensions = [];
      },
    ],
    [
      'a query of its own',
      /query .*is not prelude\.kql and/,
      (t) => {
        condition(t).query = `[concat(${condition(t).query.slice(1, -1)}, '| take 1')]`;
      },
    ],
    [
      'no one to tell',
      /tells no action group/,
      (t) => {
        rule(t).properties.actions.actionGroups = [];
      },
    ],
    [
      'another runbook section',
      /has no runbook ending in #/,
      (t) => {
        rule(t).properties.actions.customProperties.runbook = 'https://example.com';
      },
    ],
    [
      'the whole group as its scope',
      /is not the workspace alone/,
      (t) => {
        rule(t).properties.scopes = ['[resourceGroup().id]'];
      },
    ],
    [
      'the rights of whoever deployed it',
      /identity\.type .* is missing/,
      (t) => {
        delete rule(t).identity;
      },
    ],
    [
      'another API',
      /apiVersion .* is "2022-06-15"/,
      (t) => {
        rule(t).apiVersion = '2022-06-15';
      },
    ],
    [
      'rules left out',
      /is not deployed/,
      (t) => {
        rule(t).copy.count = 3;
      },
    ],
    [
      'a rule that is not in the table',
      /"refresher-extra" is deployed and not in rules\.json/,
      (t) => {
        const { copy: _, ...extra } = rule(t);
        templateWith(t, type).resources.extra = { ...extra, name: 'refresher-extra', properties: {} };
      },
    ],
    [
      'a broken link in the activity-log alert',
      /links to "https:\/\/example\.com#nowhere"/,
      (t) => {
        bodies(t, 'Microsoft.Insights/activityLogAlerts')[0].properties.actions.actionGroups = [
          { actionGroupId: 'x', webhookProperties: { runbook: 'https://example.com#nowhere' } },
        ];
      },
    ],
  ];
  const { rules } = loadRules(root);
  const check = (template: Editable) =>
    checkDeployedRules(rules, runbookAnchors(root), viewsOf(template).slice(0, 1), () => ({
      file: 'main.json',
    }));
  for (const [what, says, seed] of faults) {
    test(what, () => {
      const template = committedTemplate();
      seed(template);
      assertNamed(check(template), says);
    });
  }
  test('and none where there is none', () => assert.deepEqual(check(committedTemplate()), []));
});
