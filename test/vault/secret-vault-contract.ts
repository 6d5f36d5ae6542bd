import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { VaultFaults } from '../../local/key-vault/vault-faults.ts';
import type { VaultState, VaultStateOptions } from '../../local/key-vault/vault-state.ts';
import type { SkippingClock } from '../../local/skipping-clock.ts';
import type { SecretWrite } from '../../src/accounts/secret.ts';
import { Sensitive } from '../../src/sensitive.ts';
import type { SecretVault } from '../../src/vault/secret-vault.ts';

/** A vault and the model behind it. */
interface VaultUnderTest {
  readonly vault: SecretVault;
  readonly state: VaultState;
  readonly faults: VaultFaults;
  readonly clock: SkippingClock;
}

interface StartOptions extends Pick<VaultStateOptions, 'pageSizes' | 'writeLimit'> {
  /** A call that gets no answer has to end within a second. */
  readonly hasty?: boolean;
}

export type Start = (t: TestContext, options?: StartOptions) => Promise<VaultUnderTest>;

export const write: SecretWrite = {
  value: new Sensitive('green'),
  contentType: 'text/plain',
  tags: { a: '1', b: '2' },
  expiresAt: 2_000_000_000,
};

/** What every {@link SecretVault} stores, gives and lists; run against each implementation. */
export function secretVaultContract(start: Start): void {
  describe('what is stored', () => storing(start));
  describe('attributes', () => attributes(start));
  describe('what is not there', () => missing(start));
  describe('a listing', () => listings(start));
}

function storing(start: Start): void {
  test('is read back whole, by name and by version', async (t) => {
    const { vault, clock } = await start(t);
    const version = await vault.set('colour', write);
    const now = clock.nowMilliseconds() / 1000;
    const expected = { name: 'colour', version, enabled: true, createdAt: now, updatedAt: now, ...write };
    for (const found of [await vault.get('colour'), await vault.get('COLOUR', version)]) {
      assert.deepEqual(found, expected);
      assert.equal(found?.value.reveal(), 'green');
    }
  });

  test('is a version of its own, and the newest one is read', async (t) => {
    const { vault } = await start(t);
    const first = await vault.set('colour', write);
    const second = await vault.set('colour', { ...write, value: new Sensitive('red') });
    assert.notEqual(first, second);
    assert.equal((await vault.get('colour'))?.version, second);
    assert.equal((await vault.get('colour', first))?.value.reveal(), 'green');
  });

  test('takes nothing over from the version before', async (t) => {
    const { vault } = await start(t);
    await vault.set('colour', write);
    await vault.set('colour', { value: new Sensitive('red'), contentType: 'text/html', tags: {} });
    const found = await vault.get('colour');
    assert.deepEqual(found?.tags, {});
    assert.equal(found?.contentType, 'text/html');
    assert.equal(found?.expiresAt, undefined);
  });
}

function attributes(start: Start): void {
  test('tags are replaced as a whole map, the rest stays, and no version is made', async (t) => {
    const { vault, state, clock } = await start(t);
    const version = await vault.set('colour', write);
    const before = await vault.get('colour');
    clock.advance(5000);
    await vault.update('colour', version, { tags: { b: '3' } });
    const updatedAt = clock.nowMilliseconds() / 1000;
    assert.deepEqual(await vault.get('colour'), { ...before, tags: { b: '3' }, updatedAt });
    assert.equal((await vault.get('colour'))?.value.reveal(), 'green');
    assert.equal(state.versionsOf('colour').length, 1);
  });

  test('tags stay when only `enabled` is changed', async (t) => {
    const { vault } = await start(t);
    const version = await vault.set('colour', write);
    await vault.update('colour', version, { enabled: false });
    await vault.update('colour', version, { enabled: true });
    assert.deepEqual((await vault.get('colour'))?.tags, write.tags);
  });

  test('an old version is changed without touching the newest', async (t) => {
    const { vault } = await start(t);
    const old = await vault.set('colour', write);
    const newest = await vault.set('colour', write);
    await vault.update('colour', old, { enabled: false, tags: {} });
    assert.deepEqual((await vault.get('colour', newest))?.tags, write.tags);
    await assert.rejects(vault.get('colour', old), { code: 'disabled', operation: 'get' });
  });

  test('a disabled secret is refused, listed as disabled, and its older version readable', async (t) => {
    const { vault } = await start(t);
    const old = await vault.set('colour', write);
    const newest = await vault.set('colour', write);
    await vault.update('colour', newest, { enabled: false });
    await assert.rejects(vault.get('colour'), { code: 'disabled', secretName: 'colour' });
    assert.equal((await vault.get('colour', old))?.version, old);
    assert.deepEqual(
      (await vault.list()).secrets.map(({ enabled }) => enabled),
      [false],
    );
  });
}

function missing(start: Start): void {
  test('a missing secret or version is undefined', async (t) => {
    const { vault } = await start(t);
    assert.equal(await vault.get('colour'), undefined);
    await vault.set('colour', write);
    assert.equal(await vault.get('colour', '0'.repeat(32)), undefined);
  });

  test('a missing secret or version is not changed', async (t) => {
    const { vault } = await start(t);
    const refused = { code: 'rejected', writeMayHaveHappened: false };
    await assert.rejects(vault.update('colour', '0'.repeat(32), { enabled: true }), refused);
    await vault.set('colour', write);
    await assert.rejects(vault.update('colour', '0'.repeat(32), { enabled: true }), refused);
  });

  test('a soft-deleted secret is undefined, unlisted, and its name refused', async (t) => {
    const { vault, state, clock } = await start(t);
    const version = await vault.set('colour', write);
    await vault.set('shape', write);
    state.delete('colour');
    for (const [phase, code] of [
      ['being deleted', 'conflict'],
      ['deleted', 'deleted'],
    ] as const) {
      assert.equal(await vault.get('colour'), undefined, phase);
      const refused = { code, secretName: 'colour', writeMayHaveHappened: false };
      await assert.rejects(vault.set('colour', write), refused, phase);
      await assert.rejects(vault.update('colour', version, {}), { code: 'rejected' }, phase);
      assert.deepEqual(
        (await vault.list()).secrets.map(({ name }) => name),
        ['shape'],
      );
      clock.advance(60_000);
    }
  });
}

function listings(start: Start): void {
  const rows = [
    { title: 'of nothing is one empty page', secrets: 0, sizes: [25], pages: 1, emptyPages: 1 },
    { title: 'of 25 is one page', secrets: 25, sizes: [25], pages: 1, emptyPages: 0 },
    { title: 'of 26 is two pages', secrets: 26, sizes: [25], pages: 2, emptyPages: 0 },
    { title: 'of 60 is three pages', secrets: 60, sizes: [25], pages: 3, emptyPages: 0 },
    { title: 'goes on over short and empty pages', secrets: 5, sizes: [0, 2, 0, 1], pages: 6, emptyPages: 3 },
  ];
  for (const { title, secrets, sizes, ...expected } of rows) {
    test(title, async (t) => {
      const pageSizes = (page: number) => sizes[page % sizes.length] ?? 0;
      const { vault, state } = await start(t, { pageSizes });
      const names = Array.from({ length: secrets }, (_, i) => `S-${String(i).padStart(2, '0')}`);
      for (const name of names) state.set(name, write);
      const { secrets: listed, durationMilliseconds, ...counts } = await vault.list();
      assert.deepEqual(counts, expected);
      assert.deepEqual(
        listed.map(({ name }) => name),
        names,
      );
      assert.ok(durationMilliseconds >= 0);
    });
  }

  test('of versions shows all of one secret, disabled ones too, without values', async (t) => {
    const { vault, clock } = await start(t, { pageSizes: () => 2 });
    await vault.set('colours', write);
    const versions: string[] = [];
    for (let count = 0; count < 5; count++) versions.push(await vault.set('colour', write));
    await vault.update('colour', versions[0] ?? '', { enabled: false });
    const now = clock.nowMilliseconds() / 1000;
    const { value: _, ...shown } = write;
    const listed = await vault.versions('colour');
    assert.deepEqual(
      listed.toSorted((a, b) => versions.indexOf(a.version) - versions.indexOf(b.version)),
      versions.map((version, index) => ({
        ...shown,
        name: 'colour',
        version,
        enabled: index > 0,
        createdAt: now,
        updatedAt: now,
      })),
    );
  });

  test('of versions of a missing secret is empty', async (t) => {
    const { vault } = await start(t);
    assert.deepEqual(await vault.versions('colour'), []);
  });

  test("shows the newest version's attributes, and neither value nor version", async (t) => {
    const { vault, clock } = await start(t);
    await vault.set('colour', { ...write, tags: { old: 'yes' } });
    clock.advance(5000);
    await vault.set('colour', write);
    const now = clock.nowMilliseconds() / 1000;
    const { value, ...attributes } = write;
    const expected = { name: 'colour', enabled: true, createdAt: now, updatedAt: now, ...attributes };
    assert.deepEqual((await vault.list()).secrets, [expected]);
  });
}
