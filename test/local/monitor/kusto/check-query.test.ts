import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CheckOptions, checkQuery } from '../../../../local/monitor/kusto/check-query.ts';

/** `code line:column` of each fault. */
const faultsOf = (query: string, options: Partial<CheckOptions> = {}): string[] =>
  checkQuery(query, { kind: 'alert', ...options }).map(
    ({ code, line, column }) => `${code} ${line}:${column}`,
  );

const good = `let Latest = AppEvents
  | where TimeGenerated > ago(2d)
  | where Name == "AccountState"
  | extend Account = tostring(Properties.account), State = tostring(Properties.state)
  | summarize arg_max(TimeGenerated, *) by Account;
Latest
| where State == "reconsent" and todouble(Measurements.minutesLeft) < 30
| project Account, Owner = tostring(Properties.owner), Accounts = 1`;
const rule = { dimensions: ['Account', 'Owner'], measure: 'Accounts' };

test('a good rule has no faults', () => {
  assert.deepEqual(faultsOf(good, rule), []);
});

type Case = readonly [sentence: string, query: string, faults: string[], options?: Partial<CheckOptions>];

const cases: Record<string, readonly Case[]> = {
  'the language service': [
    ['an unknown column', good.replace('State ==', 'Stat =='), ['KS142 7:9'], rule],
    ['an unknown table', 'AppEvent | count', ['KS204 1:1']],
    ['an unknown function', 'AppEvents | project x = to_string(Name)', ['KS211 1:25']],
    ['a wrong type', 'AppEvents | where Name > 1d | count', ['KS106 1:24']],
    ['grouping by a dynamic value', 'AppEvents | summarize count() by Properties', ['KS116 1:34']],
  ],
  'what alerts may not do': [
    [
      'bag_unpack',
      'AppEvents | project Name, Properties | evaluate bag_unpack(Properties)',
      ['banned_plugin 1:49'],
    ],
    ['pivot', 'AppEvents | project Name, Type | evaluate pivot(Name)', ['banned_plugin 1:43']],
    ['narrow', 'AppEvents | project Name | evaluate narrow()', ['banned_plugin 1:37']],
    [
      'ago of a name',
      'let w = 1d; AppEvents | where TimeGenerated > ago(w) | count',
      ['ago_not_literal 1:47'],
    ],
    [
      'ago of an expression',
      'AppEvents | where TimeGenerated > ago(1d + 1h) | count',
      ['ago_not_literal 1:35'],
    ],
    ['two days are the most', 'AppEvents | where TimeGenerated > ago(2d) | count', []],
    ['a second more', 'AppEvents | where TimeGenerated > ago(172801s) | count', ['look_back_too_long 1:35']],
    [
      'the same without ago',
      'AppEvents | where TimeGenerated > now() - 3d | count',
      ['look_back_too_long 1:35'],
    ],
    [
      'the same as an offset',
      'AppEvents | where TimeGenerated > now(-3d) | count',
      ['look_back_too_long 1:35'],
    ],
    [
      'a reserved name',
      'AppEvents | summarize AggregatedValue = count()',
      ['reserved_name 1:13', 'reserved_name 1:23'],
    ],
    [
      'nothing of it in a workbook',
      'AppEvents | where TimeGenerated > ago(30d) | evaluate bag_unpack(Properties)',
      [],
      { kind: 'workbook' },
    ],
  ],
  'dimensions and measure': [
    [
      'a dimension that is not there',
      'AppEvents | summarize n = count() by Name',
      ['missing_dimension 1:13'],
      { dimensions: ['Account'] },
    ],
    [
      'a dimension that is no text',
      'AppEvents | summarize n = count() by Name',
      ['dimension_not_string 1:13'],
      { dimensions: ['Name', 'n'] },
    ],
    [
      'a measure that is not there',
      'AppEvents | summarize n = count() by Name',
      ['missing_measure 1:13'],
      { measure: 'm' },
    ],
    [
      'a measure that is no number',
      'AppEvents | summarize n = count() by Name',
      ['measure_not_numeric 1:13'],
      { measure: 'Name' },
    ],
    [
      'six dimensions are the most',
      'AppEvents | project AppRoleName, AppVersion, IKey, Name, SDKVersion, Type',
      [],
      { dimensions: ['AppRoleName', 'AppVersion', 'IKey', 'Name', 'SDKVersion', 'Type'] },
    ],
    [
      'a seventh dimension',
      'AppEvents | project AppRoleName, AppVersion, IKey, Name, SDKVersion, Type, UserId',
      ['too_many_dimensions 1:13'],
      { dimensions: ['AppRoleName', 'AppVersion', 'IKey', 'Name', 'SDKVersion', 'Type', 'UserId'] },
    ],
    ['a time in the result', 'AppEvents\n| project TimeGenerated, Name', ['time_in_result 2:3']],
    [
      'a time in the result of a workbook',
      'AppEvents | project TimeGenerated, Name',
      [],
      { kind: 'workbook' },
    ],
  ],
  'dynamic values': [
    ['compared', 'AppEvents | where Properties.account == "a" | count', ['dynamic_operand 1:19']],
    [
      'compared on the right',
      'AppEvents | where "a" == Properties.account | count',
      ['dynamic_operand 1:26'],
    ],
    ['calculated with', 'AppEvents | project x = Measurements.minutesLeft * 2', ['dynamic_operand 1:25']],
    ['in a list', 'AppEvents | where Properties.account in ("a") | count', ['dynamic_operand 1:19']],
    ['ordered by', 'AppEvents | sort by Properties.account | count', ['KS116 1:21', 'dynamic_operand 1:21']],
    ['at the top', 'AppEvents | top 1 by Properties.account | count', ['dynamic_operand 1:22']],
    [
      'added up',
      'AppEvents | summarize sum(todouble(Measurements.minutesLeft)), max(Measurements.minutesLeft)',
      ['KS206 1:68', 'dynamic_operand 1:68'],
    ],
    ['tested for being there', 'AppEvents | where isnotempty(Properties.account) | count', []],
    ['converted', 'AppEvents | where tostring(Properties.account) == "a" | count', []],
  ],
  parameters: [
    [
      'are replaced',
      'AppEvents | where TimeGenerated > {Range:start} and "{Account}" == Name | count',
      [],
      { parameters: { Range: 'ago(1d)', Account: 'Redemption' } },
    ],
    [
      'that nobody declared',
      'AppEvents | where SDKVersion == "{Account}" | count',
      ['undeclared_parameter 1:34'],
    ],
    [
      'do not move what stands behind them',
      'AppEvents | where "{A}" == "" and Nmae == "{A}" and Nmea == "" | count',
      ['KS142 1:35', 'KS142 1:53'],
      { parameters: { A: 'a long value' } },
    ],
    ['are not the body of a function', 'let f = (x:long) {x}; print y = f(1)', []],
  ],
};

for (const [title, rows] of Object.entries(cases)) {
  describe(title, () => {
    for (const [sentence, query, faults, options] of rows) {
      test(sentence, () => assert.deepEqual(faultsOf(query, options), faults));
    }
  });
}

test('a fault says what to do', () => {
  const [fault] = checkQuery('AppEvents | where Properties.account == "a" | count', { kind: 'alert' });
  assert.equal(
    fault?.message,
    'Properties.account is dynamic; convert it, such as tostring(Properties.account)',
  );
});
