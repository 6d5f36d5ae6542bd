import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { checkRunbookQueries, runbookFile } from '../../infra/check/runbook-queries.ts';
import { checkWorkbook, workbookFile } from '../../infra/check/workbook.ts';
import { faultLine } from '../../local/file-fault.ts';
import { eventContract } from '../../src/telemetry/events.ts';
import { root } from './template-edits.ts';

const workbook = readFileSync(join(root, workbookFile), 'utf8');

describe('the workbook', () => {
  test('has no fault', () => {
    const { queries, faults } = checkWorkbook(workbook);
    assert.deepEqual(faults, []);
    assert.ok(queries > 10);
  });

  const seeded: [string, string, string, RegExp][] = [
    ['a misspelt key of an event', 'Properties.state', 'Properties.stat', /accounts.*stat/],
    ['a misspelt event', '\\"AccountState\\"', '\\"AcountState\\"', /AcountState/],
    ['a misspelt column', 'bin(TimeGenerated', 'bin(TimeGenerate', /TimeGenerate\b/],
    ['a parameter that nobody declares', '\\"{Account}\\"', '\\"{Acount}\\"', /Acount/],
    [
      'a time range that nobody declares',
      '"timeContextFromParameter": "TimeRange"',
      '"timeContextFromParameter": "Range"',
      /"Range" is not declared/,
    ],
    [
      'a condition on what nobody declares',
      '"parameterName": "Account"',
      '"parameterName": "Acount"',
      /"Acount" is not declared/,
    ],
    ['two items of one name', '"name": "sweeps"', '"name": "accounts"', /"accounts" is given twice/],
    ['an item of an unknown type', '"type": 12', '"type": 13', /item \d+/],
    [
      'another version',
      '"version": "Notebook/1.0",\n  "items"',
      '"version": "Notebook/2.0",\n  "items"',
      /Notebook/,
    ],
  ];
  for (const [what, from, to, says] of seeded) {
    test(`with ${what} is refused, and the fault names it`, () => {
      assert.ok(workbook.includes(from), from);
      const { faults } = checkWorkbook(workbook.replaceAll(from, to));
      assert.match(faults.map(faultLine).join('\n'), says);
    });
  }
});

describe('the runbook’s queries', () => {
  function faultsOf(markdown: string) {
    const directory = mkdtempSync(join(tmpdir(), 'runbook-'));
    mkdirSync(join(directory, 'docs'));
    writeFileSync(join(directory, runbookFile), markdown);
    const result = checkRunbookQueries(directory);
    rmSync(directory, { recursive: true });
    return result;
  }

  test('have no fault', () => {
    const { queries, faults } = checkRunbookQueries(root);
    assert.deepEqual(faults, []);
    assert.ok(queries > 5);
  });

  test('stand beside a description of every event', () => {
    const runbook = readFileSync(join(root, runbookFile), 'utf8');
    const described = [...(runbook.split('## Events')[1] ?? '').matchAll(/^- `(\w+)`: /gm)].map(
      ([, name]) => name,
    );
    assert.deepEqual(described.sort(), Object.keys(eventContract).sort());
  });

  test('are checked where they stand: a misspelt column is named with its line', () => {
    const markdown = '# Runbook\n\n```kql\nAppEvents\n| where Nam == "SweepCompleted"\n```\n';
    const { queries, faults } = faultsOf(markdown);
    assert.equal(queries, 1);
    assert.deepEqual(
      faults.map(({ line, rule }) => [line, rule]),
      [[5, 'KS142']],
    );
  });
});
