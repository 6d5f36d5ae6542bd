import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ads, crm } from '../support/world.ts';
import { consentAs } from './browser-consent.ts';
import { commandLine } from './run.ts';

const cli = commandLine(({ world }) => {
  world.addClient(ads);
  const name = { displayName: 'Anna', userPrincipalName: 'anna@contoso.example' };
  const { user } = world.addAccount({ id: 'moved', client: crm, consented: false, name });
  consented = () => consentAs(cli, 'moved', user);
});
let consented: () => ReturnType<typeof consentAs>;

const setClient = ({ clientId, secretName }: typeof ads) =>
  cli.run(`account update moved --client-id ${clientId} --secret-name ${secretName}`);
const generations = () => cli.world.credentials.versionsOf('refresh-token-moved').length;

describe('an account whose client was changed', () => {
  test('waits for a consent, which status and doctor explain, and sends nothing', async () => {
    assert.equal((await consented()).exitCode, 0);
    assert.equal((await setClient(ads)).exitCode, 0);
    const status = await cli.run('status --json');
    const [account] = status.json<{ accounts: { state: string; code: string; cause: string }[] }>().accounts;
    assert.deepEqual(
      [status.exitCode, account?.state, account?.code],
      [1, 'pending_consent', 'client_changed'],
    );
    assert.ok(account?.cause.includes(crm.clientId) && account.cause.includes(ads.clientId));
    assert.match((await cli.run('doctor')).out, /warning {2}account moved: pending consent: .*is not sent/);
    const before = generations();
    assert.equal((await cli.run('refresh moved')).exitCode, 1);
    assert.equal(generations(), before);
  });

  test('works again without a consent when the client is set back', async () => {
    assert.equal((await setClient(crm)).exitCode, 0);
    const { exitCode, out } = await cli.run('refresh moved');
    assert.equal(exitCode, 0, out);
  });

  test('works for the new client after a consent', async () => {
    assert.equal((await setClient(ads)).exitCode, 0);
    assert.equal((await consented()).exitCode, 0);
    assert.equal((await cli.run('refresh moved')).exitCode, 0);
  });
});
