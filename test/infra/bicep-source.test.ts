import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { everyTemplate, resourceEntries } from '../../infra/check/arm/template.ts';
import { declarationFaults, locator, reachedFrom } from '../../infra/check/bicep-source.ts';
import { checkSyntax } from '../../infra/check/bicep-syntax.ts';
import { faultLine } from '../../local/file-fault.ts';
import { bodies, committedTemplate, root } from './template-edits.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bicep-'));
  cpSync(join(root, 'infra'), join(directory, 'infra'), { recursive: true });
});
afterEach(() => rmSync(directory, { recursive: true }));

function edit(file: string, change: (text: string) => string): void {
  const path = join(directory, file);
  const before = readFileSync(path, 'utf8');
  const text = change(before);
  assert.notEqual(text, before);
  writeFileSync(path, text);
}

const vaultFile = 'infra/modules/vault.bicep';

describe('without a compiler', () => {
  const stale: readonly (readonly [string, RegExp, string, (text: string) => string])[] = [
    [
      'a new parameter',
      /vault\.bicep:\d+ {2}stale {2}param added is not in the compiled template/,
      vaultFile,
      (text) =>
        text.replace('param location string', "param location string\n@description('x')\nparam added string"),
    ],
    [
      'a parameter that is gone',
      /still has the param lockVaults/,
      'infra/main.bicep',
      (text) => text.replace('param lockVaults', 'param lock'),
    ],
    [
      'a new output',
      /main\.bicep:\d+ .*output NEW is not in/,
      'infra/main.bicep',
      (text) => `${text}\noutput NEW string = 'x'\n`,
    ],
    [
      'another API version',
      /vault\.bicep:\d+ .*resource vault is not in/,
      vaultFile,
      (text) => text.replace('vaults@2026-02-01', 'vaults@2026-03-01'),
    ],
    [
      'a module more',
      /main\.bicep:\d+ .*module more is not in/,
      'infra/main.bicep',
      (text) => `${text}\nmodule more 'modules/identity.bicep' = {\n}\n`,
    ],
  ];
  for (const [what, says, file, change] of stale) {
    test(`a main.json is stale that lacks ${what}`, () => {
      edit(file, change);
      const lines = declarationFaults(directory, committedTemplate()).map(faultLine);
      assert.ok(
        lines.some((line) => says.test(line)),
        lines.join('\n') || 'nothing was found',
      );
    });
  }

  test('the committed main.json has all that is declared', () =>
    assert.deepEqual(declarationFaults(root, committedTemplate()), []));

  test('a syntax error is told with its line', async () => {
    edit(vaultFile, (text) => text.replace('param location string', 'param location string = ='));
    const line =
      readFileSync(join(directory, vaultFile), 'utf8').split('\n').indexOf('param location string = =') + 1;
    const { faults, notParsed } = await checkSyntax(directory, [vaultFile]);
    assert.ok(faults.length > 0 && faults.every((fault) => fault.line === line), JSON.stringify(faults));
    assert.deepEqual(notParsed, []);
  });

  test('what the grammar does not know is no error, and told', async () => {
    edit(vaultFile, (text) => `${text}\nvar typed string = 'x'\n`);
    assert.deepEqual(await checkSyntax(directory, [vaultFile, 'infra/main.bicepparam']), {
      faults: [],
      notParsed: [vaultFile, 'infra/main.bicepparam'],
    });
  });
});

describe('a place in the compiled template', () => {
  const template = committedTemplate();
  const locate = locator(root, template);
  const lineText = ({ file, line = 0 }: { file: string; line?: number }): string =>
    readFileSync(join(root, file), 'utf8').split('\n')[line - 1] ?? '';

  test('of a parameter is its line in Bicep', () =>
    assert.match(lineText(locate(['parameters', 'lockVaults'])), /^param lockVaults/));
  test('of an output is its line in Bicep', () =>
    assert.match(lineText(locate(['outputs', 'APP_URL'])), /^output APP_URL/));

  for (const type of [
    'Microsoft.KeyVault/vaults',
    'Microsoft.Storage/storageAccounts',
    'Microsoft.Web/sites',
  ]) {
    test(`of a ${type} is its line in the module`, () => {
      const [body] = bodies(template, type);
      const [inner, pointer] = [...everyTemplate(template)].find(([each]) =>
        resourceEntries(each).some(([, other]) => other === body),
      ) as never as [typeof template, (string | number)[]];
      const key = resourceEntries(inner).find(([, other]) => other === body)?.[0] as string | number;
      const place = locate([...pointer, 'resources', key]);
      assert.match(place.file, /^infra\/modules\//);
      assert.match(lineText(place), new RegExp(`^resource \\w+ '${type}@`));
      const member = locate([...pointer, 'resources', key, 'properties']);
      assert.match(lineText(member), /^ {2}properties:/);
    });
  }

  test('that came from nowhere in Bicep is its line in the compiled file', () =>
    assert.equal(locate(['resources', 'nowhere', 'x']).file, 'infra/main.json'));
});

test('every Bicep file is reached from main.bicep, through modules and imports', () => {
  const reached = reachedFrom(root, 'infra/main.bicep');
  assert.ok(reached.has('infra/modules/types.bicep'));
  assert.ok(reached.has(vaultFile));
  assert.ok(!reached.has('infra/main.bicepparam'));
});
