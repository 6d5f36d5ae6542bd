import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SweepAbortedError } from '../../src/sweep/sweep-error.ts';
import { emitUnstartedSweep } from '../../src/sweep/sweep-report.ts';
import {
  assertHealthy,
  createRotatedWorld,
  intercept,
  nextSweepOfNewProcess,
  startSweep,
} from '../refresh/harness.ts';
import { crm, TestWorld, type TestWorldOptions } from '../support/world.ts';

function createWorld(options: TestWorldOptions = {}): TestWorld {
  const world = new TestWorld(options);
  for (const id of ['a', 'b', 'c']) world.addAccount({ id, client: crm });
  return world;
}

async function abortOf(world: TestWorld): Promise<SweepAbortedError> {
  const error = await world.sweep().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SweepAbortedError, String(error));
  return error;
}

const settings = { credentials: 'CREDENTIALS_VAULT_URL', tokens: 'TOKENS_VAULT_URL' } as const;
const urls = {
  credentials: 'https://credentials.vault.azure.net',
  tokens: 'https://tokens.vault.azure.net',
} as const;
type Role = keyof typeof settings;

interface Row {
  readonly name: string;
  readonly break: (world: TestWorld, role: Role) => void;
  readonly stage: string;
  readonly code: string;
  readonly says: RegExp;
  /** How often, and how many seconds the last try failed after the first began. */
  readonly tried: readonly [tries: number, seconds: number];
}

const rows: readonly Row[] = [
  {
    name: 'read-only after a failover',
    break: (world, role) => {
      world[`${role}Faults`].readOnly = true;
    },
    stage: 'probe',
    code: 'vault_read_only',
    says: /Wait for Azure.*failover/,
    tried: [16, 1595],
  },
  {
    name: 'writing denied',
    break: (world, role) => world[`${role}Faults`].denied.add('set'),
    stage: 'probe',
    code: 'vault_forbidden',
    says: /setSecret\/action/,
    tried: [7, 515],
  },
  {
    name: 'reading denied',
    break: (world, role) => world[`${role}Faults`].denied.add('get'),
    stage: 'probe',
    code: 'vault_forbidden',
    says: /getSecret\/action/,
    tried: [7, 515],
  },
  {
    name: 'listing denied',
    break: (world, role) => world[`${role}Faults`].denied.add('list'),
    stage: 'list',
    code: 'vault_forbidden',
    says: /readMetadata\/action/,
    tried: [7, 515],
  },
  {
    name: 'unreachable',
    break: (world, role) => world[`${role}Faults`].add({ behaviour: { kind: 'hang' } }),
    stage: 'list',
    code: 'vault_unreachable',
    says: /DNS/,
    tried: [15, 1625],
  },
  {
    name: 'unreachable for writes',
    break: (world, role) => world[`${role}Faults`].add({ operation: 'set', behaviour: { kind: 'hang' } }),
    stage: 'probe',
    code: 'vault_unreachable',
    says: /DNS/,
    tried: [15, 1625],
  },
  {
    name: 'throttled',
    break: (world, role) => world[`${role}Faults`].add({ operation: 'set', behaviour: { kind: 'throttle' } }),
    stage: 'probe',
    code: 'vault_throttled',
    says: /VAULT_WRITES_PER_SECOND/,
    tried: [16, 1595],
  },
  {
    name: 'a token of another tenant',
    break: (world, role) =>
      world[`${role}Faults`].add({ behaviour: { kind: 'status', status: 401, code: 'Unauthorized' } }),
    stage: 'list',
    code: 'vault_token_refused',
    says: /another tenant/,
    tried: [7, 515],
  },
  {
    name: 'a heartbeat that was deleted',
    break: (world, role) => {
      world[role].set('refresher-heartbeat', { value: world.credentials.get(crm.secretName).value });
      world[role].delete('refresher-heartbeat');
    },
    stage: 'probe',
    code: 'vault_deleted',
    says: /Recover .*refresher-heartbeat/,
    // While a deletion is under way the refusal may pass.
    tried: [2, 5],
  },
  {
    name: 'a heartbeat that is refused',
    break: (world, role) =>
      world[`${role}Faults`].add({
        operation: 'set',
        behaviour: { kind: 'status', status: 400, code: 'BadParameter' },
      }),
    stage: 'probe',
    code: 'vault_rejected',
    says: /cannot hold/,
    tried: [1, 0],
  },
];

describe('a vault that cannot be used ends the sweep before anything is redeemed', () => {
  for (const row of rows) {
    for (const role of ['credentials', 'tokens'] as const) {
      test(`${row.name}: the ${role} vault`, async () => {
        const world = createWorld();
        row.break(world, role);
        const error = await abortOf(world);
        assert.equal(world.entra.recentRequests().length, 0);
        assert.equal(error.stage, row.stage);
        assert.match(error.message, row.says);
        const other = role === 'credentials' ? 'tokens' : 'credentials';
        assert.ok(error.message.includes(`[${settings[role]}]`) && error.message.includes(urls[role]));
        assert.ok(!error.message.includes(settings[other]) && !error.message.includes(urls[other]));
        const [told, ...more] = world.telemetry.events;
        assert.deepEqual([told?.name, more.length], ['SweepAborted', 0]);
        const { stage, code, vault, remedy, trigger } =
          world.telemetry.named('SweepAborted')[0]?.properties ?? {};
        assert.deepEqual([stage, code, vault, trigger], [row.stage, row.code, urls[role], 'timer']);
        assert.match(remedy ?? '', /\w/);
        const { tries, triedSeconds } = world.telemetry.named('SweepAborted')[0]?.measurements ?? {};
        assert.deepEqual([tries, triedSeconds], row.tried);
      });
    }
  }

  test('one vault in both roles', async () => {
    const world = createWorld({ oneVault: true });
    world.credentialsFaults.readOnly = true;
    const error = await abortOf(world);
    assert.deepEqual([error.stage, world.entra.recentRequests().length], ['probe', 0]);
  });

  test('a moment of throttling or silence at the probe does not end it', async () => {
    for (const behaviour of [
      { kind: 'throttle', retryAfterSeconds: 5 },
      { kind: 'reset' },
      { kind: 'commit_then_hang' },
    ] as const) {
      const world = createWorld();
      const fault = { operation: 'set', name: 'refresher-heartbeat', behaviour, times: 2 } as const;
      world.credentialsFaults.add(fault);
      world.tokensFaults.add(fault);
      const report = await world.sweep();
      for (const id of ['a', 'b', 'c']) assertHealthy(world, report, id);
    }
  });

  test('nor does one at the listing', async () => {
    for (const behaviour of [{ kind: 'throttle' }, { kind: 'reset' }, { kind: 'hang' }] as const) {
      const world = createWorld();
      world.credentialsFaults.add({ operation: 'list', behaviour, times: 2 });
      world.tokensFaults.add({ operation: 'list', behaviour, times: 2 });
      const report = await world.sweep();
      for (const id of ['a', 'b', 'c']) assertHealthy(world, report, id);
    }
  });

  test('no right to change tags: everything is refreshed, and the sweep ends loudly', async () => {
    const world = createWorld();
    world.credentialsFaults.denied.add('update');
    const error = await abortOf(world);
    assert.equal(error.stage, 'complete');
    assert.match(error.message, /secrets\/update\/action/);
    assert.equal(world.telemetry.named('AccountState').length, 3);
    world.credentialsFaults.clear();
    const report = await nextSweepOfNewProcess(world);
    for (const id of ['a', 'b', 'c']) assertHealthy(world, report, id);
  });
});

test('settings that cannot be used are told as an aborted sweep', () => {
  const { telemetry } = createWorld();
  const request = { trigger: 'timer', invocationId: 'i', pastDue: false } as const;
  emitUnstartedSweep(telemetry, request, {
    code: 'settings_invalid',
    message: 'TOKENS_VAULT_URL is missing',
  });
  const [told] = telemetry.named('SweepAborted');
  const { stage, code, cause } = told?.properties ?? {};
  assert.deepEqual(
    [stage, code, cause],
    ['configuration', 'settings_invalid', 'TOKENS_VAULT_URL is missing'],
  );
});

describe('a defect of ours that ends the sweep', () => {
  for (const operation of ['list', 'set', 'update'] as const) {
    test(`thrown by ${operation}: told in one event without its text`, async () => {
      const world = await createRotatedWorld();
      world.telemetry.events.length = 0;
      const environment = intercept(world.environment, (step) => {
        const heartbeat = step.name === 'refresher-heartbeat' || step.operation === 'list';
        if (heartbeat && step.operation === operation) throw new TypeError('canary-text');
      });
      await assert.rejects(world.clock.run(startSweep(environment)), TypeError);
      const [told, ...more] = world.telemetry.named('SweepAborted');
      assert.equal(more.length + world.telemetry.named('SweepCompleted').length, 0);
      assert.deepEqual([told?.properties.stage, told?.properties.code], ['defect', 'internal_error']);
      assert.match(told?.properties.cause ?? '', /TypeError/);
      assert.doesNotMatch(JSON.stringify(world.telemetry.events), /canary-text/);
    });
  }

  test('something thrown that is no error', async () => {
    const world = await createRotatedWorld();
    const environment = intercept(world.environment, () => Promise.reject('canary-text'));
    await assert.rejects(world.clock.run(startSweep(environment)));
    assert.match(world.telemetry.named('SweepAborted')[0]?.properties.cause ?? '', /\(string\)/);
  });
});
