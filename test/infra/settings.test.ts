import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { settingsRead, settingsReadBy } from '../../infra/check/settings.ts';
import { settingNames } from '../../src/config.ts';
import { root } from './template-edits.ts';

describe('a source reads a setting', () => {
  const cases: readonly (readonly [string, string[]])[] = [
    ["process.env['A_B']", ['A_B']],
    ['process.env["A_B"]', ['A_B']],
    ['process.env.A_B ?? 1', ['A_B']],
    ["environment['WEBSITE_SITE_NAME']", ['WEBSITE_SITE_NAME']],
    ["settings?.['A_B']", ['A_B']],
    ['const { A_B, C_D: c = 1 } = process.env;', ['A_B', 'C_D']],
    ['const { A_B } = limits;', []],
    ["schedule: '%REFRESH_SCHEDULE%'", ['REFRESH_SCHEDULE']],
    ['statusSnapshot(process.env)', []],
    ['environment.vault.list()', []],
    ["headers['A_B']", []],
  ];
  for (const [source, names] of cases) {
    test(`${names.length === 0 ? 'not ' : ''}in ${source}`, () =>
      assert.deepEqual(settingsReadBy(source), names));
  }
});

describe('the settings that the code reads', () => {
  const read = settingsRead(root);
  test('are those of the configuration', () => {
    for (const name of settingNames) assert.equal(read.get(name), 'src/config.ts');
  });
  test('and those that other files read, but not those of the local environment', () => {
    assert.match(read.get('WEBSITE_AUTH_ENABLED') ?? '', /^functions\//);
    for (const file of read.values()) assert.doesNotMatch(file, /^src\/local/);
  });
});
