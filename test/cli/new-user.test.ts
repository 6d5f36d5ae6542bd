import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { User } from '../../src/accounts/entra-ids.ts';
import { ads } from '../support/world.ts';
import { consentAs } from './browser-consent.ts';
import { commandLine } from './run.ts';

const anna = { displayName: 'Anna', userPrincipalName: 'anna@contoso.example' };
const bob = { displayName: 'Bob', userPrincipalName: 'bob@contoso.example' };
const tenantId = '7fe81447-da57-4385-becb-6de57f21477e';
const bobsId: User = { tenantId, objectId: '5a1f3c0e-7d0b-4a8e-9d27-0c9d6a1b2e3f' };
let annasId: User;

const cli = commandLine(({ world }) => {
  annasId = world.addAccount({ id: 'handed', client: ads, consented: false, name: anna }).user;
  world.addUser({ ...bob, ...bobsId });
  world.addAccount({ id: 'unconsented', client: ads, consented: false, name: bob });
});

const versions = () => cli.world.credentials.versionsOf('refresh-token-handed').length;

interface Status {
  readonly accounts: readonly {
    readonly state: string;
    readonly code?: string;
    readonly cause?: string;
    readonly remedy?: string;
  }[];
}

async function statusOf(id: string) {
  const ran = await cli.run(`status --account ${id} --json`);
  const [account] = ran.json<Status>().accounts;
  assert.ok(account);
  return { ...account, exitCode: ran.exitCode };
}

async function pinOf(id: string): Promise<unknown> {
  const shown = (await cli.run(`account show ${id} --json`)).json<{ refreshToken: { user: User } }>();
  return shown.refreshToken.user.objectId;
}

describe('an account that is handed to another user, step by step', () => {
  test('is consented by the first one, of whom there is nothing to tell', async () => {
    assert.equal((await consentAs(cli, 'handed', annasId)).exitCode, 0);
    assert.equal(await pinOf('handed'), annasId.objectId);
    const { state, code, exitCode } = await statusOf('handed');
    assert.deepEqual([state, code, exitCode], ['healthy', undefined, 0]);
  });

  test('with the new login hint alone it stays well and the first one’s, and says so', async () => {
    const { exitCode } = await cli.run(`account update handed --login-hint ${bob.userPrincipalName}`);
    assert.equal(exitCode, 0);
    const { state, code, cause = '', remedy, exitCode: statusCode } = await statusOf('handed');
    assert.deepEqual([state, code, statusCode], ['healthy', 'login_hint_changed', 0]);
    assert.ok(cause.includes(bob.userPrincipalName) && cause.includes(annasId.objectId), cause);
    assert.match(remedy ?? '', /account update handed --new-user/);
    const doctor = await cli.run('doctor');
    assert.match(doctor.out, /warning {2}account handed: "loginHint" is now bob@contoso\.example; /);
    assert.match((await cli.run('account show handed')).out, /^handed: healthy\n {2}"loginHint" is now bob/);
  });

  test('it is told without the name to whoever may list secrets and not read them', async () => {
    cli.world.credentialsFaults.denied.add('get');
    const { code, cause = '' } = await statusOf('handed');
    assert.equal(code, 'login_hint_changed');
    assert.ok(cause.startsWith('"loginHint" was changed; ') && cause.includes(annasId.objectId), cause);
  });

  test('without --new-user the second one is refused, and nothing is stored', async () => {
    const before = versions();
    const { exitCode, err } = await consentAs(cli, 'handed', bobsId);
    assert.equal(exitCode, 1);
    assert.match(err, /Another user signed in/);
    assert.deepEqual([versions(), await pinOf('handed')], [before, annasId.objectId]);
  });

  test('with --dry-run the pin stays', async () => {
    const { exitCode, out } = await cli.run('account update handed --new-user --dry-run');
    assert.deepEqual(
      [exitCode, out],
      [0, '"handed": would change\nThe next consent could then be another user\'s.\n'],
    );
    assert.equal((await consentAs(cli, 'handed', bobsId)).exitCode, 1);
  });

  test('--new-user lets the next consent be of the second one, and changes nothing before', async () => {
    const { exitCode, out } = await cli.run('account update handed --new-user');
    assert.equal(exitCode, 0);
    assert.match(out, /^"handed": changed\nThe next consent may be another user's\.\n$/);
    const { state, code, remedy } = await statusOf('handed');
    assert.deepEqual([state, code], ['healthy', 'login_hint_changed']);
    assert.match(remedy ?? '', /^Let bob@contoso\.example consent/);
    assert.equal(await pinOf('handed'), annasId.objectId);
  });

  test('the link asks for the second one, whose consent takes the place of the pin', async () => {
    const { exitCode, out } = await cli.run('consent handed');
    assert.equal(exitCode, 0);
    assert.match(out, /\/api\/consent\/for\/handed\?link=/);
    assert.equal((await consentAs(cli, 'handed', bobsId)).exitCode, 0);
    assert.equal(await pinOf('handed'), bobsId.objectId);
    const { state, code } = await statusOf('handed');
    assert.deepEqual([state, code], ['healthy', undefined]);
  });

  test('afterwards the first one is another user', async () => {
    const { exitCode, err } = await consentAs(cli, 'handed', annasId);
    assert.equal(exitCode, 1);
    assert.match(err, /Another user signed in/);
    assert.equal(await pinOf('handed'), bobsId.objectId);
  });
});

test('--new-user is refused for an account that nobody has consented for', async () => {
  const { exitCode, err } = await cli.run('account update unconsented --new-user');
  assert.equal(exitCode, 2);
  assert.match(err, /^No user is pinned to "unconsented" yet\.\nLeave out --new-user/);
});

test('--new-user is refused while the registration itself names the pinned user', async () => {
  const named = `--user-tenant ${bobsId.tenantId} --user-object-id ${bobsId.objectId}`;
  const { exitCode, err } = await cli.run(`account update handed --new-user ${named}`);
  assert.equal(exitCode, 2);
  assert.match(err, /^"user" in the registration of "handed" names the pinned user\.\n.*--unset user/);
});
