import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ads, crm } from '../support/world.ts';
import { commandLine } from './run.ts';

const cli = commandLine(({ world }) => {
  world.addAccount({ id: 'ads', client: crm, accessTokenMinutesLeft: 40, owner: 'team-ads' });
  world.addAccount({ id: 'typo', client: crm, registration: '{"tenant":"pasted-secret-value"}' });
  world.addAccount({ id: 'resting', client: crm, paused: true });
  for (const id of ['plain', 'gone-a', 'gone-b', 'gone-c', 'gone-d'])
    world.addAccount({ id, client: ads, accessTokenMinutesLeft: 40 });
});

const isEnabled = (name: string) =>
  (cli.world.credentials.versionsOf(name).at(-1) ?? cli.world.tokens.versionsOf(name).at(-1))?.enabled;

describe('account show and list', () => {
  test('show gives registration, state and ages, and no token', async () => {
    const { exitCode, out } = await cli.run('account show ads');
    assert.equal(exitCode, 0);
    assert.match(out, /^ads: healthy\n/);
    assert.match(out, /registration:\n {2}tenant: /);
    assert.match(out, /refresh token:\n {2}enabled: true\n {2}generation: 0\n {2}source: consent/);
  });

  test('show gives JSON', async () => {
    const told = (await cli.run('account show ads --json')).json<{
      state: string;
      registration: { owner: string };
      refreshToken: { generation: number };
    }>();
    assert.deepEqual(
      [told.state, told.registration.owner, told.refreshToken.generation],
      ['healthy', 'team-ads', 0],
    );
  });

  test('show tells what is wrong with a registration, and never what stands in it', async () => {
    const { exitCode, out } = await cli.run('account show typo');
    assert.equal(exitCode, 1);
    assert.match(out, /registration: tenant: must be a tenant id/);
    assert.doesNotMatch(out, /pasted-secret-value/);
  });

  test('show refuses an account that is not there', async () => {
    assert.equal((await cli.run('account show nobody')).exitCode, 2);
  });

  test('list has every account, in both forms', async () => {
    const { exitCode, out } = await cli.run('account list');
    assert.equal(exitCode, 0);
    assert.match(out, /^ads +healthy +11111111/m);
    const told = (await cli.run('account list --json')).json<{ account: string; owner?: string }[]>();
    assert.equal(told.find(({ account }) => account === 'ads')?.owner, 'team-ads');
  });
});

test('what a terminal would obey in a tag is not shown, and colours are', async () => {
  const { credentials } = cli.world;
  const { version, tags } = credentials.get('account-ads');
  credentials.update('account-ads', version, {
    tags: { ...tags, 'refresher-owner': '\u001b]0;title\u0007\u001b[2Jteam-ads' },
  });
  for (const terminal of [false, true]) {
    const { out } = await cli.run('account list --wide', { terminal });
    assert.match(out, /team-ads/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    assert.doesNotMatch(out, /\u0007|\u001b\[2J|\u001b\]/);
    assert.equal((await cli.run('status', { terminal })).out.includes('\u001b[32m'), terminal);
  }
  credentials.update('account-ads', version, { tags });
});

describe('account update', () => {
  test('changes one field, shows the difference, and keeps what others tagged', async () => {
    const before = cli.registrations('ads').length;
    const { exitCode, out } = await cli.run('account update ads --owner team-new');
    assert.equal(exitCode, 0);
    assert.equal(out, '"ads": changed\n  - owner: "team-ads"\n  + owner: "team-new"\n');
    assert.equal(cli.registrations('ads').length, before + 1);
  });

  test('takes a field out, changes the endpoint, and gives JSON', async () => {
    const line = 'account update ads --unset owner --resource https://service.contoso.com/ --json';
    const { changes } = (await cli.run(line)).json<{ changes: { field: string }[] }>();
    assert.deepEqual(changes.map(({ field }) => field).sort(), ['owner', 'resource', 'scopes']);
  });

  test('writes nothing when nothing changes, and nothing with --dry-run', async () => {
    const before = cli.registrations('ads').length;
    assert.match(
      (await cli.run('account update ads --resource https://service.contoso.com/')).out,
      /nothing changes/,
    );
    assert.match((await cli.run('account update ads --owner x --dry-run')).out, /would change/);
    assert.equal(cli.registrations('ads').length, before);
  });

  test("renews the client's secret alone", async () => {
    const before = cli.registrations('ads').length;
    const { exitCode, out } = await cli.run('account update ads --set-credential', {
      input: ['renewed~secret~value'],
    });
    assert.equal(exitCode, 0);
    assert.match(out, /"client-secret-crm" has a new version/);
    assert.equal(
      cli.world.credentials.versionsOf(crm.secretName).at(-1)?.value.reveal(),
      'renewed~secret~value',
    );
    assert.equal(cli.registrations('ads').length, before);
  });

  test('replaces a faulty registration by a file', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'cli-'));
    t.after(() => rm(directory, { recursive: true }));
    const file = join(directory, 'typo.json');
    // As Windows PowerShell writes it.
    await writeFile(file, `\ufeff${JSON.stringify(cli.registrationOf('gone-d'))}`, 'utf16le');
    assert.equal((await cli.run('account update typo --owner x')).exitCode, 2);
    const { exitCode, out } = await cli.run(`account update typo --file ${file}`);
    assert.equal(exitCode, 0, out);
    assert.deepEqual(cli.registrationOf('typo'), cli.registrationOf('gone-d'));
  });

  for (const [what, line, code, message] of [
    [
      'a paused account, whose registration nobody can read',
      'account update resting --owner x',
      1,
      /Enable it first: account resume resting/,
    ],
    ['an account that is not there', 'account update nobody --owner x', 2, /There is no account "nobody"/],
    ['a field that is not there', 'account update plain --unset owner', 2, /has no "owner"/],
    ['a change that no sweep could use', 'account update plain --unset tenant', 2, /tenant: must be text/],
  ] as const) {
    test(`refuses ${what}`, async () => {
      const { exitCode, err } = await cli.run(line);
      assert.equal(exitCode, code);
      assert.match(err, message);
    });
  }
});

describe('account pause and resume', () => {
  test('pause disables the registration, once', async () => {
    assert.match((await cli.run('account pause plain')).out, /"plain" is paused/);
    assert.equal(isEnabled('account-plain'), false);
    const again = await cli.run('account pause plain --json');
    assert.deepEqual([again.exitCode, again.json()['changed']], [0, false]);
  });

  test('resume enables it again, and adds no version', async () => {
    const { exitCode, out } = await cli.run('account resume plain');
    assert.deepEqual([exitCode, out], [0, '"plain" is resumed. Enabled: account-plain.\n']);
    assert.equal(cli.registrations('plain').length, 1);
    assert.match((await cli.run('account resume plain')).out, /was not paused/);
  });

  test('neither knows an account that is not there, and a right that is missing is told', async () => {
    assert.equal((await cli.run('account pause nobody')).exitCode, 2);
    assert.equal((await cli.run('account resume nobody')).exitCode, 2);
    cli.world.credentialsFaults.denied.add('update');
    const { exitCode, err } = await cli.run('account pause ads');
    assert.equal(exitCode, 3);
    assert.match(err, /secrets\/update\/action/);
  });
});

describe('account remove', () => {
  test('names what goes, disables all three secrets, and can be taken back', async () => {
    const { exitCode, out, err } = await cli.run('account remove gone-a --yes');
    assert.equal(exitCode, 0);
    assert.match(err, /refresh-token-gone-a: the consent of user .*without it the user must consent again/);
    assert.match(out, /Take it back with: account resume gone-a/);
    for (const name of ['account-gone-a', 'refresh-token-gone-a', 'access-token-gone-a'])
      assert.equal(isEnabled(name), false, name);
    const back = (await cli.run('account resume gone-a --json')).json<{ enabled: string[] }>();
    assert.deepEqual(back.enabled, ['refresh-token-gone-a', 'account-gone-a']);
    assert.equal((await cli.run('refresh gone-a')).exitCode, 0, 'and is refreshed again');
  });

  test('deletes with --delete after disabling, with the right of the one who asks', async () => {
    const order: string[] = [];
    const note = (state: string) => ({
      after: ({ name = '', operation = '' }) => void order.push(`${state} ${operation} ${name}`),
    });
    cli.world.credentialsFaults.add({ operation: ['update', 'delete'], ...note('credentials') });
    cli.world.tokensFaults.add({ operation: ['update', 'delete'], ...note('tokens') });
    const ran = await cli.run('account remove gone-b --delete --yes --json');
    assert.equal(ran.exitCode, 0, ran.err);
    assert.deepEqual(order, [
      'credentials update account-gone-b',
      'credentials update refresh-token-gone-b',
      'tokens update access-token-gone-b',
      'credentials delete account-gone-b',
      'credentials delete refresh-token-gone-b',
      'tokens delete access-token-gone-b',
    ]);
    assert.equal(cli.world.credentials.versionsOf('account-gone-b').length, 0);
  });

  test('leaves an account disabled when the right to delete is missing, and names the right', async () => {
    cli.world.credentialsFaults.denied.add('delete');
    const { exitCode, err } = await cli.run('account remove gone-c --delete --yes');
    assert.equal(exitCode, 3);
    assert.match(err, /lacks the right Microsoft\.KeyVault\/vaults\/secrets\/delete/);
    assert.equal(isEnabled('account-gone-c'), false);
  });

  test('asks, and does nothing on no; without a terminal it wants --yes', async () => {
    const refused = await cli.run('account remove gone-d', { terminal: true, input: ['n'] });
    assert.equal(refused.exitCode, 1);
    assert.match(refused.out, /Nothing was done/);
    const unasked = await cli.run('account remove gone-d');
    assert.equal(unasked.exitCode, 2);
    assert.match(unasked.err, /Give --yes to confirm/);
    assert.equal(isEnabled('account-gone-d'), true);
    assert.equal((await cli.run('account remove gone-d', { terminal: true, input: ['y'] })).exitCode, 0);
    assert.equal(isEnabled('account-gone-d'), false);
  });
});
