import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ads, crm } from '../support/world.ts';
import { commandLine } from './run.ts';

const cli = commandLine(({ world }) => {
  world.addAccount({ id: 'ads', client: ads, owner: 'team-ads', accessTokenMinutesLeft: 40 });
  world.addAccount({ id: 'crm', client: crm });
  world.addAccount({ id: 'resting', client: crm, paused: true });
  world.addAccount({ id: 'typo', client: crm, registration: '{"tenant":"pasted-secret-value"}' });
});

type Accounts = Record<string, Record<string, unknown>>;

const exported = async (): Promise<Accounts> =>
  (await cli.run('export')).json<{ accounts: Accounts }>().accounts;

const importing = (accounts: object, options = '', terminal?: readonly string[]) =>
  terminal === undefined
    ? cli.run(`import - ${options}`, { input: [JSON.stringify({ accounts })] })
    : cli.run(`import - ${options}`, { terminal: true, input: terminal });

const versions = (id: string) => cli.world.credentials.versionsOf(`account-${id}`);

describe('export', () => {
  test('prints the registrations by id and nothing else, and tells what it had to leave out', async () => {
    const { exitCode, out, err } = await cli.run('export');
    assert.equal(exitCode, 1);
    const document = JSON.parse(out) as { accounts: Accounts };
    assert.deepEqual(Object.keys(document), ['accounts']);
    assert.deepEqual(Object.keys(document.accounts), ['ads', 'crm']);
    assert.equal(document.accounts['ads']?.['owner'], 'team-ads');
    assert.match(err, /Left out "resting": it is paused/);
    assert.match(err, /Left out "typo": it cannot be used: tenant: must be/);
    assert.doesNotMatch(`${out}${err}`, /pasted-secret-value/);
  });

  test('is the same document with --json', async () => {
    assert.equal((await cli.run('export --json')).out, (await cli.run('export')).out);
  });
});

describe('import', () => {
  test('of an export finds no difference, and writes nothing', async () => {
    const { exitCode, out } = await importing(await exported());
    assert.equal(exitCode, 0);
    assert.match(out, /Not in the document, left as they are: resting, typo\n0 to write, nothing written\./);
  });

  test('shows what differs with --dry-run, says so by its exit code, and writes nothing', async () => {
    const accounts = await exported();
    const wanted = { ...accounts, ads: { ...accounts['ads'], owner: 'team-new' }, fresh: accounts['crm'] };
    const { exitCode, out } = await importing(wanted, '--dry-run');
    assert.equal(exitCode, 1);
    assert.match(
      out,
      /"ads" changes\n {2}- owner: "team-ads"\n {2}\+ owner: "team-new"\n"fresh" is new\n {2}\+ tenant: /,
    );
    assert.match(out, /2 to write, nothing written\./);
    assert.deepEqual([versions('ads').length, versions('fresh').length], [1, 0]);
  });

  test('writes what differs with --yes, gives JSON, and leaves the others alone', async () => {
    const accounts = await exported();
    const wanted = { ads: { ...accounts['ads'], owner: 'team-new' }, fresh: accounts['crm'] };
    const ran = await importing(wanted, '--yes --json');
    assert.equal(ran.exitCode, 0);
    const told = ran.json<{
      written: boolean;
      differences: { account: string; kind: string }[];
      onlyInVault: string[];
    }>();
    assert.deepEqual(
      told.differences.map(({ account, kind }) => [account, kind]),
      [
        ['ads', 'change'],
        ['fresh', 'add'],
      ],
    );
    assert.deepEqual([told.written, told.onlyInVault], [true, ['crm', 'resting', 'typo']]);
    assert.deepEqual([versions('ads').length, versions('fresh').length, versions('crm').length], [2, 1, 1]);
    assert.equal((await exported())['ads']?.['owner'], 'team-new');
  });

  test('asks where somebody sits, and wants --yes where nobody does', async () => {
    const accounts = await exported();
    const changed = { crm: { ...accounts['crm'], owner: 'team-crm' } };
    const unasked = await importing(changed);
    assert.equal(unasked.exitCode, 2);
    assert.match(unasked.err, /"crm" changes\n.*\n.*must be confirmed.*\nGive --yes/s);
    assert.equal(versions('crm').length, 1);
  });

  test('does not wake a paused account', async () => {
    const accounts = await exported();
    const { exitCode, out } = await importing({ resting: accounts['crm'] }, '--yes');
    assert.equal(exitCode, 1);
    assert.match(out, /"resting" is paused and stays as it is: resume it first/);
    assert.equal(versions('resting').at(-1)?.enabled, false);
  });

  const faulty: readonly (readonly [what: string, document: unknown, message: RegExp])[] = [
    [
      'a faulty registration',
      { accounts: { a: { tenant: 'common' } } },
      /The registration of "a" cannot be used: clientId/,
    ],
    ['a token among fields', { accounts: { a: { refreshToken: 'x' } } }, /"refreshToken": not a known field/],
    ['a bad id', { accounts: { A: {} } }, /account id "A"/],
    ['another document', { tokens: {} }, /no document of registrations/],
    ['something beside the accounts', { accounts: {}, secrets: {} }, /no document of registrations/],
    ['a list', [], /no document of registrations/],
  ];
  for (const [what, document, message] of faulty) {
    test(`refuses ${what} before it writes anything`, async () => {
      const { exitCode, out, err } = await cli.run('import - --yes', { input: [JSON.stringify(document)] });
      assert.deepEqual([exitCode, out], [2, '']);
      assert.match(err, message);
    });
  }

  test('ends with 3 when the vault takes no write, and says what right is missing', async () => {
    cli.world.credentialsFaults.denied.add('set');
    const accounts = await exported();
    const { exitCode, err } = await importing({ more: accounts['crm'] }, '--yes');
    assert.equal(exitCode, 3);
    assert.match(err, /setSecret\/action/);
  });
});
