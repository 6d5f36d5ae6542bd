import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import { describe, test } from 'node:test';
import { accountStates } from '../src/accounts/account-state.ts';
import { settingNames } from '../src/config.ts';
import { firstCells, readText, root } from './support/documents.ts';

const documents = globSync(['*.md', 'docs/**/*.md', 'infra/*.md', 'test/vectors/**/*.md'], { cwd: root });
const packageJson = JSON.parse(readText('package.json')) as { scripts: Record<string, string> };

/** Settings that belong to the platform and are explained there. */
const platformSettings = new Set([
  'AzureFunctionsJobHost__functionTimeout',
  ...['IDENTITY_ENDPOINT', 'IDENTITY_HEADER'],
  ...['HOSTNAME', 'INSTANCE_ID', 'SKU', 'TIME_ZONE'].map((name) => `WEBSITE_${name}`),
]);

describe('the README', () => {
  const readme = readText('README.md');

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

/** Paths in backticks from the top of the repository; `*` and `<name>` stand for any name. */
function pathsIn(document: string): string[] {
  const pattern = /`((?:\.ci|\.github|bin|docs|functions|infra|lab|local|scripts|src|test)\/[^`\s:,;…]*)`/g;
  return [...readText(document).matchAll(pattern)].map(([, path = '']) => path.replace(/<\w+>/g, '*'));
}

describe('the documents', () => {
  for (const document of documents) {
    test(`${document} names paths that exist`, () => {
      const missing = pathsIn(document).filter((path) => globSync(path, { cwd: root }).length === 0);
      assert.deepEqual(missing, []);
    });
  }

  test('CONTRIBUTING.md names files for each of the five common changes', () => {
    const sections = readText('CONTRIBUTING.md').split(/^### /m).slice(1);
    const titles = sections.map((section) => section.split('\n')[0]);
    const changes = ['An error code', 'A setting', 'An event field', 'An alert', 'An authority host'];
    assert.deepEqual(titles, changes);
    for (const section of sections) assert.ok(firstCells(`### ${section}`, section.slice(0, 5)).length >= 3);
  });

  test('ARCHITECTURE.md answers ten questions, each by one path', () => {
    const [, answers = ''] = readText('ARCHITECTURE.md').split("## A newcomer's ten questions");
    const rows = answers.split(/^## /m)[0]?.match(/^\| .+\? \| `[^`]+` \|.*$/gm) ?? [];
    assert.equal(rows.length, 10);
  });

  for (const document of documents) {
    test(`${document} links to files that exist`, () => {
      const base = new URL(document, root);
      for (const [, target = ''] of readText(document).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
        assert.ok(existsSync(new URL(target, base)), target);
      }
    });
  }

  test('every assumption of the emulators stands in ARCHITECTURE.md with its file', () => {
    const architecture = readText('ARCHITECTURE.md');
    const files = globSync(['local/**/*.ts', 'lab/**/*.ts'], { cwd: root }).filter((file) =>
      readText(file).includes('assumed:'),
    );
    assert.ok(files.length > 5);
    for (const file of files) assert.ok(architecture.includes(file), file);
  });
});
