import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Sensitive } from '../../src/sensitive.ts';
import { nowSeconds, secondsPerDay } from '../../src/time.ts';
import { ads, crm, TestWorld } from '../support/world.ts';

function storeSecret(world: TestWorld, name: string, changes: { daysLeft?: number; enabled?: boolean } = {}) {
  const { value } = world.credentials.get(name);
  const { daysLeft, enabled = true } = changes;
  const expiresAt = nowSeconds(world.clock) + (daysLeft ?? 0) * secondsPerDay;
  world.credentials.set(name, { value, enabled, ...(daysLeft === undefined ? {} : { expiresAt }) });
}

const told = (world: TestWorld) => world.telemetry.named('ClientCredential');

describe('each sweep tells of every client credential', () => {
  test('once for each client, with its owners and the number of its accounts', async () => {
    const world = new TestWorld();
    world.addAccount({ id: 'a', client: crm, owner: 'team-b' });
    world.addAccount({ id: 'b', client: crm, owner: 'team-a' });
    world.addAccount({ id: 'c', client: crm, owner: 'team-a' });
    world.addAccount({ id: 'd', client: ads });
    await world.sweep();
    const accounts = told(world).map(({ properties, measurements }) => [
      properties.client,
      properties.credentialSecret,
      properties.owners,
      measurements.accounts,
    ]);
    assert.deepEqual(accounts, [
      [crm.clientId, crm.secretName, 'team-a, team-b', 3],
      [ads.clientId, ads.secretName, '', 1],
    ]);
  });

  const expiries: [string, (world: TestWorld) => void, object][] = [
    ['without an expiry attribute', () => {}, { expiry: 'unknown', daysLeft: undefined, ageDays: 31 }],
    [
      'with one',
      (world) => storeSecret(world, crm.secretName, { daysLeft: 6 }),
      { expiry: 'known', daysLeft: 6, ageDays: 0 },
    ],
    [
      'with one that is past',
      (world) => storeSecret(world, crm.secretName, { daysLeft: -1 }),
      { expiry: 'known', daysLeft: -1, ageDays: 0 },
    ],
    [
      'that is disabled',
      (world) => storeSecret(world, crm.secretName, { enabled: false }),
      { expiry: 'missing', daysLeft: undefined, ageDays: undefined },
    ],
  ];
  for (const [sentence, prepare, expected] of expiries) {
    test(`${sentence}`, async () => {
      const world = new TestWorld();
      world.addAccount({ id: 'a', client: crm });
      world.minutes(31 * 24 * 60);
      prepare(world);
      await world.sweep();
      const [event] = told(world);
      const { daysLeft, ageDays } = event?.measurements ?? {};
      const whole = (days: number | undefined) => (days === undefined ? undefined : Math.round(days));
      assert.deepEqual(
        { expiry: event?.properties.expiry, daysLeft: whole(daysLeft), ageDays: whole(ageDays) },
        expected,
      );
    });
  }

  test('not of one whose accounts are all paused, and not when one account is refreshed on demand', async () => {
    const world = new TestWorld();
    world.addAccount({ id: 'a', client: crm });
    world.addAccount({ id: 'b', client: ads, paused: true, accessTokenMinutesLeft: 10 });
    await world.sweep({ trigger: 'on_demand', account: 'a' });
    assert.deepEqual(told(world), []);
    await world.sweep();
    assert.deepEqual(
      told(world).map(({ properties }) => properties.client),
      [crm.clientId],
    );
  });

  test('even when the sweep breaks off', async () => {
    const world = new TestWorld();
    world.addAccount({ id: 'a', client: crm });
    const behaviour = { kind: 'status', status: 403, code: 'Forbidden' } as const;
    world.credentialsFaults.add({ operation: 'set', name: 'refresh-token-a', behaviour });
    await assert.rejects(world.sweep());
    assert.equal(told(world).length, 1);
  });

  test('a renewed secret is young again', async () => {
    const world = new TestWorld();
    world.addAccount({ id: 'a', client: crm });
    world.minutes(31 * 24 * 60);
    world.credentials.set(crm.secretName, { value: new Sensitive(`secret-of-${crm.clientId}`) });
    await world.sweep();
    assert.ok((told(world)[0]?.measurements.ageDays ?? 99) < 1);
  });
});
