import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InMemoryVault, type InMemoryVaultOptions } from '../../../local/key-vault/in-memory-vault.ts';
import type { FaultBehaviour } from '../../../local/key-vault/vault-faults.ts';
import { VaultState, type VaultStateOptions } from '../../../local/key-vault/vault-state.ts';
import { Sensitive } from '../../../src/sensitive.ts';
import { VaultError, type VaultErrorCode } from '../../../src/vault/secret-vault.ts';
import { secret, stillClock } from './harness.ts';

function createVault(options: Partial<VaultStateOptions & InMemoryVaultOptions> = {}) {
  const clock = stillClock();
  const state = new VaultState({ clock, ...options });
  return { clock, state, vault: new InMemoryVault({ state, ...options }) };
}

const write = {
  value: new Sensitive('green'),
  contentType: 'text/plain',
  tags: { a: '1' },
  expiresAt: 2_000_000_000,
};

describe('what it stores', () => {
  test('is read back with everything that was written', async () => {
    const { clock, vault } = createVault();
    const version = await vault.set('colour', write);
    const now = clock.nowMilliseconds() / 1000;
    const expected = { name: 'colour', version, enabled: true, createdAt: now, updatedAt: now, ...write };
    assert.deepEqual(await vault.get('colour'), expected);
    assert.deepEqual(await vault.get('colour', version), expected);
    // Deep equality does not look into a Sensitive.
    assert.equal((await vault.get('colour'))?.value.reveal(), 'green');
  });

  test('is listed without value and version', async () => {
    const { vault } = createVault();
    await vault.set('colour', write);
    const { secrets } = await vault.list();
    const [listed] = secrets;
    assert.ok(listed);
    assert.deepEqual(Object.keys(listed).sort(), [
      'contentType',
      'createdAt',
      'enabled',
      'expiresAt',
      'name',
      'tags',
      'updatedAt',
    ]);
  });

  test('is changed by update without a new version', async () => {
    const { state, vault } = createVault();
    const version = await vault.set('colour', write);
    await vault.update('colour', version, { tags: { b: '2' } });
    assert.deepEqual((await vault.get('colour'))?.tags, { b: '2' });
    assert.equal(state.versionsOf('colour').length, 1);
  });

  test('is undefined where there is none', async () => {
    const { vault } = createVault();
    assert.equal(await vault.get('colour'), undefined);
    await vault.set('colour', write);
    assert.equal(await vault.get('colour', 'unknown'), undefined);
  });
});

describe('a listing', () => {
  const pages = [
    { title: 'of nothing is one empty page', secrets: 0, pages: 1, emptyPages: 1 },
    { title: 'of 25 is one page', secrets: 25, pages: 1, emptyPages: 0 },
    { title: 'of 26 is two pages', secrets: 26, pages: 2, emptyPages: 0 },
  ];
  for (const { title, secrets, ...expected } of pages) {
    test(title, async () => {
      const { state, vault } = createVault();
      for (let i = 0; i < secrets; i++) state.set(`secret-${i}`, secret(''));
      const listing = await vault.list();
      assert.equal(listing.secrets.length, secrets);
      assert.deepEqual({ pages: listing.pages, emptyPages: listing.emptyPages }, expected);
    });
  }

  test('counts empty pages, and each page takes the latency', async () => {
    const { state, vault } = createVault({ pageSizes: (page) => page % 2, latencyMilliseconds: () => 40 });
    for (const name of ['a', 'b', 'c']) state.set(name, secret(name));
    const { secrets, ...counts } = await vault.list();
    assert.equal(secrets.length, 3);
    assert.deepEqual(counts, { pages: 6, emptyPages: 3, durationMilliseconds: 240 });
  });
});

describe('a refusal', () => {
  const rows: { behaviour: FaultBehaviour; code: VaultErrorCode; mayHaveHappened: boolean }[] = [
    {
      behaviour: { kind: 'status', status: 400, code: 'BadParameter' },
      code: 'rejected',
      mayHaveHappened: false,
    },
    {
      behaviour: { kind: 'status', status: 401, code: 'Unauthorized' },
      code: 'token_refused',
      mayHaveHappened: false,
    },
    {
      behaviour: { kind: 'status', status: 403, code: 'Forbidden', innerCode: 'ForbiddenByFirewall' },
      code: 'forbidden',
      mayHaveHappened: false,
    },
    {
      behaviour: { kind: 'status', status: 403, code: 'Forbidden', innerCode: 'SecretDisabled' },
      code: 'disabled',
      mayHaveHappened: false,
    },
    {
      behaviour: { kind: 'status', status: 409, code: 'Conflict' },
      code: 'conflict',
      mayHaveHappened: false,
    },
    { behaviour: { kind: 'throttle' }, code: 'throttled', mayHaveHappened: false },
    {
      behaviour: { kind: 'status', status: 408, code: 'RequestTimeout' },
      code: 'unreachable',
      mayHaveHappened: true,
    },
    {
      behaviour: { kind: 'status', status: 500, code: 'InternalServerError' },
      code: 'unreachable',
      mayHaveHappened: true,
    },
    { behaviour: { kind: 'reset' }, code: 'unreachable', mayHaveHappened: true },
    { behaviour: { kind: 'commit_then_reset' }, code: 'unreachable', mayHaveHappened: true },
    { behaviour: { kind: 'hang' }, code: 'unreachable', mayHaveHappened: true },
  ];
  const title = (behaviour: FaultBehaviour) =>
    'status' in behaviour
      ? `${behaviour.status} ${'innerCode' in behaviour ? behaviour.innerCode : ''}`
      : behaviour.kind;

  for (const { behaviour, code, mayHaveHappened } of rows) {
    test(`${title(behaviour)} is ${code}, for every operation`, async () => {
      const { vault } = createVault();
      const version = await vault.set('colour', write);
      vault.faults.add({ behaviour });
      const calls = {
        list: () => vault.list(),
        get: () => vault.get('colour'),
        list_versions: () => vault.versions('colour'),
        set: () => vault.set('colour', write),
        update: () => vault.update('colour', version, {}),
      };
      for (const [operation, call] of Object.entries(calls)) {
        const isWrite = operation === 'set' || operation === 'update';
        await assert.rejects(call, {
          name: 'VaultError',
          operation,
          code,
          writeMayHaveHappened: isWrite && mayHaveHappened,
        });
      }
    });
  }

  test('404 is undefined for get and rejected for update', async () => {
    const { vault } = createVault();
    vault.faults.add({ behaviour: { kind: 'status', status: 404, code: 'SecretNotFound' } });
    assert.equal(await vault.get('colour'), undefined);
    await assert.rejects(vault.update('colour', 'v', {}), { code: 'rejected' });
  });

  test("names vault, operation, secret and the vault's code, never the value", async () => {
    const { vault } = createVault();
    vault.faults.denied.add('set');
    const message = 'https://in-memory.vault.azure.net: set colour: forbidden (HTTP 403 ForbiddenByRbac)';
    await assert.rejects(vault.set('colour', write), { message });
  });

  test('tells how long the vault wants to be left alone', async () => {
    const { vault } = createVault();
    vault.faults.add({ behaviour: { kind: 'throttle', retryAfterSeconds: 7 } });
    await assert.rejects(vault.set('colour', write), { code: 'throttled', retryAfterSeconds: 7 });
  });

  test('comes from the write limit as from a fault', async () => {
    const { vault } = createVault({ writeLimit: { count: 1, windowMilliseconds: 10_000 } });
    await vault.set('colour', write);
    await assert.rejects(vault.set('colour', write), { code: 'throttled', retryAfterSeconds: undefined });
  });

  test('a hanging vault is given up after the time limit', async () => {
    const { clock, vault } = createVault({ timeLimitMilliseconds: 4000 });
    vault.faults.add({ behaviour: { kind: 'hang' } });
    const startedAt = clock.nowMilliseconds();
    await assert.rejects(vault.get('colour'), VaultError);
    assert.equal(clock.nowMilliseconds() - startedAt, 4000);
  });

  test('a bug is not dressed up as a refusal', async () => {
    const { vault } = createVault();
    vault.faults.add({
      before: () => {
        throw new RangeError('a bug in a hook');
      },
    });
    await assert.rejects(vault.get('colour'), RangeError);
  });
});

test('another writer can be forced into the gap before a write', async () => {
  const { state, vault } = createVault();
  vault.faults.add({ operation: 'set', times: 1, before: () => void state.set('colour', secret('red')) });
  await vault.set('colour', write);
  assert.deepEqual(
    state.versionsOf('colour').map(({ value }) => value.reveal()),
    ['red', 'green'],
  );
});
