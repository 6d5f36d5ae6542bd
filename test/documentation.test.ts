import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { accountStates } from '../src/accounts/account-state.ts';
import { settingNames } from '../src/config.ts';

const root = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const documents = ['README.md', 'ARCHITECTURE.md', 'SECURITY.md', 'CHANGELOG.md', 'infra/README.md'];
const packageJson = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

/** Settings that belong to the platform and are explained there. */
const platformSettings = new Set([
  'AzureFunctionsJobHost__functionTimeout',
  'IDENTITY_ENDPOINT',
  'IDENTITY_HEADER',
  'WEBSITE_HOSTNAME',
  'WEBSITE_INSTANCE_ID',
  'WEBSITE_SKU',
  'WEBSITE_TIME_ZONE',
]);

/** The first cell of each row of the table under a heading. */
function firstCells(document: string, heading: string): string[] {
  const section = document.split(/^#+ /m).find((part) => part.startsWith(heading)) ?? '';
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, cell]) => cell ?? '');
}

describe('the README', () => {
  const readme = read('README.md');

  test('lists every setting that the code reads, and no other', () => {
    const expected = settingNames.filter((name) => !platformSettings.has(name));
    assert.deepEqual(firstCells(readme, 'Settings').sort(), [...expected].sort());
  });

  test('explains every state of an account, and no other', () => {
    assert.deepEqual(firstCells(readme, 'States').sort(), [...accountStates].sort());
  });

  test('names only commands that exist', () => {
    const named = [...readme.matchAll(/npm run ([a-z:]+)/g)].map(([, script]) => script ?? '');
    assert.ok(named.length > 3);
    for (const script of named) assert.ok(packageJson.scripts[script], `npm run ${script}`);
  });
});

describe('the documents', () => {
  for (const document of documents) {
    test(`${document} links to files that exist`, () => {
      const base = new URL(document, root);
      for (const [, target = ''] of read(document).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
        assert.ok(existsSync(new URL(target, base)), target);
      }
    });
  }

  test('every assumption of the emulators stands in ARCHITECTURE.md with its file', () => {
    const architecture = read('ARCHITECTURE.md');
    const files = globSync(['local/**/*.ts', 'lab/**/*.ts'], { cwd: root }).filter((file) =>
      read(file).includes('assumed:'),
    );
    assert.ok(files.length > 5);
    for (const file of files) assert.ok(architecture.includes(file), file);
  });
});
