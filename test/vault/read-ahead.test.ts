import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InMemoryVault } from '../../local/key-vault/in-memory-vault.ts';
import { VaultState } from '../../local/key-vault/vault-state.ts';
import { VirtualClock } from '../../local/virtual-clock.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { withReadAhead } from '../../src/vault/read-ahead.ts';
import type { SecretVault } from '../../src/vault/secret-vault.ts';

const written = { value: new Sensitive('newer'), contentType: '', tags: {} };

type Step = (vault: SecretVault, clock: VirtualClock, version: string) => unknown;

/** What is done after the secret was read ahead and somebody else has written a newer version. */
const table: readonly (readonly [what: string, steps: readonly Step[], read: 'kept' | 'newer'])[] = [
  ['is given to the next reader', [(vault) => vault.get('other')], 'kept'],
  ['once, whatever the case of its name', [(vault) => vault.get('Name')], 'newer'],
  ['within 3 s', [(_, clock) => clock.advanceTo(2999)], 'kept'],
  ['not after 3 s', [(_, clock) => clock.advanceTo(3000)], 'newer'],
  ['beside a version that is asked for', [(vault, _, version) => vault.get('name', version)], 'kept'],
  ['not after a write', [(vault) => vault.set('name', written)], 'newer'],
  ['not after a change', [(vault, _, version) => vault.update('name', version, { tags: {} })], 'newer'],
];

describe('a secret that was read ahead', () => {
  for (const [what, steps, expected] of table) {
    test(`${what}: ${expected}`, async () => {
      const clock = new VirtualClock(0);
      const state = new VaultState({ clock });
      const vault = new InMemoryVault({ state });
      state.set('name', { value: new Sensitive('kept') });
      const read = await vault.get('name');
      assert.ok(read);
      state.set('name', { value: new Sensitive('newer') });
      const ahead = withReadAhead(vault, clock, [read]);
      for (const step of steps) await step(ahead, clock, read.version);
      assert.equal((await ahead.get('name'))?.value.reveal(), expected);
    });
  }
});
