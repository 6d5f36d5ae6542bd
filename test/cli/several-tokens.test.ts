import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nowSeconds } from '../../src/time.ts';
import { crm } from '../support/world.ts';
import { commandLine } from './run.ts';

const graph = { scopes: ['https://graph.microsoft.com/User.Read'] };
const ads = { scopes: ['https://ads.microsoft.com/msads.manage'] };

const cli = commandLine(({ world }) => {
  world.addAccount({ id: 'both', client: crm, tokens: { graph, ads }, accessTokenMinutesLeft: 80 });
  const { tags = {} } = world.tokens.versionsOf('access-token-both-ads').at(-1) ?? {};
  world.tokens.update('access-token-both-ads', '', {
    tags: { ...tags, scope: 'https://old.example/.default' },
    expiresAt: nowSeconds(world.clock) + 79 * 60,
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
      notDue: { accessTokenExpiresAt: string; tokens: { name: string; due: boolean }[] }[];
    }>();
    const ends = ['both-graph', 'both-ads'].map((name) => published(name).at(-1)?.expiresAt ?? 0);
    assert.equal(Date.parse(notDue[0]?.accessTokenExpiresAt ?? '') / 1000, Math.min(...ends));
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

  test('is shown with each', async () => {
    const names = ['access-token-both-ads', 'access-token-both-graph'];
    const { out } = await cli.run('account show both');
    for (const name of names) assert.match(out, new RegExp(`secret: ${name}`));
    const shown = (await cli.run('account show both --json')).json<{ accessTokens: { secret: string }[] }>();
    assert.deepEqual(shown.accessTokens.map(({ secret }) => secret).sort(), names);
  });

  test('loses all of them when it is removed', async () => {
    const { exitCode, err } = await cli.run('account remove both --yes');
    assert.equal(exitCode, 0);
    for (const name of ['both-graph', 'both-ads']) {
      assert.match(err, new RegExp(`access-token-${name}: the access token, valid until`));
      assert.equal(published(name).at(-1)?.enabled, false);
    }
  });
});
