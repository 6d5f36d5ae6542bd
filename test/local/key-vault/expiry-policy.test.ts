import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ExpiryPolicy } from '../../../local/key-vault/expiry-policy.ts';
import { KeyVaultRefusal } from '../../../local/key-vault/vault-refusal.ts';
import { VaultState } from '../../../local/key-vault/vault-state.ts';
import { VirtualClock } from '../../../local/virtual-clock.ts';
import { Sensitive } from '../../../src/sensitive.ts';

const now = 1_800_000_000;
const days = (count: number): number => count * 86_400;

function vaultWith(expiryPolicy?: ExpiryPolicy): VaultState {
  return new VaultState({
    clock: new VirtualClock(now * 1000),
    ...(expiryPolicy === undefined ? {} : { expiryPolicy }),
  });
}

const write = (vault: VaultState, expiresAt?: number) =>
  vault.set('colour', {
    value: new Sensitive('green'),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });

/** A policy, an expiry in seconds from now, and whether the vault takes a secret with it. */
const table: readonly (readonly [string, ExpiryPolicy | undefined, number | undefined, boolean])[] = [
  ['no policy, no expiry', undefined, undefined, true],
  ['an expiry is demanded, none given', { requiresExpiry: true }, undefined, false],
  ['an expiry is demanded, any will do', { requiresExpiry: true }, days(4000), true],
  ['sixty days at most, none given', { maximumValidityDays: 60 }, undefined, false],
  ['sixty days at most, exactly sixty', { maximumValidityDays: 60 }, days(60), true],
  ['sixty days at most, a second more', { maximumValidityDays: 60 }, days(60) + 1, false],
];

const forbidden = (error: unknown): boolean =>
  error instanceof KeyVaultRefusal && error.status === 403 && error.innerCode === undefined;

suite('Azure Policy on the expiry of secrets', () => {
  for (const [title, policy, ends, isTaken] of table) {
    test(title, () => {
      const vault = vaultWith(policy);
      const set = () => write(vault, ends === undefined ? undefined : now + ends);
      if (isTaken) assert.equal(set().enabled, true);
      else assert.throws(set, forbidden);
      assert.equal(vault.versionsOf('colour').length, isTaken ? 1 : 0);
    });
  }

  test('a secret from before the policy stays readable, and is not changed any more', () => {
    const vault = vaultWith();
    const { version } = write(vault);
    vault.expiryPolicy = { requiresExpiry: true };
    assert.equal(vault.get('colour').version, version);
    assert.throws(() => vault.update('colour', version, { tags: { a: '1' } }), forbidden);
  });

  test('a later expiry of an older version counts from when that version was made', () => {
    const clock = new VirtualClock(now * 1000);
    const vault = new VaultState({ clock, expiryPolicy: { maximumValidityDays: 60 } });
    const { version } = write(vault, now + days(60));
    clock.advanceTo((now + days(30)) * 1000);
    assert.throws(() => vault.update('colour', version, { expiresAt: now + days(90) }), forbidden);
    assert.equal(write(vault, now + days(90)).enabled, true);
  });
});
