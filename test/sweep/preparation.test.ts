import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FaultBehaviour, VaultFault, VaultFaults } from '../../local/key-vault/vault-faults.ts';
import { listVaults } from '../../src/sweep/listing.ts';
import { runSweep } from '../../src/sweep/sweep.ts';
import { SweepAbortedError } from '../../src/sweep/sweep-error.ts';
import type { SweepReport, SweepRequest } from '../../src/sweep/sweep-report.ts';
import { VaultError } from '../../src/vault/secret-vault.ts';
import {
  assertHealthy,
  createRotatedWorld,
  intercept,
  startSweep,
  timerRequest,
} from '../refresh/harness.ts';
import { accountOf, crm, startMilliseconds, TestWorld, type TestWorldOptions } from '../support/world.ts';

const status = (code: number, word: string): FaultBehaviour => ({ kind: 'status', status: code, code: word });
const silence: FaultBehaviour = { kind: 'reset' };

function createWorld(options: TestWorldOptions = {}): TestWorld {
  const world = new TestWorld(options);
  for (const id of ['a', 'b', 'c']) world.addAccount({ id, client: crm });
  return world;
}

const seconds = ({ clock }: TestWorld, since = startMilliseconds): number =>
  Math.floor((clock.nowMilliseconds() - since) / 1000);

/** Lets requests fail until a moment, in seconds from now. */
function failUntil(world: TestWorld, faults: VaultFaults, until: number, fault: VaultFault): void {
  const from = world.clock.nowMilliseconds();
  const { behaviour, ...rest } = fault;
  assert.ok(behaviour !== undefined && typeof behaviour !== 'function');
  faults.add({ ...rest, behaviour: () => (seconds(world, from) < until ? behaviour : undefined) });
}

async function outcomeOf(sweep: Promise<SweepReport>): Promise<SweepReport | SweepAbortedError> {
  const outcome = await sweep.catch((reason: unknown) => reason);
  if (outcome instanceof SweepAbortedError) return outcome;
  assert.ok(!(outcome instanceof Error), String(outcome));
  return outcome as SweepReport;
}

describe('what comes before the first account is tried again until it is there', () => {
  const rows: readonly (readonly [what: string, fault: VaultFault, lasts: number, endsAfter: number])[] = [
    ['a vault that is silent for 2 minutes', { behaviour: silence }, 120, 155],
    ['no token for 20 s', { behaviour: status(401, 'Unauthorized') }, 20, 35],
    ['a listing throttled for 5 s', { operation: 'list', behaviour: { kind: 'throttle' } }, 5, 5],
    [
      'a listing throttled for a moment longer',
      { operation: 'list', behaviour: { kind: 'throttle' } },
      6,
      35,
    ],
    [
      'a server fault at the probe for 3 minutes',
      { operation: 'set', behaviour: status(503, 'Busy') },
      180,
      275,
    ],
    ['a role not yet in force for 515 s', { behaviour: status(403, 'Forbidden') }, 515, 515],
    ['a vault silent until just before the deadline', { behaviour: silence }, 1595, 1595],
  ];
  for (const [what, fault, lasts, endsAfter] of rows) {
    for (const role of ['credentialsFaults', 'tokensFaults'] as const) {
      test(`${what}: ${role}`, async () => {
        const world = createWorld();
        failUntil(world, world[role], lasts, fault);
        const report = await world.sweep();
        assert.equal(seconds(world), endsAfter);
        for (const id of ['a', 'b', 'c']) assertHealthy(world, report, id);
        assert.equal(report.durationSeconds, endsAfter);
        const tags = world.credentials.versionsOf('refresher-heartbeat').at(-1)?.tags ?? {};
        assert.equal(tags['last-sweep-duration-seconds'], String(endsAfter));
      });
    }
  }
});

describe('it is given up', () => {
  const rows: readonly (readonly [what: string, behaviour: FaultBehaviour, lasts: number, tries: number])[] =
    [
      ['after the last try before the deadline', silence, 1595.5, 16],
      ['after 10 minutes when the vault forbids it', status(403, 'Forbidden'), 515.5, 7],
      ['at once when the vault refuses the request itself', status(400, 'BadParameter'), 1, 1],
      [
        'at once when the vault asks to wait until the deadline',
        { kind: 'throttle', retryAfterSeconds: 1620 },
        1,
        1,
      ],
    ];
  for (const [what, behaviour, lasts, tries] of rows) {
    test(what, async () => {
      const world = createWorld();
      failUntil(world, world.tokensFaults, lasts, { behaviour });
      const error = await outcomeOf(world.sweep());
      assert.ok(error instanceof SweepAbortedError);
      assert.equal(error.tried?.tries, tries);
      assert.ok(seconds(world) <= lasts);
      assert.match(error.message, tries === 1 ? /, tried once \[/ : /, tried \d+ times in \d+ min \[/);
      assert.equal(world.telemetry.named('SweepAborted').length, 1);
      assert.equal(world.entra.recentRequests().length, 0);
    });
  }

  test('not when the vault asks to wait until a second before the deadline', async () => {
    const world = createWorld();
    const behaviour: FaultBehaviour = { kind: 'throttle', retryAfterSeconds: 1619 };
    world.tokensFaults.add({ operation: 'set', name: 'refresher-heartbeat', behaviour, times: 1 });
    assertHealthy(world, await world.sweep(), 'a');
    assert.equal(seconds(world), 1619);
  });

  test('at once for a final refusal of one vault, however long the other is silent', async () => {
    const world = createWorld();
    world.credentialsFaults.add({ behaviour: { kind: 'hang' } });
    world.tokensFaults.add({ behaviour: status(400, 'BadParameter') });
    const error = await outcomeOf(world.sweep());
    assert.ok(error instanceof SweepAbortedError);
    assert.deepEqual([error.vaultError.code, seconds(world)], ['rejected', 0]);
  });

  const limits: readonly (readonly [Partial<SweepRequest>, lasts: number, gone: boolean])[] = [
    [{ account: 'a', deadlineSeconds: 200 }, 155, false],
    [{ account: 'a', deadlineSeconds: 200 }, 156, true],
    [{ preparationSeconds: 60 }, 35, false],
    [{ preparationSeconds: 60 }, 36, true],
  ];
  for (const [request, lasts, gone] of limits) {
    test(`${gone ? 'sooner' : 'not yet'} for ${JSON.stringify(request)} after ${lasts} s`, async () => {
      const world = createWorld();
      failUntil(world, world.tokensFaults, lasts, { behaviour: silence });
      const outcome = await outcomeOf(world.sweep({ trigger: 'on_demand', ...request }));
      assert.equal(outcome instanceof SweepAbortedError, gone);
      assert.ok(seconds(world) <= 155);
      if (!(outcome instanceof SweepAbortedError)) assertHealthy(world, outcome, 'a');
    });
  }
});

describe('a clock that is set back meanwhile', () => {
  /** A process whose clock is set back two hours after so many seconds. */
  function setBackAfter(world: TestWorld, after: number) {
    const { clock } = world;
    const offset = () => (seconds(world) < after ? 0 : -7200_000);
    const sleep = (milliseconds: number) => clock.sleep(milliseconds);
    return {
      ...world.createEnvironment(),
      clock: { nowMilliseconds: () => clock.nowMilliseconds() + offset(), sleep },
    };
  }

  const requests: readonly Partial<SweepRequest>[] = [
    {},
    { deadlineSeconds: 200 },
    { account: 'a', deadlineSeconds: 200 },
    { preparationSeconds: 60 },
  ];
  for (const request of requests) {
    test(`does not lengthen what comes before the first account: ${JSON.stringify(request)}`, async () => {
      const ends: number[] = [];
      for (const after of [Number.POSITIVE_INFINITY, 20]) {
        const world = createWorld();
        world.tokensFaults.add({ behaviour: silence });
        assert.ok(
          (await outcomeOf(world.sweep(request, setBackAfter(world, after)))) instanceof SweepAbortedError,
        );
        ends.push(seconds(world));
      }
      const [right = 0, setBack = 0] = ends;
      // What passed between two looks at the clock is lost; it is a pause at most.
      assert.ok(setBack >= right && setBack <= right + 120, `${right} s, ${setBack} s`);
    });
  }

  test('lets nothing be redeemed for longer', async () => {
    const world = createWorld();
    world.entraFaults.add({ network: 'refused' });
    const report = await world.sweep({ deadlineSeconds: 200 }, setBackAfter(world, 20));
    assert.ok(seconds(world) <= 200, `${seconds(world)} s`);
    assert.ok(report.accounts.every(({ state }) => state === 'retrying'));
  });
});

describe('what is planned', () => {
  test('is planned from the last listing: what another sweep stored meanwhile is not due again', async () => {
    const world = await createRotatedWorld({ accounts: [{ id: 'a' }, { id: 'b' }] });
    let isSilent = true;
    const environment = intercept(world.environment, ({ operation, place }) => {
      if (isSilent && operation === 'set' && place === 'tokens')
        throw new VaultError({ code: 'unreachable', vaultUrl: 'https://v.test', operation: 'set' });
    });
    const waiting = startSweep(environment);
    const other = world.clock
      .sleep(10_000)
      .then(() => runSweep(world.createEnvironment(), { ...timerRequest, account: 'a' }))
      .finally(() => {
        isSilent = false;
      });
    const [report] = await world.clock.run(Promise.all([waiting, other]));
    assert.equal(accountOf(report, 'a').outcome, 'not_due');
    assert.equal(accountOf(report, 'b').outcome, 'refreshed');
  });

  test('is planned at the time at which the listing is there', async () => {
    const world = createWorld();
    world.entra.revoke({ grantId: world.entra.grantOf(world.refreshTokenOf('b') ?? '') ?? '' });
    const { nextAttemptAt } = accountOf(await world.sweep(), 'b');
    assert.ok(nextAttemptAt !== undefined);
    // The daily probe of a dead grant falls into the time that this sweep waits.
    world.clock.advanceTo((nextAttemptAt - 30) * 1000);
    assert.equal(accountOf(await world.sweep(), 'b').outcome, 'not_due');
    failUntil(world, world.tokensFaults, 10, { behaviour: silence });
    const report = await world.sweep();
    assert.equal(accountOf(report, 'b').outcome, 'reconsent');
  });
});

describe('a listing that takes long', () => {
  const pageSeconds = 8;
  const slow: VaultFault = {
    operation: 'list',
    behaviour: { kind: 'delay', milliseconds: pageSeconds * 1000 },
  };

  /** A world whose credentials vault takes a page for each secret. */
  function createSlowWorld(pages: number): TestWorld {
    const world = new TestWorld({ vaults: { pageSizes: () => 1 } });
    world.addAccount({ id: 'a', client: crm });
    const present = world.credentials.snapshot().active.size;
    for (let index = present; index < pages; index++) {
      world.credentials.set(`other-${index}`, { value: world.credentials.get(crm.secretName).value });
    }
    world.credentialsFaults.add(slow);
    return world;
  }

  for (const [pages, ends] of [
    [203, false],
    [204, true],
  ] as const) {
    test(`${pages} pages of ${pageSeconds} s ${ends ? 'end as a fault that says so' : 'are listed'} by the deadline`, async () => {
      const world = createSlowWorld(pages);
      const outcome = await outcomeOf(world.sweep());
      assert.ok(seconds(world) < 1800, 'within the function timeout');
      if (!ends) {
        assert.ok(!(outcome instanceof SweepAbortedError));
        assert.equal(world.telemetry.named('SweepCompleted').length, 1);
        return;
      }
      assert.ok(outcome instanceof SweepAbortedError);
      assert.deepEqual([outcome.stage, outcome.vaultError.code], ['list', 'incomplete_listing']);
      assert.match(
        outcome.message,
        /incomplete_listing \(not finished after 1620 s\), tried once .*purge the deleted secrets of accounts that are gone/,
      );
      assert.equal(world.telemetry.named('SweepAborted').length, 1);
    });
  }

  test('has only the time that earlier tries have left', async () => {
    const world = createSlowWorld(190);
    failUntil(world, world.tokensFaults, 120, { operation: 'list', behaviour: silence });
    const outcome = await outcomeOf(world.sweep());
    assert.ok(outcome instanceof SweepAbortedError);
    assert.equal(outcome.vaultError.code, 'incomplete_listing');
    assert.ok(seconds(world) < 1640, `${seconds(world)} s`);
  });

  for (const [pages, ends] of [
    [26, false],
    [27, true],
  ] as const) {
    test(`for the status page: ${pages} pages ${ends ? 'are too many' : 'are enough'} for 200 s`, async () => {
      const world = createSlowWorld(pages);
      const listing = world.clock.run(listVaults(world.environment, 200));
      if (!ends) return void (await listing);
      await assert.rejects(listing, (error: unknown) => {
        assert.ok(error instanceof VaultError);
        assert.match(error.message, /list: incomplete_listing \(not finished after 200 s\)/);
        return true;
      });
      assert.ok(seconds(world) < 230);
    });
  }
});
