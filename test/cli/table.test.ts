import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crm } from '../support/world.ts';
import { commandLine, type Person } from './run.ts';

const longest = `${'very-long-'.repeat(6)}name`;
const owner = 'a-team-whose-name-goes-on-and-on-for-more-than-forty-characters@contoso.example';
const scopes = ['https://graph.microsoft.com/User.Read'];
const tokens = { graph: { scopes }, 'exchange-online-calendar': { scopes } };

const cli = commandLine(({ world }) => {
  world.addAccount({ id: 'short', client: crm, accessTokenMinutesLeft: 20, owner: 'ads' });
  world.addAccount({ id: longest, client: crm, accessTokenMinutesLeft: 20, owner });
  world.addAccount({ id: 'several', client: crm, accessTokenMinutesLeft: 80, tokens });
  world.addAccount({ id: 'new', client: crm, consented: false });
  world.addAccount({ id: 'typo', client: crm, registration: `{"${'x'.repeat(60)}":1}` });
});
const ids = ['short', longest, 'several', 'new', 'typo'];

const commands = ['status', 'plan', 'account list', 'refresh --all'];

async function linesOf(command: string, person: Person): Promise<string[]> {
  const { out, err, exitCode } = await cli.run(command, { ...person, env: { NO_COLOR: '1' } });
  assert.ok(exitCode < 2, err);
  return out.trimEnd().split('\n');
}

/** What stands in the column of a drawn table, its wrapped lines put together. */
const columnText = (lines: readonly string[], column: number): string =>
  lines
    .filter((line) => line.startsWith('│'))
    .map((line) => line.split('│')[column + 1]?.trim() ?? '')
    .join('');

// The first sweep leaves causes behind, so it comes first.
for (const command of ['refresh --all', ...commands]) {
  describe(command, () => {
    for (const columns of [80, 120]) {
      test(`fits a terminal of ${columns} columns and cuts nothing off`, async () => {
        const lines = await linesOf(command, { terminal: true, columns });
        for (const line of lines) assert.ok(line.length <= columns, `${line.length}: ${line}`);
        for (const id of ids) assert.ok(columnText(lines, 0).includes(id), id);
        assert.doesNotMatch(lines.join(''), /…/);
      });
    }

    test('is one line an account in a pipe, in no frame', async () => {
      const lines = await linesOf(command, {});
      for (const id of ids.filter((id) => command !== 'plan' || id !== 'several')) {
        const ofId = lines.filter((line) => line.startsWith(`${id} `));
        assert.equal(ofId.length, 1, id);
      }
      assert.doesNotMatch(lines.join(''), /[│┌─]/);
    });

    test('with --wide has all columns and one line an account on a terminal, too', async () => {
      const [head = '', ...lines] = await linesOf(`${command} --wide`, { terminal: true, columns: 80 });
      assert.match(head, /^account .* client .* owner/);
      assert.equal(lines.filter((line) => line.startsWith(longest)).length, 1);
      assert.ok(lines.find((line) => line.startsWith(longest))?.includes(owner));
    });
  });
}

test('causes of several lines that stand in a vault make no further line in a pipe', async () => {
  const { tags } = cli.world.credentials.versionsOf('account-typo').at(-1) ?? { tags: {} };
  const forged = { ...tags, 'refresher-cause': 'one\nshort  healthy\r\ntwo' };
  cli.world.credentials.update('account-typo', '', { tags: forged });
  const lines = await linesOf('status', {});
  assert.ok(
    lines.some((line) => /^typo +configuration .* one short healthy two/.test(line)),
    lines.join('\n'),
  );
  assert.equal(lines.filter((line) => line.startsWith('short ')).length, 1);
});
