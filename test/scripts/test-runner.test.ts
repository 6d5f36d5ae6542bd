import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { findTests, groupTests } from '../../scripts/testing/groups.ts';

const root = join(import.meta.dirname, '../..');

suite('the groups of test files', () => {
  const files = ['test/a.test.ts', 'test/cli/a.test.ts', 'test/cli/b.test.ts', 'test/lab/x/a.test.ts'];
  const more = ['test/lab/y/a.test.ts', 'test/oauth/a.test.ts', 'test/oauth/b.test.ts'];
  const names = (seconds: Record<string, number>) =>
    groupTests([...files, ...more], seconds).map(({ name }) => name);

  test('are rooms, and single files where the app runs', () => {
    const rooms = ['test/lab/x', 'test/lab/y', 'test/oauth', 'test'];
    assert.deepEqual(names({}).sort(), [...rooms, 'test/cli/a.test.ts', 'test/cli/b.test.ts'].sort());
  });

  test('begin with what takes longest', () => {
    assert.equal(names({ 'test/cli/b.test.ts': 3 })[0], 'test/cli/b.test.ts');
    assert.equal(names({ 'test/cli/b.test.ts': 1.9 })[0], 'test/oauth');
    const [first] = groupTests([...files, ...more, 'test/browser/a.test.ts']);
    assert.equal(first?.name, 'test/browser/a.test.ts', 'also where nothing has run yet');
  });

  test('count what they run of src, but for those of what surrounds it', () => {
    const uncovered = groupTests([...files, ...more]).filter(({ isCovered }) => !isCovered);
    assert.deepEqual(uncovered.map(({ name }) => name).sort(), ['test/lab/x', 'test/lab/y']);
  });

  test('hold each test of a folder once', () => {
    const found = findTests(['test/planning', 'test/planning/plan.test.ts'], false);
    assert.ok(found.includes('test/planning/plan.test.ts') && found.length > 3);
    assert.equal(new Set(found).size, found.length);
  });
});

suite('a run fails and names the file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'test-runner-'));
  after(() => rmSync(directory, { recursive: true }));

  for (const [sentence, body, message] of [
    [
      'of a failing test',
      `test('breaks', () => { throw new Error('broken'); });`,
      /✖ breaks.*Error: broken/s,
    ],
    ['that cannot be loaded', `import './missing.ts';`, /Cannot find module .*missing\.ts/],
    ['that ends the process', `test('exits', () => process.exit(0));`, /bad\.test\.ts did not end/],
    [
      'with an error after its test',
      `test('a', () => { setTimeout(() => { throw new Error('late'); }); });`,
      /late/,
    ],
  ] as const) {
    test(sentence, () => {
      const bad = join(directory, 'bad.test.ts');
      writeFileSync(bad, `import { test } from 'node:test';\n${body}\n`);
      const { stdout, status } = spawnSync(process.execPath, ['scripts/test.ts', bad], {
        cwd: root,
        encoding: 'utf8',
      });
      assert.match(stdout, message);
      assert.match(stdout, /bad\.test\.ts/);
      assert.equal(status, 1);
    });
  }
});
