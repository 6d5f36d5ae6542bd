import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SweepAbortedError } from '../../src/sweep/sweep-error.ts';
import { accountOf, crm, type TestWorld } from '../support/world.ts';
import {
  accessTokenVersions,
  assertAccepted,
  assertHealthy,
  createRotatedWorld,
  intercept,
  nextSweepOfNewProcess,
  refreshTokenVersions,
  startSweep,
} from './harness.ts';

const many = Array.from({ length: 12 }, (_, index) => ({ id: `account-${index}` }));

async function abortOf(sweep: Promise<unknown>): Promise<SweepAbortedError> {
  const error = await sweep.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SweepAbortedError, String(error));
  return error;
}

/** Sweeps with a vault that takes no more writes from the n-th redemption on. */
function sweepWithBrokenWrites(world: TestWorld, place: 'credentials' | 'tokens', nth = 1) {
  let redemptions = 0;
  const environment = intercept(world.environment, ({ moment, operation }) => {
    if (moment === 'before' || operation !== 'redeem') return;
    redemptions += 1;
    if (redemptions >= nth) world[`${place}Faults`].readOnly = true;
  });
  return world.clock.run(startSweep(environment));
}

describe('a vault that refuses the rotated token until it is given up', () => {
  test('one loud event, the sweep ends and names setting and vault', async () => {
    const world = await createRotatedWorld({ accounts: many, policy: { concurrency: 1 } });
    world.telemetry.events.length = 0;
    const error = await abortOf(sweepWithBrokenWrites(world, 'credentials'));
    for (const text of ['CREDENTIALS_VAULT_URL', 'https://credentials.vault.azure.net', 'paired region']) {
      assert.ok(error.message.includes(text), `${text} is not in: ${error.message}`);
    }
    assert.deepEqual([error.stage, error.code], ['refresh', 'sweep_aborted']);
    const [told, ...more] = world.telemetry.named('RotatedTokenNotStored');
    assert.equal(more.length, 0);
    assert.equal(told?.properties.account, 'account-0');
    assert.equal(told?.properties.reason, 'read_only');
    assert.equal(told?.properties.secret, 'refresh-token-account-0');
    assert.ok((told?.measurements.storeAttempts ?? 0) > 5);
    assert.ok((told?.measurements.generation ?? 0) >= 3);
  });

  test('the other redemptions stop: at most one in each place of the concurrency', async () => {
    const world = await createRotatedWorld({ accounts: many, policy: { concurrency: 4 } });
    world.telemetry.events.length = 0;
    // The first one was the probe of its client; the second is the first to fail.
    await abortOf(sweepWithBrokenWrites(world, 'credentials', 2));
    assert.equal(world.telemetry.named('Redemption').length, 1 + 4);
    assert.equal(world.telemetry.named('RotatedTokenNotStored').length, 4);
    const [aborted, ...more] = world.telemetry.named('SweepAborted');
    assert.equal(more.length, 0);
    assert.equal(aborted?.properties.code, 'vault_read_only');
    assert.deepEqual([aborted?.measurements.refreshed, aborted?.measurements.remaining], [1, 11]);
    assert.equal(world.telemetry.named('SweepCompleted').length, 0);
    // Told all the same, one for each account.
    assert.equal(world.telemetry.named('AccountState').length, many.length);
  });

  test('lenient rotation: nothing is lost, and all are healthy once the vault is back', async () => {
    const world = await createRotatedWorld({ accounts: many });
    await abortOf(sweepWithBrokenWrites(world, 'credentials'));
    for (const { id } of many) assertAccepted(world, id);
    world.credentialsFaults.clear();
    const report = await nextSweepOfNewProcess(world);
    for (const { id } of many) assertHealthy(world, report, id);
  });

  test('a tokens vault that refuses ends the sweep with the refresh token stored', async () => {
    const world = await createRotatedWorld({ accounts: many, policy: { concurrency: 1 } });
    world.telemetry.events.length = 0;
    const before = refreshTokenVersions(world, 'account-0').length;
    const error = await abortOf(sweepWithBrokenWrites(world, 'tokens'));
    assert.ok(error.message.includes('TOKENS_VAULT_URL') && !error.message.includes('CREDENTIALS_VAULT_URL'));
    assert.equal(world.telemetry.named('Redemption').length, 1);
    assert.deepEqual(world.telemetry.named('RotatedTokenNotStored'), []);
    assert.equal(refreshTokenVersions(world, 'account-0').length, before + 1);
    world.tokensFaults.clear();
    const report = await nextSweepOfNewProcess(world);
    for (const { id } of many) assertHealthy(world, report, id);
  });

  test('one vault for both: the setting is named once', async () => {
    const world = await createRotatedWorld({ oneVault: true });
    const error = await abortOf(sweepWithBrokenWrites(world, 'credentials'));
    assert.match(error.message, /\[CREDENTIALS_VAULT_URL\]/);
  });
});

describe('a token that Key Vault cannot hold', () => {
  /** An answer with tokens of the given sizes. */
  function answerWith(world: TestWorld, refreshTokenBytes: number, accessTokenBytes: number) {
    const body = {
      token_type: 'Bearer',
      expires_in: 3600,
      access_token: 'a'.repeat(accessTokenBytes),
      refresh_token: 'r'.repeat(refreshTokenBytes),
    };
    const grantId = world.entra.grantOf(world.refreshTokenOf('a') ?? '') ?? '';
    return world.entraFaults.add({
      match: { grantId },
      answer: { status: 200, headers: {}, body: JSON.stringify(body) },
    });
  }

  const accounts = [{ id: 'a' }, { id: 'b' }];

  test('a refresh token of 30 KB: one loud event, the others go on, the next try waits', async () => {
    const world = await createRotatedWorld({ accounts });
    answerWith(world, 30_000, 100);
    const report = await world.sweep();
    const account = accountOf(report, 'a');
    assert.deepEqual([account.state, account.code], ['configuration', 'vault_rejected']);
    assert.equal(world.telemetry.named('RotatedTokenNotStored').length, 1);
    assertHealthy(world, report, 'b');
    assertAccepted(world, 'a');
    assert.equal(accessTokenVersions(world, 'a').length, 3);
    const again = accountOf(await world.nextSweep(), 'a');
    assert.deepEqual([again.since, again.failures], [account.since, 2]);
  });

  test('an access token of 30 KB: the refresh token is kept, the account says why and slows down', async () => {
    const world = await createRotatedWorld({ accounts, sweeps: 1 });
    answerWith(world, 1000, 30_000);
    const report = await world.sweep();
    assertHealthy(world, report, 'b');
    const account = accountOf(report, 'a');
    assert.deepEqual([account.state, account.code], ['configuration', 'vault_rejected']);
    assert.match(account.cause ?? '', /access-token-a/);
    assert.equal(world.refreshTokenOf('a'), 'r'.repeat(1000));
    assert.deepEqual(world.telemetry.named('RotatedTokenNotStored'), []);
  });

  test('its failure is remembered across the rotation that came with it', async () => {
    const world = await createRotatedWorld({ sweeps: 1 });
    const [id, rejection] = ['access-token-a', { status: 400, code: 'BadParameter' } as const];
    world.tokensFaults.add({ operation: 'set', name: id, behaviour: { kind: 'status', ...rejection } });
    const { since } = accountOf(await world.sweep(), 'a');
    const failures: number[] = [];
    for (let sweep = 0; sweep < 8; sweep++) {
      const account = accountOf(await world.nextSweep(), 'a');
      assert.deepEqual([account.state, account.since], ['configuration', since]);
      failures.push(account.failures);
    }
    assert.deepEqual(failures, [2, 3, 3, 4, 4, 4, 4, 5]);
    world.tokensFaults.clear();
    world.minutes(24 * 60);
    assertHealthy(world, await world.nextSweep(), 'a');
  });

  test('when the newest version cannot be read either, the failure is still told', async () => {
    const world = await createRotatedWorld({ sweeps: 1 });
    let published = 0;
    world.tokensFaults.add({
      operation: 'set',
      name: 'access-token-a',
      before: () => {
        published += 1;
        world.credentialsFaults.add({
          operation: 'get',
          name: 'refresh-token-a',
          behaviour: { kind: 'reset' },
        });
      },
      behaviour: { kind: 'status', status: 400, code: 'BadParameter' },
    });
    assert.equal(accountOf(await world.sweep(), 'a').state, 'configuration');
    assert.equal(published, 1);
  });
});

describe('what stands in the way in the vault', () => {
  test('the newest version is disabled while its token is redeemed: told with what to do', async () => {
    const world = await createRotatedWorld();
    const environment = intercept(world.environment, ({ moment, operation }) => {
      if (moment === 'before' || operation !== 'redeem') return;
      const { version } = world.credentials.get('refresh-token-a');
      world.credentials.update('refresh-token-a', version, { enabled: false });
    });
    const report = await world.clock.run(startSweep(environment));
    assert.deepEqual(
      [accountOf(report, 'a').state, accountOf(report, 'a').code],
      ['configuration', 'vault_disabled'],
    );
    const [told] = world.telemetry.named('RotatedTokenNotStored');
    assert.match(told?.properties.remedy ?? '', /Enable the newest version of "refresh-token-a"/);
  });

  test('a secret that is forbidden to read is looked at again each sweep', async () => {
    const world = await createRotatedWorld({ accounts: [{ id: 'a' }, { id: 'b', client: crm }] });
    const fault = world.credentialsFaults.add({
      operation: 'get',
      name: 'refresh-token-a',
      behaviour: { kind: 'status', status: 403, code: 'Forbidden', innerCode: 'ForbiddenByRbac' },
    });
    for (let sweep = 0; sweep < 4; sweep++) {
      const report = await world.sweep();
      const { state, code, outcome, remedy } = accountOf(report, 'a');
      assert.deepEqual([state, code, outcome], ['configuration', 'vault_forbidden', 'vault_unreadable']);
      assert.match(remedy ?? '', /getSecret/);
      assertHealthy(world, report, 'b');
      world.minutes(30);
    }
    fault.remove();
    assertHealthy(world, await world.sweep(), 'a');
  });
});
