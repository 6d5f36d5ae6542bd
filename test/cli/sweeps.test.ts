import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isoTime } from '../../src/time.ts';
import { crm } from '../support/world.ts';
import { commandLine } from './run.ts';

const cli = commandLine(({ world }) => {
  world.addAccount({ id: 'due', client: crm, accessTokenMinutesLeft: 20 });
  world.addAccount({ id: 'fresh', client: crm, accessTokenMinutesLeft: 80, owner: 'team-crm' });
  world.addAccount({ id: 'new', client: crm, consented: false });
  world.addAccount({ id: 'resting', client: crm, paused: true });
});

interface Told {
  readonly accounts: readonly {
    readonly account: string;
    readonly state: string;
    readonly outcome: string;
  }[];
  readonly counts: Readonly<Record<string, number>>;
}

describe('status', () => {
  test('shows a table with the most urgent first, and says by its exit code that a human is needed', async () => {
    const { exitCode, out, err } = await cli.run('status');
    assert.equal(exitCode, 1);
    assert.equal(err, '');
    assert.match(out, /^new .*\ndue /m);
    assert.match(out, /4 accounts: 1 pending consent, 2 healthy, 1 paused\./);
    assert.match(out, /No sweep has been completed yet\. Next sweep .* \(in \d+ \w+\)/);
  });

  test('is fine when no account that is shown needs a human', async () => {
    const { exitCode, out } = await cli.run('status --state healthy --account fresh');
    assert.equal(exitCode, 0);
    assert.match(out, /^fresh /m);
    assert.doesNotMatch(out, /^due/m);
  });

  test('gives JSON as the tools of the status page get it', async () => {
    const ran = await cli.run('status --json --client', { input: [] });
    assert.equal(ran.exitCode, 2, 'an option without its value');
    const { accounts, counts } = (await cli.run('status --json')).json<Told>();
    assert.deepEqual(
      accounts.map(({ account }) => account),
      ['new', 'due', 'fresh', 'resting'],
    );
    assert.equal(counts['paused'], 1);
  });

  test('refuses a state that there is not, and names those that there are', async () => {
    const { exitCode, out, err } = await cli.run('status --state ill');
    assert.equal(exitCode, 2);
    assert.equal(out, '');
    assert.match(err, /There is no such state\.\n.*reconsent, credential, configuration/);
  });
});

describe('plan', () => {
  test('says what the next sweep does and why, and redeems nothing', async () => {
    const { exitCode, out } = await cli.run('plan');
    assert.equal(exitCode, 0);
    assert.match(out, /^due +refresh .* expires before next sweep$/m);
    assert.match(out, /^fresh +leave .* fresh$/m);
    assert.match(out, /The next sweep is in \d+ \w+, .* UTC: 2 to refresh, 2 to leave\./);
    assert.equal(cli.world.tokens.versionsOf('access-token-due').length, 1);
  });

  test('gives JSON in the order of refreshing', async () => {
    const { due, notDue } = (await cli.run('plan --json')).json<
      Record<'due' | 'notDue', { account: string; reason: string; lookAgainAt?: string }[]>
    >();
    assert.deepEqual(
      due.map(({ account, reason }) => [account, reason]),
      [
        ['new', 'registration_unread'],
        ['due', 'expires_before_next_sweep'],
      ],
    );
    assert.match(notDue.find(({ account }) => account === 'fresh')?.lookAgainAt ?? '', /Z$/);
  });
});

describe('refresh', () => {
  test('of one account redeems it although it is fresh', async () => {
    const { exitCode, out } = await cli.run('refresh fresh');
    assert.equal(exitCode, 0);
    assert.match(out, /^fresh +healthy +refreshed /m);
    assert.equal(cli.world.tokens.versionsOf('access-token-fresh').length, 2);
  });

  test('of an account that rests does nothing, which a human must know', async () => {
    const { exitCode, out } = await cli.run('refresh resting --json');
    assert.equal(exitCode, 1);
    assert.deepEqual(
      (JSON.parse(out) as Told).accounts.map(({ account, outcome }) => [account, outcome]),
      [['resting', 'not_due']],
    );
  });

  test('of all runs a whole sweep, and says that one account waits for a consent', async () => {
    const { exitCode, out } = await cli.run('refresh --all');
    assert.equal(exitCode, 1);
    assert.match(
      out,
      /1 of 2 due accounts refreshed in .* 4 accounts: 1 pending consent, 2 healthy, 1 paused\./,
    );
    assert.match((await cli.run('status')).out, /Last sweep .*: 4 accounts, 1 refreshed/);
  });

  test('of all is not begun while another process sweeps, which is told, unless with --force', async () => {
    const now = Math.floor(cli.world.clock.nowMilliseconds() / 1000);
    const [since, until] = [isoTime(now - 60), isoTime(now + 600)];
    const name = 'refresher-heartbeat';
    const tags = { 'running-sweep-since': since, 'running-sweep-until': until };
    cli.world.credentials.update(name, cli.world.credentials.get(name).version, { tags });
    const { exitCode, out, err } = await cli.run('refresh --all');
    assert.deepEqual([exitCode, out], [1, '']);
    assert.match(err, new RegExp(`sweeps all accounts since ${since}, until ${until}.*\n.*--force`));
    assert.match((await cli.run('refresh --all --force')).out, /due accounts refreshed/);
  });

  for (const [what, line, message] of [
    ['nothing to refresh', 'refresh', /Nothing says what to refresh\.\nName an account, or give --all/],
    ['an account and --all', 'refresh due --all', /An account stands beside --all/],
    ['an account and --force', 'refresh due --force', /--force stands beside an account/],
    ['an id that no account can have', 'refresh Due', /account id "Due" is not 1 to 64/],
    ['an account that is not there', 'refresh nobody', /There is no account "nobody"\.\n.*account list/],
  ] as const) {
    test(`refuses ${what}`, async () => {
      const { exitCode, out, err } = await cli.run(line);
      assert.deepEqual([exitCode, out], [2, '']);
      assert.match(err, message);
    });
  }

  test('tells of a rotated token that could not be stored although nobody asked for events', async () => {
    cli.world.credentialsFaults.add({
      operation: 'set',
      name: 'refresh-token-due',
      behaviour: { kind: 'status', status: 403, code: 'Forbidden', innerCode: 'ForbiddenByRbac' },
    });
    const { exitCode, err } = await cli.run('refresh due');
    assert.equal(exitCode, 3);
    assert.match(err, /"event":"RotatedTokenNotStored".*"account":"due"/);
    assert.doesNotMatch(err, /"event":"AccountState"/);
    assert.match(err, /The sweep stopped at "refresh": .*forbidden/);
  });

  test('prints all events to standard error with --verbose', async () => {
    const { exitCode, out, err } = await cli.run('refresh due --verbose --json');
    assert.equal(exitCode, 0);
    assert.equal((JSON.parse(out) as Told).accounts[0]?.state, 'healthy');
    assert.match(err, /"event":"AccountState"/);
  });
});

describe('a vault that cannot be used', () => {
  for (const command of ['status', 'plan', 'refresh --all', 'account list', 'export']) {
    test(`ends ${command} with 3 and says what right is missing`, async () => {
      cli.world.tokensFaults.denied.add('list');
      const { exitCode, out, err } = await cli.run(command);
      assert.deepEqual([exitCode, out], [3, '']);
      assert.match(err, /Your own sign-in lacks the right .*readMetadata\/action/);
    });
  }

  test('is told as JSON on standard error with --json', async () => {
    cli.world.tokensFaults.denied.add('list');
    const { out, err } = await cli.run('status --json');
    assert.equal(out, '');
    assert.equal(JSON.parse(err).error.code, 'vault_forbidden');
  });

  test('without settings is a matter of usage, and the options that help are named', async () => {
    const { exitCode, err } = await cli.run('status', {
      env: { CREDENTIALS_VAULT_URL: '', TOKENS_VAULT_URL: '' },
    });
    assert.equal(exitCode, 2);
    assert.match(err, /CREDENTIALS_VAULT_URL is missing.*\n.*--credentials-vault and --tokens-vault/);
  });
});
