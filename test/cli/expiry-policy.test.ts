import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { credentialEnd } from '../../src/accounts/credential-tags.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { nowSeconds, secondsPerDay } from '../../src/time.ts';
import { crm } from '../support/world.ts';
import { consentAs } from './browser-consent.ts';
import { commandLine } from './run.ts';

const policy = { requiresExpiry: true, maximumValidityDays: 60 };
const secretName = 'client-secret-policy';
const user = { displayName: 'Ada', userPrincipalName: 'ada@contoso.example' };
const env = { SECRET_EXPIRY_DAYS: '60' };
const person = { tenantId: '7fe81447-da57-4385-becb-6de57f21477e', objectId: crypto.randomUUID() };

const cli = commandLine(({ world }) => {
  world.addClient(crm);
  world.entra.registerUser({ ...person, ...user });
  world.credentials.set('consent-signing-key', {
    value: new Sensitive(randomBytes(32).toString('base64url')),
    contentType: 'text/plain',
    expiresAt: nowSeconds(world.clock) + 60 * secondsPerDay,
  });
  world.credentials.expiryPolicy = policy;
  world.tokens.expiryPolicy = policy;
});

/** All versions in both vaults. */
function written() {
  const vaults = [cli.world.credentials, cli.world.tokens];
  return vaults.flatMap((vault) => [...vault.snapshot().active.values()].flat());
}

after(() => {
  cli.world.credentials.expiryPolicy = undefined;
});

const run = (line: string, input: readonly string[] = []) => cli.run(line, { env, input });
const newest = (name: string) => cli.world.credentials.versionsOf(name).at(-1);

describe('a whole life in vaults whose Azure Policy demands an expiry, and allows 60 days', () => {
  test('account add with a client secret that ends later', async () => {
    const line = `account add life --tenant common --client-id ${crm.clientId} --secret-name ${secretName} --scope https://graph.microsoft.com/User.Read --login-hint ${user.userPrincipalName} --authority ${cli.world.authority} --set-credential --credential-expires 2037-05-01`;
    const { exitCode, err } = await run(line, [`secret-of-${crm.clientId}\n`]);
    assert.equal(exitCode, 0, err);
    assert.equal(credentialEnd(newest(secretName) ?? { tags: {} }), Date.UTC(2037, 4, 1) / 1000);
  });

  test('consent', async () => {
    const { exitCode, err } = await consentAs(cli, 'life', person, env);
    assert.equal(exitCode, 0, err);
  });

  test('sweeps, for a month', async () => {
    for (let day = 0; day < 40; day += 10) {
      const { exitCode, out, err } = await run('refresh --all');
      assert.equal(exitCode, 0, `${out}${err}`);
      cli.clock.moveTo(cli.clock.nowMilliseconds() + 10 * secondsPerDay * 1000);
    }
    assert.equal(cli.world.credentials.versionsOf('account-life').length, 2);
  });

  test('pause and resume', async () => {
    for (const verb of ['pause', 'resume']) assert.equal((await run(`account ${verb} life`)).exitCode, 0);
  });

  test('export and import with a change', async () => {
    const { accounts } = (await run('export')).json<{ accounts: Record<string, object> }>();
    const changed = { accounts: { life: { ...accounts['life'], owner: 'team' }, other: accounts['life'] } };
    const { exitCode, err } = await run('import - --yes', [JSON.stringify(changed)]);
    assert.equal(exitCode, 0, err);
    assert.equal((await run('refresh life')).exitCode, 0);
  });

  test('every secret that was written has an expiry, of 60 days at most', () => {
    const now = nowSeconds(cli.clock);
    const seeded = (name: string): boolean => name === crm.secretName;
    const versions = written().filter(({ name }) => !seeded(name));
    assert.ok(versions.length > 12);
    for (const { name, createdAt, expiresAt = Number.POSITIVE_INFINITY } of versions)
      assert.ok(createdAt <= now && expiresAt - createdAt <= 60 * secondsPerDay, name);
  });

  test('the days of the policy are fewer than those of the setting: the sweep stops before a redemption, and says so', async () => {
    const redemptions = cli.world.entra.recentRequests().length;
    const { exitCode, err } = await cli.run('refresh --all', { env: { SECRET_EXPIRY_DAYS: '61' } });
    assert.equal(exitCode, 3);
    assert.match(err, /Azure Policy .*SECRET_EXPIRY_DAYS/s);
    assert.equal(cli.world.entra.recentRequests().length, redemptions);
  });
});
