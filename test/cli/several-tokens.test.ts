import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crm } from '../support/world.ts';
import { commandLine } from './run.ts';

const graph = { scopes: ['https://graph.microsoft.com/User.Read'] };
const ads = { scopes: ['https://ads.microsoft.com/msads.manage'] };

const cli = commandLine(({ world }) => {
  world.addAccount({ id: 'both', client: crm, tokens: { graph, ads }, accessTokenMinutesLeft: 80 });
  const { tags = {} } = world.tokens.versionsOf('access-token-both-ads').at(-1) ?? {};
  world.tokens.update('access-token-both-ads', '', {
    tags: { ...tags, scope: 'https://old.example/.default' },
  });
});

const published = (name: string) => cli.world.tokens.versionsOf(`access-token-${name}`);

describe('an account with several access tokens', () => {
  test('shows when each of them ends', async () => {
    assert.match((await cli.run('status')).out, /^both .* graph \d{4}-\S+ \S+, ads \d{4}-\S+ \S+/m);
    const { out } = await cli.run('status', { terminal: true, env: { NO_COLOR: '1' } });
    assert.match(out, /│ both .*│ graph \d{4}-.*\n│ +│ +│ ads \d{4}-/);
    const { accounts } = (await cli.run('status --json')).json<{
      accounts: { tokens: { name: string }[] }[];
    }>();
    assert.deepEqual(
      accounts[0]?.tokens.map(({ name }) => name),
      ['graph', 'ads'],
    );
  });

  test('is planned token by token', async () => {
    assert.match((await cli.run('plan')).out, /^both graph +leave .*\nboth ads +leave /m);
    const { notDue } = (await cli.run('plan --json')).json<{
      notDue: { tokens: { name: string; due: boolean }[] }[];
    }>();
    assert.deepEqual(
      notDue[0]?.tokens.map(({ name, due }) => [name, due]),
      [
        ['graph', false],
        ['ads', false],
      ],
    );
  });

  test('is diagnosed token by token', async () => {
    const { out } = await cli.run('doctor');
    assert.match(
      out,
      /account both: The published token "ads" is for "https:\/\/old\.example\/\.default", the registration asks/,
    );
    assert.doesNotMatch(out, /published token "graph"/);
    assert.match(out, /write budget: 2 access tokens are refreshed in a sweep/);
  });

  test('is refreshed as a whole', async () => {
    const { exitCode, out } = await cli.run('refresh both');
    assert.equal(exitCode, 0, out);
    assert.deepEqual([published('both-graph').length, published('both-ads').length], [2, 2]);
  });

  test('survives an export and import', async () => {
    const { out } = await cli.run('export');
    assert.deepEqual(JSON.parse(out).accounts.both.tokens, { graph, ads });
    const { exitCode } = await cli.run('import - --dry-run', { input: [out] });
    assert.equal(exitCode, 0);
  });
});
