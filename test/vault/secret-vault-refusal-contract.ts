import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FaultBehaviour } from '../../local/key-vault/vault-faults.ts';
import type { SecretWrite } from '../../src/accounts/secret.ts';
import { Sensitive } from '../../src/sensitive.ts';
import type { SecretVault, VaultErrorCode } from '../../src/vault/secret-vault.ts';
import { type Start, write } from './secret-vault-contract.ts';

const calls: Record<string, (vault: SecretVault, version: string) => Promise<unknown>> = {
  list: (vault) => vault.list(),
  get: (vault) => vault.get('colour'),
  list_versions: (vault) => vault.versions('colour'),
  set: (vault) => vault.set('colour', write),
  update: (vault, version) => vault.update('colour', version, { enabled: true }),
};

/** What every {@link SecretVault} refuses, and how it says so; run against each implementation. */
export function secretVaultRefusalContract(start: Start): void {
  describe('a refusal', { concurrency: true }, () => refusals(start));
  describe('an ambiguous write', { concurrency: true }, () => ambiguous(start));
  describe('what is never sent', () => limits(start));
}

function refusals(start: Start): void {
  const status = (code: number, innerCode?: string): FaultBehaviour => ({
    kind: 'status',
    status: code,
    code: 'Refused',
    ...(innerCode === undefined ? {} : { innerCode }),
  });
  const rows: { behaviour: FaultBehaviour; code: VaultErrorCode; open?: boolean; detail: string }[] = [
    { behaviour: status(400), code: 'rejected', detail: 'HTTP 400 Refused' },
    { behaviour: status(403, 'SecretDisabled'), code: 'disabled', detail: 'HTTP 403 SecretDisabled' },
    { behaviour: status(403, 'ForbiddenByFirewall'), code: 'forbidden', detail: 'ForbiddenByFirewall' },
    { behaviour: status(409, 'ObjectIsBeingDeleted'), code: 'conflict', detail: 'ObjectIsBeingDeleted' },
    { behaviour: { kind: 'throttle' }, code: 'throttled', detail: 'HTTP 429 Throttled' },
    { behaviour: status(503), code: 'unreachable', open: true, detail: '' },
    { behaviour: { kind: 'reset' }, code: 'unreachable', open: true, detail: '' },
    { behaviour: { kind: 'hang' }, code: 'unreachable', open: true, detail: '' },
  ];
  for (const { behaviour, code, open = false, detail } of rows) {
    const { kind } = behaviour;
    test(`${kind} ${'status' in behaviour ? behaviour.status : ''} ${detail} is ${code}`, async (t) => {
      const { vault, state, faults } = await start(t, { hasty: open });
      const version = await vault.set('colour', write);
      faults.add({ behaviour });
      const rejections = Object.entries(calls).map(([operation, call]) => {
        const isWrite = operation === 'set' || operation === 'update';
        const message = new RegExp(detail);
        const expected = {
          name: 'VaultError',
          code,
          operation,
          writeMayHaveHappened: isWrite && open,
          message,
        };
        return assert.rejects(call(vault, version), expected);
      });
      await Promise.all(rejections);
      assert.equal(state.versionsOf('colour').length, 1);
    });
  }

  test('tells how long the vault wants to be left alone', async (t) => {
    const { vault, faults } = await start(t);
    const version = await vault.set('colour', write);
    faults.add({ behaviour: { kind: 'throttle', retryAfterSeconds: 3600 } });
    for (const call of Object.values(calls)) {
      await assert.rejects(call(vault, version), { code: 'throttled', retryAfterSeconds: 3600 });
    }
  });

  test('at the limit for writes stores nothing, and reads go on', async (t) => {
    const { vault, state } = await start(t, { writeLimit: { count: 1, windowMilliseconds: 10_000 } });
    await vault.set('colour', write);
    await assert.rejects(vault.set('colour', write), { code: 'throttled', retryAfterSeconds: undefined });
    assert.equal(state.versionsOf('colour').length, 1);
    assert.ok(await vault.get('colour'));
  });

  for (const operation of ['list', 'get', 'set', 'update'] as const) {
    test(`without the right to ${operation} is forbidden, and only this`, async (t) => {
      const { vault, faults } = await start(t);
      const version = await vault.set('colour', write);
      faults.denied.add(operation);
      for (const [called, call] of Object.entries(calls)) {
        if (called !== operation) await call(vault, version);
        else await assert.rejects(call(vault, version), { code: 'forbidden', message: /ForbiddenByRbac/ });
      }
    });
  }

  test('of a read-only vault says so to writes, and reads go on', async (t) => {
    const { vault, faults } = await start(t);
    const version = await vault.set('colour', write);
    faults.readOnly = true;
    const refused = { code: 'read_only', writeMayHaveHappened: false };
    const writes = [vault.set('colour', write), vault.update('colour', version, { tags: {} })];
    await Promise.all(writes.map((each) => assert.rejects(each, refused)));
    assert.deepEqual((await vault.get('colour'))?.tags, write.tags);
    assert.equal((await vault.list()).secrets.length, 1);
  });
}

function ambiguous(start: Start): void {
  const behaviours: FaultBehaviour[] = [
    { kind: 'commit_then_reset' },
    { kind: 'commit_then_hang' },
    { kind: 'commit_then_status', status: 408, code: 'RequestTimeout' },
    { kind: 'commit_then_status', status: 500, code: 'InternalServerError' },
    { kind: 'commit_then_status', status: 503, code: 'ServiceUnavailable' },
  ];
  for (const behaviour of behaviours) {
    test(`${behaviour.kind} ${'status' in behaviour ? behaviour.status : ''} is read back`, async (t) => {
      const { vault, state, faults } = await start(t, { hasty: true });
      const before = await vault.set('colour', write);
      const fault = faults.add({ operation: 'set', behaviour });
      const attempt = { ...write, tags: { attempt: 'mine' } };
      await assert.rejects(vault.set('colour', attempt), { code: 'unreachable', writeMayHaveHappened: true });
      assert.equal(fault.hits, 1);
      assert.equal(state.versionsOf('colour').length, 2, 'sent once');
      const newest = await vault.get('colour');
      assert.notEqual(newest?.version, before);
      assert.deepEqual(newest?.tags, attempt.tags);
    });
  }
}

function limits(start: Start): void {
  const names = [
    { name: '', ok: false },
    { name: 'a', ok: true },
    { name: 'Az-09', ok: true },
    { name: 'a'.repeat(127), ok: true },
    { name: 'a'.repeat(128), ok: false },
    ...['a/b', 'a_b', 'a.b', 'a b', 'ä', 'a\n', '..', 'a?b'].map((name) => ({ name, ok: false })),
  ];
  for (const { name, ok } of names) {
    test(`the name ${JSON.stringify(name.slice(0, 9))} of ${name.length} is ${ok ? 'sent' : 'rejected'}`, async (t) => {
      const { vault, faults } = await start(t);
      const seen: unknown[] = [];
      faults.add({ operation: ['get', 'set', 'update'], before: (request) => void seen.push(request.name) });
      const asked = [() => vault.set(name, write), () => vault.get(name), () => vault.update(name, '', {})];
      for (const ask of asked) {
        if (ok) await ask();
        else await assert.rejects(ask, { code: 'rejected', secretName: name, writeMayHaveHappened: false });
      }
      assert.deepEqual(seen, ok ? [name, name, name] : []);
    });
  }

  const latest = Date.parse('2038-01-19T03:14:07Z') / 1000;
  const writes: { title: string; change: Partial<SecretWrite>; fault?: RegExp }[] = [
    { title: 'an empty value', change: { value: new Sensitive('') }, fault: /an empty value/ },
    { title: 'one byte', change: { value: new Sensitive('x') } },
    { title: '25,600 bytes', change: { value: new Sensitive('x'.repeat(25_600)) } },
    { title: '25,601 bytes', change: { value: new Sensitive('x'.repeat(25_601)) }, fault: /25601 bytes/ },
    { title: '12,800 letters of 2 bytes', change: { value: new Sensitive('ä'.repeat(12_800)) } },
    {
      title: '12,801 letters of 2 bytes',
      change: { value: new Sensitive('ä'.repeat(12_801)) },
      fault: /25602 bytes/,
    },
    { title: 'the last second of 32 bits', change: { expiresAt: latest } },
    { title: 'the second after it', change: { expiresAt: latest + 1 }, fault: /2038-01-19T03:14:07Z/ },
    { title: 'the year 2040', change: { expiresAt: Date.UTC(2040, 0) / 1000 }, fault: /2038-01-19/ },
  ];
  for (const { title, change, fault } of writes) {
    test(`${title} is ${fault === undefined ? 'stored' : 'rejected'}`, async (t) => {
      const { vault, state } = await start(t);
      const attempt = vault.set('colour', { ...write, ...change });
      if (fault === undefined) await attempt;
      else await assert.rejects(attempt, { code: 'rejected', message: fault, writeMayHaveHappened: false });
      const [stored] = state.versionsOf('colour');
      const expected = { ...write, ...change };
      assert.equal(stored?.value.reveal(), fault === undefined ? expected.value.reveal() : undefined);
      assert.equal(stored?.expiresAt, fault === undefined ? expected.expiresAt : undefined);
    });
  }
}
