import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { notingOrigin, registeredAt, registeredVersion } from '../../src/accounts/registration-tags.ts';
import type { ListedSecret } from '../../src/accounts/secret.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { needsRewriting } from '../../src/sweep/renew-registrations.ts';
import { secondsPerDay } from '../../src/time.ts';
import { accountOf, crm, startMilliseconds, TestWorld } from '../support/world.ts';

const now = startMilliseconds / 1000;
const days = (count: number): number => count * secondsPerDay;

const listed = (changes: Partial<ListedSecret>): ListedSecret => ({
  name: 'account-a',
  tags: {},
  enabled: true,
  createdAt: now - days(1),
  updatedAt: now,
  ...changes,
});

/** What is known of a secret, the longest expiry in days, and whether it is written again. */
const table: readonly (readonly [string, Partial<ListedSecret>, number, boolean])[] = [
  ['a registration that expires in 30 days and a second', { expiresAt: now + days(30) + 1 }, 90, false],
  ['one that expires in 30 days', { expiresAt: now + days(30) }, 90, true],
  ['one that has expired', { expiresAt: now - 1 }, 90, true],
  ['one without an expiry', {}, 90, true],
  ['one that expires later than the setting allows', { expiresAt: now + days(89) + 1 }, 90, true],
  ['one that expires as late as the setting allows', { expiresAt: now + days(89) }, 90, false],
  ['half of a short life', { createdAt: now - days(5), expiresAt: now + days(5) }, 10, true],
  [
    'a second before half of a short life',
    { createdAt: now - days(4), expiresAt: now + days(5) + 1 },
    10,
    false,
  ],
  ['a paused one', { enabled: false, expiresAt: now }, 90, false],
  ['a refresh token', { name: 'refresh-token-a', expiresAt: now }, 90, false],
  ['a client credential', { name: 'client-secret-crm' }, 90, false],
];

const registrationsOf = (world: TestWorld, id: string) => world.credentials.versionsOf(`account-${id}`);

/** A world with one account whose registration expires in the given days. */
function worldWith(expiresInDays: number): TestWorld {
  const world = new TestWorld();
  world.addAccount({ id: 'a', client: crm, accessTokenMinutesLeft: 75 });
  world.credentials.update('account-a', '', { expiresAt: now + days(expiresInDays) });
  return world;
}

suite('registrations are written again before they expire', () => {
  for (const [what, secret, longestDays, isDue] of table) {
    test(`${what}: ${isDue ? 'yes' : 'no'}`, () => {
      assert.equal(needsRewriting(listed(secret), now, days(longestDays)), isDue);
    });
  }

  test('as they are: value, content type and tags stay, also of what the first version was', async () => {
    const world = worldWith(20);
    world.credentials.update('account-a', '', {
      tags: { ...registrationsOf(world, 'a').at(-1)?.tags, theirs: '1' },
    });
    const first = registrationsOf(world, 'a').at(-1);
    assert.ok(first);
    await world.nextSweep();
    world.minutes(60 * 24 * 70);
    await world.nextSweep();
    const [, second, third, ...others] = registrationsOf(world, 'a');
    assert.ok(second && third);
    assert.equal(others.length, 0);
    for (const version of [second, third]) {
      assert.ok(version.value.equals(first.value));
      assert.equal(version.contentType, first.contentType);
      assert.equal(version.tags['theirs'], '1');
      assert.equal(registeredAt(version), first.createdAt);
      assert.equal(registeredVersion(version), first.version);
      assert.equal(version.expiresAt, version.createdAt + days(90) - 3600);
    }
  });

  test('with all tags of the app: of 15 a foreign one makes room', () => {
    const foreign = Object.fromEntries(Array.from({ length: 4 }, (_, index) => [`theirs-${index}`, '1']));
    const names = ['client', 'tenant', 'credential', 'owner', 'minimum-validity-minutes', 'tokens'];
    const more = ['failure', 'failed-tokens', 'cause', 'remedy', 'claims'];
    const ours = Object.fromEntries([...names, ...more].map((name) => [`refresher-${name}`, '1']));
    const renewed = notingOrigin({ createdAt: now, version: 'a', tags: { ...foreign, ...ours } });
    assert.equal(Object.keys(renewed).length, 15);
    for (const name of Object.keys(ours)) assert.equal(renewed[name], '1', name);
    assert.equal(registeredVersion({ version: 'b', tags: renewed }), 'a');
  });

  test('wake no account: the one that failed keeps its failure, the fresh one is not refreshed', async () => {
    const world = worldWith(20);
    world.addAccount({ id: 'fresh', client: crm, accessTokenMinutesLeft: 200 });
    const gone = world.addAccount({ id: 'gone', client: crm });
    world.entra.revoke({ user: gone.user });
    await world.sweep();
    for (const id of ['fresh', 'gone'])
      world.credentials.update(`account-${id}`, '', { expiresAt: now + days(20) });
    const before = accountOf(await world.nextSweep(), 'gone');
    const after = await world.nextSweep();
    assert.equal(accountOf(after, 'gone').state, before.state);
    assert.equal(accountOf(after, 'gone').failures, before.failures);
    assert.equal(accountOf(after, 'fresh').reason, 'fresh');
    for (const id of ['fresh', 'gone']) assert.equal(registrationsOf(world, id).length, 2);
  });

  test('at most 25 in a sweep, those that expire first going first; one account of a sweep writes none', async () => {
    const world = new TestWorld();
    const ids = Array.from({ length: 30 }, (_, index) => `a${index}`);
    for (const [index, id] of ids.entries()) {
      world.addAccount({ id, client: crm, accessTokenMinutesLeft: 75 });
      world.credentials.update(`account-${id}`, '', { expiresAt: now + days(1) + index });
    }
    await world.sweep({ account: 'a0' });
    assert.equal(registrationsOf(world, 'a0').length, 1);
    await world.sweep();
    const counts = ids.map((id) => registrationsOf(world, id).length);
    assert.deepEqual(counts, [...Array(25).fill(2), ...Array(5).fill(1)]);
  });

  test('what an operator writes meanwhile stays on top, whatever the moment', async () => {
    for (const operation of ['list_versions', 'get', 'set'] as const) {
      for (const moment of ['before', 'after'] as const) {
        const world = worldWith(20);
        const edited = `${registrationsOf(world, 'a').at(-1)?.value.reveal()} `;
        world.credentialsFaults.add({
          operation,
          name: 'account-a',
          times: 1,
          [moment]: () => void world.credentials.set('account-a', { value: new Sensitive(edited) }),
        });
        await world.nextSweep();
        const newest = registrationsOf(world, 'a').at(-1);
        assert.equal(newest?.value.reveal(), edited, `${moment} ${operation}`);
      }
    }
  });

  test('a pause meanwhile stays a pause, whatever the moment', async () => {
    for (const operation of ['list_versions', 'get', 'set'] as const) {
      for (const moment of ['before', 'after'] as const) {
        const world = worldWith(20);
        world.credentialsFaults.add({
          operation,
          name: 'account-a',
          times: 1,
          [moment]: () => void world.credentials.update('account-a', '', { enabled: false }),
        });
        await world.nextSweep();
        assert.equal(registrationsOf(world, 'a').at(-1)?.enabled, false, `${moment} ${operation}`);
      }
    }
  });

  test('a vault that refuses stops no account, and an expired registration works on', async () => {
    const world = worldWith(-1);
    world.credentialsFaults.add({
      operation: 'set',
      name: 'account-a',
      behaviour: { kind: 'status', status: 403, code: 'Forbidden' },
    });
    for (let sweep = 0; sweep < 3; sweep++) {
      const account = accountOf(await world.nextSweep(), 'a');
      assert.equal(account.state, 'healthy');
      assert.equal(account.registrationExpiresAt, now - days(1));
    }
    assert.equal(registrationsOf(world, 'a').length, 1);
  });

  for (const failing of [1, 25, 30]) {
    test(`${failing} that can never be written keep none of the others`, async () => {
      const world = new TestWorld();
      const ids = Array.from({ length: failing + 2 }, (_, index) => `a${index}`);
      for (const [index, id] of ids.entries()) {
        world.addAccount({ id, client: crm, accessTokenMinutesLeft: 75 });
        world.credentials.update(`account-${id}`, '', { expiresAt: now + days(1) + index });
        if (index >= failing) continue;
        const code = { code: 'Conflict', innerCode: 'ObjectIsDeletedButRecoverable' };
        const behaviour = { kind: 'status', status: 409, ...code } as const;
        world.credentialsFaults.add({ operation: 'set', name: `account-${id}`, behaviour });
      }
      await world.nextSweep();
      const counts = ids.map((id) => registrationsOf(world, id).length);
      assert.deepEqual(counts, [...Array(failing).fill(1), 2, 2]);
    });
  }
});
