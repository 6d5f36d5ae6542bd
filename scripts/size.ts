import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { type FileSize, measureFile, measureRoom, type RoomSize } from './size/measure.ts';

// npm run size: how large the rooms are, beside the committed baseline; needs no history.
// npm run size -- --write-baseline [name]: makes today's the baseline, at a release; the name is the version if none is given.

const root = join(import.meta.dirname, '..');
const baselineFile = join(import.meta.dirname, 'size/baseline.json');
const longestFile = 300;
const longestFunction = 40;

/** The part of the repository that a file is counted with; the first that fits. */
const parts: readonly (readonly [part: string, files: RegExp])[] = [
  ['src and functions', /^(src|functions)\//],
  ['local, lab and infra/check', /^(local|lab|infra)\//],
  ['test', /^test\//],
];

/** The room: a folder of src, or the top folder. */
const roomOf = (path: string): string => /^(src\/\w+(?=\/)|infra\/check|\w+)/.exec(path)?.[0] ?? path;

const paths = globSync(['{src,functions,local,lab,infra/check,test}/**/*.ts'], { cwd: root }).sort();
const files = new Map<string, FileSize>(
  paths.map((path) => [path, measureFile(readFileSync(join(root, path), 'utf8'))]),
);

function group(keyOf: (path: string) => string | undefined): Record<string, RoomSize> {
  const groups = Map.groupBy(files, ([path]) => keyOf(path));
  const rooms = [...groups].flatMap(([key, entries]) =>
    key === undefined ? [] : [[key, measureRoom(entries.map(([, size]) => size))] as const],
  );
  return Object.fromEntries(rooms);
}

const sizes = {
  ...group((path) => parts.find(([, pattern]) => pattern.test(path))?.[0]),
  ...group((path) => (path.startsWith('test/') ? undefined : roomOf(path))),
};

interface Baseline {
  readonly of: string;
  readonly madeBy: string;
  readonly sizes: Readonly<Record<string, RoomSize>>;
}

const { values, positionals } = parseArgs({
  options: { 'write-baseline': { type: 'boolean', default: false } },
  allowPositionals: true,
});
if (values['write-baseline']) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const made = { of: positionals[0] ?? version, madeBy: 'npm run size -- --write-baseline', sizes };
  writeFileSync(baselineFile, `${JSON.stringify(made satisfies Baseline, null, 2)}\n`);
}

const baseline: Baseline = JSON.parse(readFileSync(baselineFile, 'utf8'));
const columns = [
  ['lines', 'lines'],
  ['files', 'files'],
  ['exports', 'exports'],
  ['median function', 'medianFunctionLines'],
  ['longest', 'longestFunctionLines'],
] as const satisfies readonly (readonly [string, keyof RoomSize])[];

const table = new Table({ head: ['', ...columns.map(([title]) => title)], style: { head: [], border: [] } });
for (const [name, size] of Object.entries(sizes)) {
  const before = baseline.sizes[name];
  const cells = columns.map(([, key]) => `${size[key]} (${before?.[key] ?? 'new'})`);
  table.push([name, ...cells]);
}
console.log(`In brackets: ${baseline.of}, as scripts/size/baseline.json has it.`);
console.log(table.toString());

for (const [path, { lines, functions }] of files) {
  if (lines > longestFile) console.log(`${path}: ${lines} lines, over ${longestFile}`);
  const long = path.startsWith('test/') ? [] : functions.filter((each) => each.lines > longestFunction);
  for (const each of long)
    console.log(`${path}: ${each.name} has ${each.lines} lines, over ${longestFunction}`);
}
