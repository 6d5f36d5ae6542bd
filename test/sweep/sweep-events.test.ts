import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { aadsts, type EntraFault } from '../../local/entra/entra-faults.ts';
import { sampleTenant } from '../../local/local-world.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { summaryLine } from '../../src/sweep/sweep-report.ts';
import { eventContract } from '../../src/telemetry/events.ts';
import { createRotatedWorld } from '../refresh/harness.ts';
import { accountOf, ads, crm, TestWorld } from '../support/world.ts';

const someone = { tenantId: sampleTenant, objectId: '00000000-0000-4000-8000-0000000000ee' };

/** Accounts in every state. */
function createMixedWorld(): TestWorld {
  const world = new TestWorld();
  world.addAccount({ id: 'fresh', client: crm, accessTokenMinutesLeft: 300 });
  world.addAccount({ id: 'due', client: crm, accessTokenMinutesLeft: 20, owner: 'team-ads' });
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
  const match = (id: string) => ({
    grantId: world.entra.grantOf(world.refreshTokenOf(id) ?? '') ?? '',
  });
  world.entra.revoke(match('dead'));
  world.entraFaults.add({ match: match('refused'), answer: aadsts(53003) });
  world.entraFaults.add({ match: match('slow'), network: 'hang' });
  world.entra.expireSecret(ads.clientId);
  return world;
}

describe('the events of a sweep', () => {
  test('one completed sweep, one state for each account, one redemption for each request', async () => {
    const world = createMixedWorld();
    for (let sweep = 1; sweep <= 3; sweep++) {
      world.telemetry.events.length = 0;
      const before = world.entra.recentRequests().length;
      const report = sweep === 1 ? await world.sweep() : await world.nextSweep();
      const requests = world.entra.recentRequests().length - before;
      const completed = world.telemetry.named('SweepCompleted');
      assert.equal(completed.length, 1);
      assert.equal(world.telemetry.named('SweepAborted').length, 0);
      const states = world.telemetry.named('AccountState').map(({ properties }) => properties.account);
      assert.deepEqual(
        states,
        report.accounts.map(({ account }) => account),
      );
      assert.equal(new Set(states).size, 12);
      const redemptions = world.telemetry.named('Redemption');
      const hanging = redemptions.filter(({ properties }) => properties.outcome === 'unknown_outcome');
      assert.equal(redemptions.length - hanging.length, requests);
      assert.equal(
        new Set(redemptions.map(({ properties }) => properties.attemptId)).size,
        redemptions.length,
      );
      const { sweepId } = report;
      assert.ok(
        world.telemetry.events.every(
          ({ properties }) => 'sweepId' in properties && properties.sweepId === sweepId,
        ),
      );
    }
  });

  test('the states are told with cause, remedy and numbers', async () => {
    const world = createMixedWorld();
    const report = await world.sweep();
    const states = Object.fromEntries(report.accounts.map(({ account, state }) => [account, state]));
    assert.deepEqual(states, {
      'ends-': 'configuration',
      dead: 'reconsent',
      disabled: 'configuration',
      due: 'healthy',
      fresh: 'healthy',
      malformed: 'configuration',
      orphan: 'orphaned',
      paused: 'paused',
      refused: 'policy',
      rejected: 'credential',
      slow: 'retrying',
      waiting: 'pending_consent',
    });
    for (const { account, state, cause, remedy, code } of report.accounts) {
      const explained = state !== 'healthy' && state !== 'paused';
      assert.equal(cause !== undefined && remedy !== undefined && code !== undefined, explained, account);
    }
    const [completed] = world.telemetry.named('SweepCompleted');
    const { due, refreshed, accounts, healthy, pendingConsent, orphaned, configuration, notDue } =
      completed?.measurements ?? {};
    assert.deepEqual(
      { due, refreshed, accounts, healthy, pendingConsent, orphaned, configuration, notDue },
      {
        due: 7,
        refreshed: 1,
        accounts: 12,
        healthy: 2,
        pendingConsent: 1,
        orphaned: 1,
        configuration: 3,
        notDue: 5,
      },
    );
    assert.equal(completed?.measurements.minimumMinutesLeft !== undefined, true);
    const told = world.telemetry.named('AccountState').find(({ properties }) => properties.account === 'due');
    assert.equal(told?.properties.owner, 'team-ads');
    assert.ok((told?.measurements.minutesLeft ?? 0) >= 40);
    assert.equal(told?.measurements.generation, 1);
    assert.match(summaryLine(report), /1 of 7 due accounts refreshed; .* 2 healthy, /);
  });

  test('a sweep without accounts is completed too', async () => {
    const world = new TestWorld();
    const report = await world.sweep({ trigger: 'on_demand' });
    const [completed] = world.telemetry.named('SweepCompleted');
    assert.deepEqual([completed?.properties.trigger, completed?.measurements.accounts], ['on_demand', 0]);
    assert.equal(completed?.measurements.minimumMinutesLeft, undefined);
    assert.match(summaryLine(report), /no accounts/);
  });

  test('writes and pages of each vault are counted, and once where both are one', async () => {
    for (const [oneVault, writes] of [
      [false, [2, 2]],
      [true, [3, 3]],
    ] as const) {
      const world = await createRotatedWorld({ oneVault });
      await world.sweep();
      const told = world.telemetry.named('SweepCompleted').at(-1)?.measurements;
      assert.deepEqual([told?.credentialsVaultWrites, told?.tokensVaultWrites], writes);
      assert.deepEqual([told?.credentialsVaultPages, told?.tokensVaultPages], [1, 1]);
      assert.ok((told?.credentialsVaultWriteBudgetPercent ?? 0) > 0);
    }
  });

  test('no event has a key outside the contract', async () => {
    const world = createMixedWorld();
    await world.sweep();
    for (const { name, properties, measurements } of world.telemetry.events) {
      const contract = eventContract[name];
      for (const key of Object.keys(properties))
        assert.ok((contract.properties as readonly string[]).includes(key), key);
      for (const key of Object.keys(measurements))
        assert.ok((contract.measurements as readonly string[]).includes(key), key);
    }
  });
});

describe('no secret is ever told', () => {
  const canary = (what: string): string => `canary-${what}-5bd6c1`;

  const json = (body: object, status = 200): EntraFault => ({
    answer: { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
  });
  const granted = {
    token_type: 'Bearer',
    expires_in: 3600,
    access_token: canary('access-token'),
    refresh_token: canary('rotated-token'),
  };
  const strangerInfo = Buffer.from(JSON.stringify({ uid: someone.objectId, utid: someone.tenantId }));
  const error = {
    error_description: `AADSTS70000: ${canary('refresh-token')} is not valid`,
    trace_id: canary('refresh-token'),
    correlation_id: canary('client-secret'),
    claims: canary('refresh-token'),
  };
  const answers: [string, EntraFault][] = [
    ['granted', json(granted)],
    ['granted to another user', json({ ...granted, client_info: strangerInfo.toString('base64url') })],
    ['refused, quoting what was sent', json({ ...error, error: 'invalid_grant', error_codes: [70000] }, 400)],
    [
      'refused by words that are secrets',
      json({ ...error, error: canary('refresh-token'), suberror: canary('client-secret') }, 400),
    ],
    ['a rejected client', json({ ...error, error: 'invalid_client', error_codes: [7000215] }, 401)],
    ['malformed', json({ ...granted, token_type: canary('access-token') })],
    [
      'no JSON',
      { answer: { status: 500, headers: { 'retry-after': canary('x') }, body: canary('access-token') } },
    ],
    ['cut off', { network: 'close_mid_body' }],
  ];
  const vaults: [string, (world: TestWorld) => unknown][] = [
    ['working vaults', () => undefined],
    ['a vault that refuses the token', (world) => refuse(world, 'refresh-token-a')],
    ['a vault that refuses the access token', (world) => refuse(world, 'access-token-a')],
  ];

  function refuse(world: TestWorld, name: string): void {
    const behaviour = {
      kind: 'status',
      status: 403,
      code: canary('code'),
      innerCode: 'ForbiddenByRbac',
    } as const;
    for (const faults of [world.credentialsFaults, world.tokensFaults]) {
      faults.add({ operation: 'set', name, behaviour });
    }
  }

  function createCanaryWorld(): TestWorld {
    const world = new TestWorld();
    const client = { ...crm, secret: canary('client-secret') };
    world.addAccount({ id: 'a', client, user: { ...someone, objectId: crm.clientId }, consented: false });
    world.storeRefreshToken(
      'a',
      canary('refresh-token'),
      { ...someone, objectId: crm.clientId },
      'consent',
      'seed',
    );
    // A secret pasted into the wrong field.
    const pasted = { tenant: canary('pasted'), clientId: canary('pasted'), authority: canary('pasted') };
    const authentication = { method: canary('pasted'), secretName: `${canary('pasted')} with blanks` };
    const registration = JSON.stringify({
      ...pasted,
      clientAuthentication: authentication,
      user: canary('pasted'),
    });
    world.addAccount({ id: 'pasted', client, registration });
    world.credentials.set('account-text', { value: new Sensitive(canary('registration')) });
    return world;
  }

  for (const [answer, fault] of answers) {
    for (const [vault, breakVault] of vaults) {
      test(`${answer}, ${vault}`, async () => {
        const world = createCanaryWorld();
        world.entraFaults.add(fault);
        breakVault(world);
        const told: unknown[] = [];
        for (let sweep = 0; sweep < 2; sweep++) {
          const report = await world.nextSweep().catch((reason: unknown) => reason);
          told.push(JSON.stringify(report), inspect(report, { depth: 20 }), String(report));
        }
        assert.ok(world.telemetry.named('Redemption').length > 0);
        told.push(JSON.stringify(world.telemetry.events));
        // Tags are read by whoever may list, so they hold no secret either.
        for (const versions of [...world.credentials.snapshot().active.values()].flat()) {
          told.push(JSON.stringify(versions.tags));
        }
        assert.doesNotMatch(told.join('\n'), /canary-/);
      });
    }
  }

  test('the canaries are where the secrets are', async () => {
    const world = createCanaryWorld();
    const sent: string[] = [];
    world.entraFaults.add({ ...json(granted), before: ({ form }) => void sent.push(String(form)) });
    const report = await world.sweep();
    assert.equal(accountOf(report, 'a').state, 'healthy');
    for (const what of ['client-secret', 'refresh-token']) assert.ok(sent.join().includes(canary(what)));
    assert.equal(world.refreshTokenOf('a'), canary('rotated-token'));
    assert.equal(world.tokens.get('access-token-a').value.reveal(), canary('access-token'));
  });
});
