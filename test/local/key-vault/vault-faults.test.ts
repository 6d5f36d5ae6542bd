import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConnectionFault, type VaultFault, VaultFaults } from '../../../local/key-vault/vault-faults.ts';
import { KeyVaultRefusal } from '../../../local/key-vault/vault-refusal.ts';
import type { VaultRequest } from '../../../local/key-vault/vault-request.ts';

const set: VaultRequest = { operation: 'set', name: 'colour' };
const outOfOrder = { kind: 'status', status: 503, code: 'ServiceUnavailable' } as const;

/** How a request went: what was slept, how often the change was stored, and what was answered or thrown. */
async function enact(faults: VaultFaults, request: VaultRequest = set) {
  let sleptMilliseconds = 0;
  let commits = 0;
  const sleep = async (milliseconds: number) => {
    sleptMilliseconds += milliseconds;
  };
  const commit = () => {
    commits += 1;
    return 'answer';
  };
  const outcome = await (async () => faults.enact(request, commit, sleep))().catch(nameOf);
  return { sleptMilliseconds, commits, outcome };
}

function nameOf(error: unknown): string | number {
  if (error instanceof ConnectionFault) return error.kind;
  if (error instanceof KeyVaultRefusal) return error.innerCode ?? error.status;
  throw error;
}

describe('behaviours', () => {
  const rows: { behaviour: VaultFault['behaviour'] & object; commits: number; outcome: string | number }[] = [
    { behaviour: { kind: 'throttle' }, commits: 0, outcome: 429 },
    { behaviour: outOfOrder, commits: 0, outcome: 503 },
    { behaviour: { ...outOfOrder, kind: 'commit_then_status' }, commits: 1, outcome: 503 },
    { behaviour: { kind: 'reset' }, commits: 0, outcome: 'reset' },
    { behaviour: { kind: 'commit_then_reset' }, commits: 1, outcome: 'reset' },
    { behaviour: { kind: 'hang' }, commits: 0, outcome: 'hang' },
    { behaviour: { kind: 'commit_then_hang' }, commits: 1, outcome: 'hang' },
  ];
  for (const { behaviour, commits, outcome } of rows) {
    test(`${'kind' in behaviour ? behaviour.kind : ''} stores ${commits === 1 ? 'once' : 'nothing'}`, async () => {
      const faults = new VaultFaults();
      faults.add({ behaviour });
      assert.deepEqual(await enact(faults), { sleptMilliseconds: 0, commits, outcome });
    });
  }

  test('delay answers correctly, later', async () => {
    const faults = new VaultFaults();
    faults.add({ behaviour: { kind: 'delay', milliseconds: 250 } });
    assert.deepEqual(await enact(faults), { sleptMilliseconds: 250, commits: 1, outcome: 'answer' });
  });

  test('a function decides for each request, and what it lets pass is not counted', async () => {
    const faults = new VaultFaults();
    const behaviour = ({ name }: VaultRequest) => (name === 'colour' ? outOfOrder : undefined);
    const fault = faults.add({ times: 1, behaviour });
    assert.equal((await enact(faults, { operation: 'set', name: 'shape' })).outcome, 'answer');
    assert.equal(fault.hits, 0);
    assert.equal((await enact(faults)).outcome, 503);
    assert.equal((await enact(faults)).outcome, 'answer');
  });
});

describe('matching', () => {
  const rows: { title: string; fault: VaultFault; request: VaultRequest; strikes: boolean }[] = [
    { title: 'any request', fault: {}, request: { operation: 'list' }, strikes: true },
    { title: 'the operation', fault: { operation: 'set' }, request: set, strikes: true },
    { title: 'another operation', fault: { operation: 'get' }, request: set, strikes: false },
    { title: 'one of several operations', fault: { operation: ['get', 'set'] }, request: set, strikes: true },
    { title: 'the name in other letter case', fault: { name: 'COLOUR' }, request: set, strikes: true },
    { title: 'a part of the name', fault: { name: 'col' }, request: set, strikes: false },
    { title: 'an expression', fault: { name: /^col/ }, request: set, strikes: true },
    { title: 'another expression', fault: { name: /^our/ }, request: set, strikes: false },
    {
      title: 'a name, where none is named',
      fault: { name: /./ },
      request: { operation: 'list' },
      strikes: false,
    },
  ];
  for (const { title, fault, request, strikes } of rows) {
    test(`${title} ${strikes ? 'is struck' : 'is spared'}`, async () => {
      const faults = new VaultFaults();
      const handle = faults.add({ ...fault, behaviour: outOfOrder });
      assert.equal((await enact(faults, request)).outcome, strikes ? 503 : 'answer');
      assert.equal(handle.hits, strikes ? 1 : 0);
    });
  }

  test('a global expression matches every time', async () => {
    const faults = new VaultFaults();
    faults.add({ name: /colour/g, behaviour: outOfOrder });
    assert.equal((await enact(faults)).outcome, 503);
    assert.equal((await enact(faults)).outcome, 503);
  });

  test('a fault strikes as many times as asked, or until it is removed', async () => {
    const faults = new VaultFaults();
    faults.add({ times: 2, behaviour: outOfOrder });
    assert.deepEqual([(await enact(faults)).outcome, (await enact(faults)).outcome], [503, 503]);
    assert.equal((await enact(faults)).outcome, 'answer');
    const forever = faults.add({ behaviour: outOfOrder });
    for (let i = 0; i < 10; i++) assert.equal((await enact(faults)).outcome, 503);
    forever.remove();
    assert.equal((await enact(faults)).outcome, 'answer');
  });

  test('of two faults the first behaves, and both are counted', async () => {
    const faults = new VaultFaults();
    const first = faults.add({ behaviour: { kind: 'throttle' } });
    const second = faults.add({ behaviour: outOfOrder });
    assert.equal((await enact(faults)).outcome, 429);
    assert.deepEqual([first.hits, second.hits], [1, 1]);
  });
});

describe('hooks', () => {
  test('before is awaited before the change, after is awaited before the answer', async () => {
    const order: string[] = [];
    const faults = new VaultFaults();
    const note = (what: string) => async () => {
      await Promise.resolve();
      order.push(what);
    };
    faults.add({ before: note('before'), after: note('after'), behaviour: { kind: 'commit_then_reset' } });
    const commit = () => order.push('commit');
    await assert.rejects(async () => faults.enact(set, commit, async () => {}), ConnectionFault);
    assert.deepEqual(order, ['before', 'commit', 'after']);
  });
});

describe('switches', () => {
  const operations: [VaultRequest['operation'], boolean][] = [
    ['list', true],
    ['get', true],
    ['list_versions', true],
    ['get_deleted', true],
    ['set', false],
    ['update', false],
    ['delete', false],
  ];
  for (const [operation, allowed] of operations) {
    test(`a read-only vault ${allowed ? 'allows' : 'refuses'} ${operation}`, async () => {
      const faults = new VaultFaults();
      faults.readOnly = true;
      const outcome = allowed ? 'answer' : 503;
      assert.equal((await enact(faults, { operation })).outcome, outcome);
    });
  }

  test('a denied operation is refused with every fact that the service tells', () => {
    const faults = new VaultFaults();
    faults.denied.add('set');
    const fields = [
      'Caller: appid=',
      ';oid=',
      ';iss=',
      "Action: '",
      "Resource: '",
      'Assignment: ',
      "DecisionReason: 'DeniedWithNoValidRBAC'",
      'Vault: ',
      ';location=',
    ];
    const refusedWithFields = (error: unknown) =>
      error instanceof KeyVaultRefusal &&
      error.status === 403 &&
      error.innerCode === 'ForbiddenByRbac' &&
      error.message.includes("Action: 'Microsoft.KeyVault/vaults/secrets/setSecret/action'") &&
      fields.every((field) => error.message.includes(field));
    assert.throws(
      () =>
        faults.enact(
          set,
          () => 'answer',
          async () => {},
        ),
      refusedWithFields,
    );
  });

  test('a switch thrown by a hook counts for the request that is under way', async () => {
    const faults = new VaultFaults();
    faults.add({
      before: () => {
        faults.readOnly = true;
      },
    });
    assert.equal((await enact(faults)).outcome, 503);
  });

  test('clear ends all faults and switches', async () => {
    const faults = new VaultFaults();
    faults.readOnly = true;
    faults.denied.add('set');
    faults.add({ behaviour: outOfOrder });
    faults.clear();
    assert.equal((await enact(faults)).outcome, 'answer');
  });
});
