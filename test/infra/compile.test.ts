import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { findCli } from '../../infra/check/check.ts';
import { buildMain, checkFormat, lint } from '../../infra/check/compile.ts';
import { checkStale } from '../../infra/check/stale.ts';
import { faultLine } from '../../local/file-fault.ts';
import { root } from './template-edits.ts';

const committed = readFileSync(join(root, 'infra/main.json'), 'utf8');
const version = '0.49.2';
const edited = (change: (template: ReturnType<typeof JSON.parse>) => void): string => {
  const template = JSON.parse(committed);
  change(template);
  return JSON.stringify(template, null, 2);
};
const stamped = (stamp: string) => (template: ReturnType<typeof JSON.parse>) => {
  template.metadata._generator = { name: 'bicep', version: stamp, templateHash: '1' };
};
const ofVersion = edited(stamped('0.49.2.1'));

// A compiler that is here already; none is downloaded for a test. `npm run check:infra` does.
const found = await findCli(root, false);
const skip = 'missing' in found ? `no Bicep compiler is here: ${found.missing}` : false;

describe('a committed template', () => {
  const cases: readonly (readonly [what: string, says: RegExp | undefined, built: string, by: string])[] = [
    ['is not stale when it is the same', undefined, ofVersion, version],
    [
      'is stale when a value differs',
      /main\.json:\d+ {2}stale {2}is stale at parameters\.lockVaults\.defaultValue/,
      edited((t) => {
        stamped('0.49.2.1')(t);
        t.parameters.lockVaults.defaultValue = false;
      }),
      version,
    ],
    [
      'is stale when something was added',
      /is stale at outputs\.added/,
      edited((t) => {
        t.outputs.added = { type: 'string', value: 'x' };
      }),
      version,
    ],
    [
      'is stale when it is laid out differently',
      /is laid out differently/,
      JSON.stringify(JSON.parse(ofVersion)),
      version,
    ],
    ['of another compiler may have another stamp', undefined, edited(stamped('0.60.0.1')), '0.60.0'],
    [
      'of another compiler may deploy its modules with another API',
      undefined,
      edited((t) => {
        stamped('0.60.0.1')(t);
        t.resources.storage.apiVersion = '2030-01-01';
      }),
      '0.60.0',
    ],
    [
      'of another compiler is stale when a value differs, and both versions are told',
      /made by Bicep 0\.49\.2, and this is 0\.60\.0/,
      edited((t) => {
        t.parameters.lockVaults.defaultValue = false;
      }),
      '0.60.0',
    ],
  ];
  for (const [what, says, built, by] of cases) {
    test(what, () => {
      const lines = checkStale(ofVersion, built, by).map(faultLine);
      if (says === undefined) assert.deepEqual(lines, []);
      else assert.match(lines.join('\n'), says);
    });
  }
  test('is missing', () =>
    assert.match(checkStale(undefined, ofVersion, version)[0]?.message ?? '', /is missing/));
});

describe('with the compiler', { skip }, () => {
  const cli = 'cli' in found ? found.cli : undefined;
  const directory = mkdtempSync(join(tmpdir(), 'compile-'));
  cpSync(join(root, 'infra'), join(directory, 'infra'), { recursive: true });
  after(() => rmSync(directory, { recursive: true }));

  test('infra/main.json is what the Bicep files compile to', async () => {
    assert.ok(cli);
    const { template = '', faults } = await buildMain(cli, root);
    assert.deepEqual(faults, []);
    assert.deepEqual(checkStale(committed, template, cli.version), []);
  });

  test('a warning, an error and a wrong layout are told with file, line and code', async () => {
    assert.ok(cli);
    const file = 'infra/modules/faulty.bicep';
    writeFileSync(
      join(directory, file),
      "@description('x')\nparam unused string\n\nvar   wide = missing\noutput o string = wide\n",
    );
    const lines = (await lint(cli, directory, file)).map(({ line, rule }) => `${line} ${rule}`);
    assert.ok(lines.includes('2 no-unused-params'), lines.join('\n'));
    assert.ok(lines.includes('4 BCP057'), lines.join('\n'));
    const format = await checkFormat(cli, directory, [file, 'infra/main.bicep', 'infra/main.bicepparam']);
    assert.deepEqual(format.map(faultLine), [
      `${file}:4  format  is laid out differently: run bicep format ${file}`,
    ]);
    assert.ok(existsSync(join(directory, file)));
  });
});
