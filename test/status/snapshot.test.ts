import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aadsts } from '../../local/entra/entra-faults.ts';
import { heartbeatTags } from '../../src/accounts/heartbeat.ts';
import { type StatusSnapshot, takeSnapshot } from '../../src/status/snapshot.ts';
import type { AccountStatus } from '../../src/sweep/account-status.ts';
import { listVaults } from '../../src/sweep/listing.ts';
import { isoTime, nowSeconds } from '../../src/time.ts';
import { listed } from '../planning/accounts.ts';
import { intercept } from '../refresh/harness.ts';
import { ads, crm, TestWorld } from '../support/world.ts';

const someone = { tenantId: '7fe81447-da57-4385-becb-6de57f21477e', objectId: 'o' };

async function snapshotOf(world: TestWorld): Promise<StatusSnapshot> {
  const operations: string[] = [];
  const environment = intercept(world.environment, ({ operation }) => void operations.push(operation));
  const listed = await world.clock.run(listVaults(environment));
  assert.deepEqual(new Set(operations), new Set(['list']), 'no value is read');
  return takeSnapshot(listed, environment.policy, nowSeconds(world.clock));
}

function statusIn({ accounts }: StatusSnapshot, id: string): AccountStatus {
  const status = accounts.find(({ account }) => account === id);
  assert.ok(status);
  return status;
}

/** Accounts in every state. */
function createMixedWorld(): TestWorld {
  const world = new TestWorld();
  world.addAccount({ id: 'fresh', client: crm, accessTokenMinutesLeft: 300, owner: 'team-crm' });
  world.addAccount({ id: 'due', client: crm, accessTokenMinutesLeft: 20 });
  world.addAccount({ id: 'dead', client: crm });
  world.addAccount({ id: 'waiting', client: crm, consented: false });
  world.addAccount({ id: 'paused', client: crm, paused: true });
  world.addAccount({ id: 'malformed', client: crm, registration: '{}' });
  world.addAccount({ id: 'refused', client: crm });
  world.addAccount({ id: 'slow', client: crm });
  world.addAccount({ id: 'rejected', client: ads });
  world.addAccount({ id: 'disabled', client: crm });
  world.addAccount({ id: 'ends-', client: crm });
  world.storeRefreshToken('orphan', 'token', someone, 'manual');
  const { version } = world.credentials.get('refresh-token-disabled');
  world.credentials.update('refresh-token-disabled', version, { enabled: false });
  const match = (id: string) => ({ grantId: world.entra.grantOf(world.refreshTokenOf(id) ?? '') ?? '' });
  world.entra.revoke(match('dead'));
  world.entraFaults.add({ match: match('refused'), answer: aadsts(53003) });
  world.entraFaults.add({ match: match('slow'), network: 'hang' });
  world.entra.expireSecret(ads.clientId);
  return world;
}

/** What a status says of an account that a sweep's report says, too. */
const told = ({ account, state, code, cause, remedy, ...rest }: AccountStatus) => {
  const { since, client, owner, accessTokenExpiresAt } = rest;
  return { account, state, code, cause, remedy, since, client, owner, accessTokenExpiresAt };
};

describe('a status from the listings alone', () => {
  test('says of every account what the sweep before said, down to cause and since', async () => {
    const world = createMixedWorld();
    const report = await world.sweep();
    const snapshot = await snapshotOf(world);
    assert.deepEqual(snapshot.accounts.map(told), report.accounts.map(told));
    const states = new Set(snapshot.accounts.map(({ state }) => state));
    assert.equal(states.size, 9, 'every state was there');
  });

  test('tells generation and age of the refresh token', async () => {
    const world = new TestWorld();
    world.addAccount({ id: 'a', client: crm });
    const { startedAt } = await world.sweep();
    world.minutes(10);
    const { generation, refreshTokenCreatedAt, refreshTokenExpiresAt } = statusIn(
      await snapshotOf(world),
      'a',
    );
    assert.deepEqual([generation, refreshTokenCreatedAt], [1, startedAt]);
    assert.ok((refreshTokenExpiresAt ?? 0) > startedAt);
  });

  for (const [what, sample, minutes, state, code] of [
    ['unread and without consent', { consented: false }, 0, 'pending_consent', 'pending_consent'],
    ['unread and never refreshed', {}, 0, 'retrying', 'awaiting_sweep'],
    ['due with a token that is valid', { accessTokenMinutesLeft: 20 }, 0, 'healthy', undefined],
    ['due with a token that ends now', { accessTokenMinutesLeft: 20 }, 20, 'retrying', 'awaiting_sweep'],
    ['due with a token valid for a minute', { accessTokenMinutesLeft: 20 }, 19, 'healthy', undefined],
  ] as const) {
    test(`calls an account ${what} ${state}`, async () => {
      const world = new TestWorld();
      world.addAccount({ id: 'a', client: crm, ...sample });
      world.minutes(minutes);
      const status = statusIn(await snapshotOf(world), 'a');
      assert.deepEqual([status.state, status.code], [state, code]);
    });
  }

  const disable = (world: TestWorld) =>
    world.credentials.update(crm.secretName, world.credentials.get(crm.secretName).version, {
      enabled: false,
    });
  for (const [what, change] of [
    ['is not there', (world: TestWorld) => world.credentials.delete(crm.secretName)],
    ['is disabled', disable],
  ] as const) {
    test(`shows the client's incident when its secret ${what}`, async () => {
      const world = new TestWorld();
      world.addAccount({ id: 'a', client: crm, accessTokenMinutesLeft: 20 });
      change(world);
      const { state, code, cause } = statusIn(await snapshotOf(world), 'a');
      assert.deepEqual([state, code], ['credential', 'client_secret_missing']);
      assert.match(cause ?? '', new RegExp(crm.secretName));
    });
  }
});

describe('the next attempt', () => {
  // Sweeps at 10:00, 10:30, …; a token is refreshed at the last tick at which 45 minutes of it are left.
  for (const [what, sample, at] of [
    ['is the next tick for what is due then', { accessTokenMinutesLeft: 20 }, '10:30'],
    ['is the next tick for what is due only then', { accessTokenMinutesLeft: 74 }, '10:30'],
    ['is a later tick for what is fresh until then', { accessTokenMinutesLeft: 75 }, '11:00'],
    ['is the next tick for what nobody has refreshed', {}, '10:30'],
    ['is none without consent', { consented: false, accessTokenMinutesLeft: 5 }, undefined],
    ['is none while paused', { paused: true }, undefined],
  ] as const) {
    test(what, async () => {
      const world = new TestWorld();
      world.addAccount({ id: 'a', client: crm, ...sample });
      const { nextAttemptAt } = statusIn(await snapshotOf(world), 'a');
      const expected = at === undefined ? undefined : `2026-11-22T${at}:00Z`;
      assert.equal(nextAttemptAt === undefined ? undefined : isoTime(nextAttemptAt), expected);
    });
  }

  test('is the very sweep that attempts it', async () => {
    const world = new TestWorld();
    for (let index = 0; index < 40; index++)
      world.addAccount({ id: `a-${index}`, client: crm, accessTokenMinutesLeft: 20 + 5 * index });
    world.minutes(7);
    const promised = new Map(
      (await snapshotOf(world)).accounts.map(({ account, nextAttemptAt }) => [account, nextAttemptAt]),
    );
    for (let tick = 0; tick < 8; tick++) {
      const report = await world.nextSweep();
      for (const { account, outcome } of report.accounts) {
        if (outcome !== 'refreshed') continue;
        if (promised.has(account)) assert.equal(promised.get(account), report.startedAt, account);
        promised.delete(account);
      }
    }
    assert.equal(promised.size, 0);
  });

  test('of a dead grant is the first tick after a day', async () => {
    const world = new TestWorld();
    const { user } = world.addAccount({ id: 'a', client: crm });
    world.entra.revoke({ user });
    await world.sweep();
    const { nextAttemptAt = 0 } = statusIn(await snapshotOf(world), 'a');
    assert.equal(isoTime(nextAttemptAt), '2026-11-23T10:00:00Z');
  });

  test('in a year that somebody wrote by hand is told as it is', () => {
    const year9999 = 253_402_300_799;
    const failure = { state: 'policy', code: 'c', since: 1, failures: 1, next: year9999, suspected: false };
    const tags = { 'refresher-failure': JSON.stringify(failure) };
    const { policy, clock } = new TestWorld().environment;
    const credentials = [listed({ name: 'account-a', tags })];
    const snapshot = takeSnapshot({ credentials, tokens: [] }, policy, nowSeconds(clock));
    assert.equal(statusIn(snapshot, 'a').nextAttemptAt, year9999);
  });
});

describe('the last sweep', () => {
  test('is what its heartbeat says', async () => {
    const world = createMixedWorld();
    const report = await world.sweep();
    const { lastSweep, overdue, asOf } = await snapshotOf(world);
    const { accounts, refreshed, durationSeconds } = lastSweep ?? {};
    assert.deepEqual([accounts, refreshed, durationSeconds], [12, 1, report.durationSeconds]);
    assert.equal(lastSweep?.completedAt, report.startedAt + report.durationSeconds);
    assert.deepEqual([overdue, asOf], [false, nowSeconds(world.clock)]);
  });

  for (const [minutes, overdue] of [
    [0, false],
    [59, false],
    [60, false],
    [61, true],
    [10_000, true],
  ] as const) {
    test(`is ${overdue ? '' : 'not '}overdue ${minutes} minutes after a sweep on the tick`, async () => {
      const world = new TestWorld();
      await world.sweep();
      world.minutes(minutes);
      assert.equal((await snapshotOf(world)).overdue, overdue);
    });
  }

  test('is absent before the first', async () => {
    const snapshot = await snapshotOf(new TestWorld());
    assert.deepEqual([snapshot.lastSweep, snapshot.overdue], [undefined, false]);
  });

  const counts = { accounts: 3, refreshed: 2, failing: 1 };
  const heartbeat = { completedAt: 1_700_000_000, durationSeconds: 5, ...counts, build: '1' };
  for (const [what, tags, completedAt, accounts] of [
    ['whole', {}, 1_700_000_000, 3],
    ['with a broken time', { 'last-sweep-completed-at': 'yesterday' }, undefined, undefined],
    ['with a time before 1970', { 'last-sweep-completed-at': '1960-01-01T00:00:00Z' }, undefined, undefined],
    [
      'with a year of six digits',
      { 'last-sweep-completed-at': '+200000-01-01T00:00:00Z' },
      undefined,
      undefined,
    ],
    ['with a broken count', { 'last-sweep-accounts': 'many' }, 1_700_000_000, 0],
  ] as const) {
    test(`is read from tags ${what}`, () => {
      const { policy, clock } = new TestWorld().environment;
      const secret = listed({
        name: 'Refresher-Heartbeat',
        tags: { ...heartbeatTags({}, heartbeat), ...tags },
      });
      const { lastSweep } = takeSnapshot({ credentials: [secret], tokens: [] }, policy, nowSeconds(clock));
      assert.deepEqual([lastSweep?.completedAt, lastSweep?.accounts], [completedAt, accounts]);
    });
  }
});
