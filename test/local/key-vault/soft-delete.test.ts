import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { VaultState, type VaultStateOptions } from '../../../local/key-vault/vault-state.ts';
import type { Sensitive } from '../../../src/sensitive.ts';
import { secondsPerDay } from '../../../src/time.ts';
import { secret, stillClock } from './harness.ts';

function createState(options: Partial<VaultStateOptions> = {}) {
  const clock = stillClock();
  return { clock, state: new VaultState({ clock, ...options }) };
}

const values = (versions: readonly { value: Sensitive }[]) => versions.map(({ value }) => value.reveal());
const names = (page: { items: readonly { name: string }[] }) => page.items.map(({ name }) => name);

describe('soft delete', () => {
  const settings = {
    retentionDays: 7,
    deletionMilliseconds: 5000,
    recoveryMilliseconds: 3000,
    settlingMilliseconds: 2000,
  };
  const deleted = () => {
    const { clock, state } = createState({ softDelete: settings });
    state.set('colour', secret('green'));
    state.delete('colour');
    return { clock, state };
  };
  const conflict = (innerCode: string) => ({ status: 409, code: 'Conflict', innerCode });
  const notFound = { status: 404, code: 'SecretNotFound' };

  test('a deleted secret is gone at once, and shows up among the deleted ones later', () => {
    const { clock, state } = deleted();
    assert.throws(() => state.get('colour'), notFound);
    clock.advance(4999);
    assert.throws(() => state.getDeleted('colour'), notFound);
    clock.advance(1);
    assert.equal(state.getDeleted('colour').secret.name, 'colour');
  });

  test('its name cannot be used while it is being deleted, deleted, or being recovered', () => {
    const { clock, state } = deleted();
    const set = () => state.set('colour', secret('red'));
    assert.throws(set, conflict('ObjectIsBeingDeleted'));
    clock.advance(5000);
    assert.throws(set, conflict('ObjectIsDeletedButRecoverable'));
    state.recover('colour');
    assert.throws(set, conflict('ObjectIsBeingRecovered'));
    clock.advance(4999);
    assert.ok(state.get('colour'));
    assert.throws(set, conflict('ObjectIsBeingRecovered'));
    clock.advance(1);
    set();
    assert.deepEqual(values(state.versionsOf('colour')), ['green', 'red']);
  });

  test('what is still being deleted cannot be recovered', () => {
    const { state } = deleted();
    assert.throws(() => state.recover('colour'), conflict('ObjectIsBeingDeleted'));
  });

  test('a recovered secret is readable after a while, and listed again', () => {
    const { clock, state } = deleted();
    clock.advance(5000);
    state.recover('colour');
    clock.advance(2999);
    assert.throws(() => state.get('colour'), notFound);
    assert.throws(() => state.getDeleted('colour'), notFound);
    clock.advance(1);
    assert.equal(state.get('colour').value.reveal(), 'green');
    assert.deepEqual(names(state.list()), ['colour']);
  });

  test('the retention ends to the second', () => {
    const { clock, state } = deleted();
    clock.advance(7 * secondsPerDay * 1000 - 1);
    assert.equal(state.getDeleted('colour').scheduledPurgeAt * 1000, clock.nowMilliseconds() + 1);
    clock.advance(1);
    assert.throws(() => state.getDeleted('colour'), notFound);
    assert.throws(() => state.get('colour'), notFound);
    assert.throws(() => state.recover('colour'), notFound);
    state.set('colour', secret('red'));
    assert.deepEqual(values(state.versionsOf('colour')), ['red']);
  });

  test('a snapshot holds what is active and what is deleted', () => {
    const { state } = deleted();
    state.set('shape', secret('round'));
    const { active, deleted: gone } = state.snapshot();
    assert.deepEqual([...active.keys()], ['shape']);
    assert.deepEqual(values(gone.get('colour') ?? []), ['green']);
  });
});
