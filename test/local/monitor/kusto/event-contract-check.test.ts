import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkQuery } from '../../../../local/monitor/kusto/check-query.ts';

const contract = {
  Arrived: { properties: ['who', 'door'], measurements: ['weight'] },
  Left: { properties: ['who', 'mood'], measurements: ['minutes'] },
};

/** Codes of the faults; each stands where the query has a `^`. */
function codesOf(marked: string): string[] {
  const query = marked.replaceAll('^', '');
  const faults = checkQuery(query, { kind: 'workbook', contract });
  assert.deepEqual(
    faults.map(({ column }) => column),
    [...marked.matchAll(/\^/g)].map(({ index }, before) => index - before + 1),
  );
  return faults.map(({ code }) => code);
}

const arrived = 'AppEvents | where Name == "Arrived"';

const cases: Record<string, readonly (readonly [sentence: string, query: string, faults: string[]])[]> = {
  'names of events': [
    ['known', `${arrived} | count`, []],
    ['misspelt', 'AppEvents | where ^Name == "Arived" | count', ['unknown_event']],
    ['misspelt on the left', 'AppEvents | where ^"Arived" == Name | count', ['unknown_event']],
    ['misspelt in a list', 'AppEvents | where ^Name in ("Arrived", "Lef") | count', ['unknown_event']],
    ['misspelt in what is left out', 'AppEvents | where ^Name != "Lef" | count', ['unknown_event']],
    [
      'misspelt in a let',
      'let names = dynamic(["Lef"]); AppEvents | where ^Name in (names) | count',
      ['unknown_event'],
    ],
    ['of requests are other names', 'AppRequests | where Name == "GET /" | count', []],
  ],
  keys: [
    [
      'of the event',
      `${arrived} | project a = tostring(Properties.door), b = todouble(Measurements.weight)`,
      [],
    ],
    ['of no event', 'AppEvents | project a = tostring(^Properties.dor)', ['unknown_property']],
    ['of some event, when nothing narrows', 'AppEvents | project a = tostring(Properties.door)', []],
    ['of another event', `${arrived} | project a = tostring(^Properties.mood)`, ['unknown_property']],
    ['in the condition itself', `${arrived} and tostring(^Properties.mood) == ""`, ['unknown_property']],
    [
      'before the name in a condition',
      'AppEvents | where tostring(^Properties.mood) == "" and Name == "Arrived"',
      ['unknown_property'],
    ],
    ['in brackets', `${arrived} | project a = tostring(^Properties["mood"])`, ['unknown_property']],
    ['computed', `${arrived} | project a = tostring(^Properties[tostring(Name)])`, ['computed_key']],
    ['of the other bag', `${arrived} | project a = tostring(^Properties.weight)`, ['unknown_property']],
    ['measured, misspelt', `${arrived} | project a = todouble(^Measurements.wait)`, ['unknown_measurement']],
    ['under another name', `${arrived} | project ^p = Properties`, ['renamed_bag']],
    ['of requests are other keys', 'AppRequests | project a = tostring(Properties.anything)', []],
  ],
  'conditions on the name': [
    [
      'of several events: one has the key',
      'AppEvents | where Name in ("Arrived", "Left") | project a = tostring(Properties.mood)',
      [],
    ],
    [
      'or',
      'AppEvents | where Name == "Arrived" or Name == "Left" | project a = tostring(Properties.mood)',
      [],
    ],
    [
      'or something else narrows nothing',
      'AppEvents | where Name == "Arrived" or ItemCount > 1 | project a = tostring(Properties.mood)',
      [],
    ],
    [
      'each side of or for itself',
      'AppEvents | where (Name == "Arrived" and tostring(^Properties.mood) == "") or (Name == "Left" and tostring(Properties.mood) == "")',
      ['unknown_property'],
    ],
    [
      'unequal narrows nothing',
      'AppEvents | where Name != "Left" | project a = tostring(Properties.door)',
      [],
    ],
    [
      'two after another',
      'AppEvents | where Name in ("Arrived", "Left") | where Name == "Arrived" | project a = tostring(^Properties.mood)',
      ['unknown_property'],
    ],
    [
      'of iff',
      'AppEvents | project a = iff(Name == "Left", tostring(^Properties.door), tostring(Properties.door))',
      ['unknown_property'],
    ],
    [
      'of countif',
      'AppEvents | summarize countif(Name == "Left" and tostring(^Properties.door) == "x")',
      ['unknown_property'],
    ],
  ],
  'through let, join, union': [
    ['a let narrows', `let A = ${arrived}; A | project a = tostring(^Properties.mood)`, ['unknown_property']],
    [
      'through summarize',
      `${arrived} | summarize arg_max(TimeGenerated, *) by who = tostring(Properties.who) | where tostring(^Properties.mood) == ""`,
      ['unknown_property'],
    ],
    [
      'a function narrows',
      `let A = () { ${arrived} }; A() | project a = tostring(^Properties.mood)`,
      ['unknown_property'],
    ],
    [
      'the right side of a join',
      `AppEvents | where Name == "Left" | project w = tostring(Properties.mood) | join kind=inner (${arrived} | project w = tostring(^Properties.mood)) on w`,
      ['unknown_property'],
    ],
    [
      'after a join the left side counts',
      `AppEvents | where Name == "Left" | extend w = 1 | join kind=leftanti (${arrived} | project w = 1) on w | where tostring(^Properties.door) == ""`,
      ['unknown_property'],
    ],
    [
      'a union has the events of both',
      `${arrived} | union (AppEvents | where Name == "Left") | project a = tostring(Properties.mood)`,
      [],
    ],
    [
      'but no others',
      `${arrived} | union (${arrived}) | project a = tostring(^Properties.mood)`,
      ['unknown_property'],
    ],
    ['in toscalar', `print toscalar(${arrived} | project tostring(^Properties.mood))`, ['unknown_property']],
    [
      'in a list',
      `AppEvents | where SDKVersion in ((${arrived} | project tostring(^Properties.mood))) | count`,
      ['unknown_property'],
    ],
  ],
};

for (const [title, rows] of Object.entries(cases)) {
  describe(title, () => {
    for (const [sentence, query, faults] of rows) {
      test(sentence, () => assert.deepEqual(codesOf(query), faults));
    }
  });
}

test('says for which event a key is missing, and that it is in the other bag', () => {
  const [fault] = checkQuery(`${arrived} | project a = tostring(Properties.weight)`, {
    kind: 'workbook',
    contract,
  });
  assert.equal(fault?.message, 'Arrived: no Properties.weight; it is one of Measurements');
});

test('checks against the real contract', () => {
  const query = 'AppEvents | where Name == "AccountState" | project a = tostring(Properties.accout)';
  assert.deepEqual(
    checkQuery(query, { kind: 'workbook' }).map(({ message }) => message),
    ['AccountState: no Properties.accout'],
  );
});
