import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { measureFile, measureRoom } from '../../scripts/size/measure.ts';

const source = `import type { A } from './a.ts';
export interface B { readonly a: A }
export type { A, C } from './a.ts';
/** Text: export const no = 1; */
export const arrow = (a: number): number =>
  a + 1;
export class D {
  method(): void {
    [1].forEach((each) => {
      each;
    });
  }
}
function own(): void {}
`;

describe('the size of a file', () => {
  const size = measureFile(source);

  test('counts its lines, a last one without an end included', () => {
    assert.equal(size.lines, 14);
    assert.deepEqual(
      [measureFile('1;').lines, measureFile('1;\n').lines, measureFile('1;\n\n').lines],
      [1, 1, 2],
    );
  });

  test('counts each exported name once, types too, and none in a comment', () => {
    assert.equal(size.exports, 5);
  });

  test('counts the lines of functions with a name, and no callbacks', () => {
    assert.deepEqual(size.functions, [
      { name: 'arrow', lines: 2 },
      { name: 'method', lines: 5 },
      { name: 'own', lines: 1 },
    ]);
  });
});

describe('the size of a room', () => {
  const file = (...lines: number[]) => ({
    lines: 10,
    exports: 2,
    functions: lines.map((n) => ({ name: 'f', lines: n })),
  });

  const medians: readonly (readonly [what: string, functions: number[], median: number, longest: number])[] =
    [
      ['no function', [], 0, 0],
      ['one', [7], 7, 7],
      ['an even number', [1, 10, 2, 4], 3, 10],
      ['an odd number, by value and not by text', [10, 9, 100], 10, 100],
    ];
  for (const [what, functions, median, longest] of medians) {
    test(`has a median and a longest of ${what}`, () => {
      const { medianFunctionLines, longestFunctionLines } = measureRoom([file(...functions)]);
      assert.deepEqual([medianFunctionLines, longestFunctionLines], [median, longest]);
    });
  }

  test('adds its files up', () => {
    const { files, lines, exports, functions } = measureRoom([file(1), file(2, 3)]);
    assert.deepEqual([files, lines, exports, functions], [2, 20, 4, 3]);
  });
});

test('npm run size names every room beside the baseline, and needs no history', () => {
  const script = join(import.meta.dirname, '../../scripts/size.ts');
  const env = { ...process.env, GIT_DIR: '/nowhere' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', env });
  assert.equal(status, 0, stderr);
  for (const room of ['src and functions', 'src/accounts', 'local', 'lab', 'infra/check', 'test'])
    assert.match(stdout, new RegExp(`│ ${room} +│ \\d+ \\(\\d+\\)`), room);
});
