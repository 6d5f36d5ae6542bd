import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InMemoryVault } from '../../local/key-vault/in-memory-vault.ts';
import { type FaultBehaviour, VaultFaults } from '../../local/key-vault/vault-faults.ts';
import { VaultState } from '../../local/key-vault/vault-state.ts';
import { VirtualClock } from '../../local/virtual-clock.ts';
import { parseRefreshToken, refreshTokenWrite } from '../../src/accounts/refresh-token-secret.ts';
import { sweepDeadline } from '../../src/planning/rounds.ts';
import { storeYielding } from '../../src/refresh/rotation-writes.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { storeLimitSeconds, writeUntilSettled } from '../../src/vault/durable-write.ts';
import { WritePacer } from '../../src/vault/write-pacer.ts';
import { startMilliseconds } from '../support/world.ts';

const name = 'refresh-token-a';
const ours = 'our-attempt';

function tokenWrite(attemptId: string, value = `token of ${attemptId}`) {
  const tags = { generation: 1, source: 'sweep' as const, attemptId };
  return refreshTokenWrite(new Sensitive(value), {}, tags, {
    from: startMilliseconds / 1000,
    longestSeconds: 90 * 86_400,
  });
}

const softDeleted: FaultBehaviour = {
  kind: 'status',
  status: 409,
  code: 'Conflict',
  innerCode: 'ObjectIsDeletedButRecoverable',
};

class Store {
  readonly clock = new VirtualClock(startMilliseconds);
  readonly state = new VaultState({ clock: this.clock });
  readonly faults = new VaultFaults();
  readonly pacer = new WritePacer(this.clock);
  readonly paced = {
    vault: new InMemoryVault({ state: this.state, faults: this.faults }),
    pacer: this.pacer,
    setting: 'CREDENTIALS_VAULT_URL' as const,
  };
  readonly redeemed = this.state.set(name, tokenWrite('earlier')).version;

  store() {
    return this.clock.run(this.#store());
  }

  async #store() {
    const found = this.state.versionsOf(name).find(({ version }) => version === this.redeemed);
    const redeemed = parseRefreshToken(found ?? assert.fail());
    const environment = { credentials: this.paced, clock: this.clock };
    const permit = await this.pacer.take();
    const token = { environment, account: 'a', write: tokenWrite(ours), permit };
    return storeYielding(token, { redeemed, newest: redeemed });
  }

  publish() {
    return this.clock.run(this.#publish());
  }

  async #publish() {
    const pending = { name: 'access-token-a', write: tokenWrite(ours), permit: await this.pacer.take() };
    return writeUntilSettled(this.paced, this.clock, pending, async () => 'write');
  }

  /** What stands in the vault, oldest first. */
  tokens(): string[] {
    return this.state.versionsOf(name).map(({ value }) => value.reveal());
  }

  fail(behaviour: FaultBehaviour, times = 1, operation: 'get' | 'set' = 'set') {
    return this.faults.add({ operation, name, behaviour, times });
  }
}

const both = ['token of earlier', 'token of our-attempt'];

describe('a write of which nobody knows whether it happened is read back', () => {
  const rows: [string, FaultBehaviour, kind: string, tokens: string[], attempts: number][] = [
    ['our attempt id: it is done', { kind: 'commit_then_reset' }, 'stored', both, 2],
    ['our attempt id after silence: it is done', { kind: 'commit_then_hang' }, 'stored', both, 2],
    ['the redeemed version: it is written again', { kind: 'reset' }, 'stored', both, 2],
    ['the redeemed version after silence: it is written again', { kind: 'hang' }, 'stored', both, 2],
    ['throttled: it is written again', { kind: 'throttle' }, 'stored', both, 2],
  ];
  for (const [sentence, behaviour, kind, tokens, attempts] of rows) {
    test(sentence, async () => {
      const store = new Store();
      store.fail(behaviour);
      const result = await store.store();
      assert.deepEqual([result.kind, result.attempts], [kind, attempts]);
      assert.deepEqual(store.tokens(), tokens);
      if (result.kind === 'stored') assert.equal(result.version, store.state.get(name).version);
    });
  }

  for (const kind of ['reset', 'commit_then_reset'] as const) {
    test(`a third id after ${kind}: somebody newer won, ours is dropped`, async () => {
      const store = new Store();
      store.fail({ kind });
      let reads = 0;
      store.faults.add({
        operation: 'get',
        name,
        before: () => {
          reads += 1;
          if (reads === 2) store.state.set(name, tokenWrite('third'));
        },
      });
      assert.equal((await store.store()).kind, 'superseded');
      assert.equal(store.tokens().at(-1), 'token of third');
    });
  }

  test('the first look already sees that somebody newer won', async () => {
    const store = new Store();
    store.state.set(name, tokenWrite('third'));
    assert.deepEqual(await store.store(), { kind: 'superseded', attempts: 1 });
    assert.deepEqual(store.tokens(), ['token of earlier', 'token of third']);
  });

  test('a version that was made by our id before it could be expected is not taken for the new one', async () => {
    const store = new Store();
    const write = tokenWrite(ours);
    const version = store.state.set(name, tokenWrite(ours, 'the redeemed one')).version;
    const before = parseRefreshToken(store.state.get(name, version));
    const environment = { credentials: store.paced, clock: store.clock };
    const token = { environment, account: 'a', write, permit: await store.pacer.take() };
    const run = storeYielding(token, { redeemed: before, newest: before });
    assert.equal((await store.clock.run(run)).kind, 'stored');
    assert.equal(store.tokens().at(-1), 'token of our-attempt');
  });

  test('a secret that was deleted meanwhile is not made anew, and the token counts as not stored', async () => {
    const store = new Store();
    store.faults.add({ operation: 'get', name, before: () => void store.state.delete(name), times: 1 });
    const result = await store.store();
    assert.ok(result.kind === 'not_stored' && result.error.code === 'deleted');
    assert.equal(result.attempts, 1);
  });
});

describe('a write is tried for as long as a sweep can wait', () => {
  test('reads that fail are repeated too', async () => {
    const store = new Store();
    store.fail({ kind: 'reset' }, 3, 'get');
    assert.deepEqual(await store.store().then(({ kind, attempts }) => [kind, attempts]), ['stored', 4]);
  });

  test('pauses grow and Retry-After is honoured', async () => {
    for (const [behaviour, seconds] of [
      [{ kind: 'throttle' }, 1 + 2 + 4],
      [{ kind: 'throttle', retryAfterSeconds: 30 }, 90],
      [{ kind: 'throttle', retryAfterSeconds: 3 }, 3 + 3 + 4],
    ] as const) {
      const store = new Store();
      store.fail(behaviour, 3);
      assert.equal((await store.store()).kind, 'stored');
      assert.equal((store.clock.nowMilliseconds() - startMilliseconds) / 1000, seconds);
    }
  });

  test('it gives up within the limit and says why', async () => {
    const store = new Store();
    store.faults.denied.add('set');
    const result = await store.store();
    assert.equal(result.kind, 'not_stored');
    assert.ok(result.kind === 'not_stored' && result.error.code === 'forbidden');
    const spent = (store.clock.nowMilliseconds() - startMilliseconds) / 1000;
    assert.ok(spent <= storeLimitSeconds && spent > storeLimitSeconds - 20, `${spent} s`);
    assert.ok(result.attempts >= 10);
  });

  test('even writes that hang come to their end before the host ends a sweep that was at its deadline', async () => {
    const functionTimeoutSeconds = 1800;
    const deadline = sweepDeadline(0, Number.POSITIVE_INFINITY, functionTimeoutSeconds);
    const [requestLimitSeconds, lookLimitSeconds, flushLimitSeconds] = [30, 10, 5];
    for (const operation of ['get', 'set'] as const) {
      const store = new Store();
      store.fail({ kind: 'hang' }, 99, operation);
      assert.equal((await store.store()).kind, 'not_stored');
      const spent = (store.clock.nowMilliseconds() - startMilliseconds) / 1000;
      const end = deadline + requestLimitSeconds + spent + lookLimitSeconds + flushLimitSeconds;
      assert.ok(end <= functionTimeoutSeconds, `${end} s`);
    }
  });

  test('a Retry-After beyond the limit ends it at once', async () => {
    for (const [retryAfterSeconds, kind] of [
      [storeLimitSeconds, 'stored'],
      [storeLimitSeconds + 1, 'not_stored'],
    ] as const) {
      const store = new Store();
      store.fail({ kind: 'throttle', retryAfterSeconds });
      assert.equal((await store.store()).kind, kind);
    }
  });

  for (const [code, prepare] of [
    ['disabled', (store: Store) => store.state.update(name, store.redeemed, { enabled: false })],
    ['rejected', (store: Store) => store.fail({ kind: 'status', status: 400, code: 'BadParameter' }, 99)],
    ['deleted', (store: Store) => store.fail(softDeleted, 99)],
  ] as const) {
    test(`a refusal that no waiting changes ends it at once: ${code}`, async () => {
      const store = new Store();
      prepare(store);
      const result = await store.store();
      assert.ok(result.kind === 'not_stored' && result.error.code === code);
      assert.equal(result.attempts, 1);
    });
  }

  for (const innerCode of ['ObjectIsBeingRecovered', 'ObjectIsBeingDeleted', undefined]) {
    test(`a conflict passes: ${innerCode ?? 'without inner code'}`, async () => {
      const store = new Store();
      const conflict = { kind: 'status', status: 409, code: 'Conflict' } as const;
      store.fail(innerCode === undefined ? conflict : { ...conflict, innerCode }, 3);
      const result = await store.store();
      assert.deepEqual([result.kind, result.attempts], ['stored', 4]);
    });
  }

  test('every repetition takes a permit of its own', async () => {
    const store = new Store();
    store.fail({ kind: 'reset' }, 4);
    await store.store();
    assert.equal(store.pacer.taken, 5);
  });

  test('a bug is thrown, not waited for', async () => {
    const store = new Store();
    store.faults.add({ operation: 'set', before: () => Promise.reject(new TypeError('a bug')) });
    await assert.rejects(store.store(), TypeError);
    await assert.rejects(store.publish(), TypeError);
  });
});

describe('publishing an access token', () => {
  test('needs no look before and repeats what failed', async () => {
    const store = new Store();
    store.faults.denied.add('get');
    store.faults.add({ operation: 'set', name: 'access-token-a', behaviour: { kind: 'reset' }, times: 2 });
    const result = await store.publish();
    assert.deepEqual([result.kind, result.attempts], ['stored', 3]);
  });
});
