import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountOf, crm, TestWorld } from '../support/world.ts';

const scopes = ['https://graph.microsoft.com/User.Read', 'Mail.Read'];

test('Graph’s short names lack nothing; what an answer lacks is told and stops no refresh', async () => {
  const world = new TestWorld();
  world.addAccount({ id: 'a', client: crm, scopes });
  const told = async () => {
    const report = await world.nextSweep();
    assert.equal(accountOf(report, 'a').state, 'healthy');
    return world.telemetry.named('Redemption').at(-1)?.properties.lackingScopes;
  };
  assert.equal(await told(), undefined);
  world.minutes(60);
  world.entraFaults.add({ grantedScope: 'user.read profile openid email' });
  assert.equal(await told(), 'Mail.Read');
  const listed = async () => accountOf(await world.nextSweep(), 'a').lackingScopes;
  assert.equal(await listed(), 'Mail.Read');
  world.entraFaults.clear();
  world.minutes(30);
  await world.nextSweep();
  assert.equal(await listed(), undefined);
});
