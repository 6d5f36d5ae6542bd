import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InMemoryVault } from '../../local/key-vault/in-memory-vault.ts';
import { VaultFaults } from '../../local/key-vault/vault-faults.ts';
import { VaultState } from '../../local/key-vault/vault-state.ts';
import { VirtualClock } from '../../local/virtual-clock.ts';
import { SigningKeys, signingKeyName } from '../../src/consent/signing-key.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { type Clock, nowSeconds, secondsPerDay } from '../../src/time.ts';
import { WritePacer } from '../../src/vault/write-pacer.ts';
import { TestWorld } from '../support/world.ts';

const { policy } = new TestWorld().environment;
const absent = '0'.repeat(32);
const tenMinutes = 600;
/** Links live seven days, and a renewed key signs from eleven minutes on. */
const handoverSeconds = 11 * 60;
const linksLiveSeconds = 7 * secondsPerDay;
/** Every secret expires so much sooner than the setting allows. */
const marginSeconds = 3600;

class Scene {
  readonly clock = new VirtualClock(Date.UTC(2026, 10, 22, 10));
  readonly state = new VaultState({ clock: this.clock });
  readonly faults = new VaultFaults();
  /** Of all processes together. */
  reads = 0;

  constructor() {
    const read = this.state.get.bind(this.state);
    this.state.get = (name, version) => {
      this.reads += 1;
      return read(name, version);
    };
  }

  /** A process of the app, with memory of its own. */
  process(expiryDays = 90, clock: Clock = this.clock): SigningKeys {
    const vault = new InMemoryVault({ state: this.state, faults: this.faults });
    const paced = { vault, pacer: new WritePacer(this.clock), setting: 'CREDENTIALS_VAULT_URL' as const };
    return new SigningKeys(paced, clock, { ...policy, secretExpirySeconds: expiryDays * secondsPerDay });
  }

  pass(seconds: number): void {
    this.clock.advanceTo(this.clock.nowMilliseconds() + seconds * 1000);
  }

  /** Reads that a call makes. */
  async readsOf(call: () => Promise<unknown>): Promise<number> {
    const before = this.reads;
    await call();
    return this.reads - before;
  }

  get versions() {
    return this.state.versionsOf(signingKeyName);
  }

  setByHand(value: string, tags: Record<string, string> = {}): string {
    return this.state.set(signingKeyName, { value: new Sensitive(value), tags }).version;
  }
}

describe('what checking a signature reads', () => {
  // Without a key another process may have made it a moment ago; beside a key nothing else can count.
  for (const [what, has, keptSeconds] of [
    ['no key in the vault', 0, 30],
    ['a key of another version', 1, tenMinutes],
  ] as const) {
    for (const [after, reads] of [
      [undefined, 1],
      [0, 0],
      [keptSeconds - 1, 0],
      [keptSeconds, 1],
    ] as const) {
      const moment = after === undefined ? 'the first time' : `${after} s after a first one`;
      test(`with ${what}: ${reads}, ${moment}`, async () => {
        const scene = new Scene();
        if (has === 1) scene.setByHand('key');
        const keys = scene.process();
        if (after !== undefined) {
          await keys.find(absent);
          scene.pass(after);
        }
        assert.equal(await scene.readsOf(() => keys.find(absent)), reads);
        assert.equal(await keys.find(absent), undefined);
        assert.equal(scene.versions.length, has);
      });
    }
  }

  for (const [seconds, reads] of [
    [0, 0],
    [tenMinutes - 1, 0],
    [tenMinutes, 1],
  ] as const) {
    test(`of a version that was read ${seconds} s ago: ${reads}`, async () => {
      const scene = new Scene();
      const version = scene.setByHand('key');
      const keys = scene.process();
      await keys.find(version);
      scene.pass(seconds);
      assert.equal(await scene.readsOf(() => keys.find(version)), reads);
    });
  }

  test('unknown versions do not put off the reading of a known one', async () => {
    const scene = new Scene();
    const version = scene.setByHand('key');
    const keys = scene.process();
    for (let asked = 0; asked < 100; asked += 1) {
      await keys.find(absent);
      assert.ok(await keys.find(version));
      scene.pass(1);
    }
    assert.equal(scene.reads, 1);
  });

  test('parallel first requests share one read', async () => {
    const scene = new Scene();
    const version = scene.setByHand('key');
    const keys = scene.process();
    const asked = [version, absent, version, ...Array.from({ length: 97 }, () => absent)];
    const found = await Promise.all(asked.map((wanted) => keys.find(wanted)));
    assert.deepEqual(
      found.slice(0, 4).map((key) => key?.version),
      [version, undefined, version, undefined],
    );
    assert.equal(scene.reads, 1);
  });

  test('a vault that fails is asked once in 30 seconds; what was read before counts meanwhile', async () => {
    const scene = new Scene();
    const version = scene.setByHand('key');
    const keys = scene.process();
    await keys.find(version);
    scene.pass(60);
    let asked = 0;
    scene.state.get = () => {
      asked += 1;
      throw new Error('the connection broke');
    };
    assert.ok(await keys.find(version));
    assert.equal(asked, 0);
    scene.pass(tenMinutes);
    for (let request = 0; request < 3; request += 1) await assert.rejects(keys.find(version));
    assert.equal(asked, 1);
    scene.pass(30);
    await assert.rejects(keys.find(version));
    assert.equal(asked, 2);
  });

  test('a clock that is set back makes no answer last longer', async () => {
    const scene = new Scene();
    const taken = scene.setByHand('key');
    const clock = { now: scene.clock.nowMilliseconds() + 1000 * secondsPerDay };
    const keys = scene.process(90, {
      ...scene.clock,
      nowMilliseconds: () => clock.now,
      sleep: async () => {},
    });
    await keys.find(taken);
    clock.now -= 1000 * secondsPerDay;
    const version = scene.setByHand('another');
    assert.ok(await keys.find(version), 'what was not there then is looked for');
    assert.equal(await keys.find(taken), undefined);
  });

  test('a disabled key is none, and none is made in its place', async () => {
    const scene = new Scene();
    const version = scene.setByHand('key');
    scene.state.update(signingKeyName, version, { enabled: false });
    const keys = scene.process();
    assert.equal(await keys.find(version), undefined);
    await assert.rejects(keys.forNewLink(), { code: 'disabled' });
    assert.equal(scene.versions.length, 1);
  });
});

describe('a key that is made', () => {
  test('with the first link, and carries the longest expiry that the settings allow', async () => {
    const scene = new Scene();
    const { version } = await scene.process(40).forNewLink();
    assert.deepEqual(
      scene.versions.map(({ version: made, expiresAt }) => [made, expiresAt]),
      [[version, nowSeconds(scene.clock) + 40 * secondsPerDay - marginSeconds]],
    );
  });

  test('once for all first links that are asked for at the same time', async () => {
    const scene = new Scene();
    const keys = scene.process();
    const signed = await scene.clock.run(Promise.all([1, 2, 3].map(() => keys.forNewLink())));
    for (const { version } of signed) assert.ok(await scene.process().find(version));
    assert.equal(scene.versions.length, 1);
  });

  test('is known at once where it was made, though nothing was there a moment ago', async () => {
    const scene = new Scene();
    const keys = scene.process();
    await keys.find(absent);
    const { version, key } = await keys.forNewLink();
    assert.equal((await keys.find(version))?.key.reveal(), key.reveal());
  });

  test('is known elsewhere at once, or 30 seconds after somebody asked there in vain', async () => {
    const scene = new Scene();
    const [here, there, elsewhere] = [scene.process(), scene.process(), scene.process()];
    await there.find(absent);
    const { version } = await here.forNewLink();
    assert.ok(await elsewhere.find(version));
    assert.equal(await there.find(version), undefined);
    scene.pass(30);
    assert.ok(await there.find(version));
  });
});

describe('a key that is set by hand', () => {
  test('signs the next link, and ends the links before it within ten minutes everywhere', async () => {
    const scene = new Scene();
    const [minting, verifying] = [scene.process(), scene.process()];
    const old = await minting.forNewLink();
    await verifying.find(old.version);
    const version = scene.setByHand('set.by.hand');
    const fresh = await minting.forNewLink();
    assert.deepEqual([fresh.version, fresh.key.reveal()], [version, 'set.by.hand']);
    assert.equal(await minting.find(old.version), undefined);
    assert.ok(await verifying.find(old.version));
    assert.equal(await verifying.find(version), undefined);
    scene.pass(tenMinutes);
    assert.ok(await verifying.find(version));
    assert.equal(await verifying.find(old.version), undefined);
  });
});

describe('a key is renewed', () => {
  const lifetimes: [string, number, number, boolean][] = [
    ['a second before its last 30 days', 90, 60 * secondsPerDay - marginSeconds - 1, false],
    ['in its last 30 days', 90, 60 * secondsPerDay - marginSeconds, true],
    ['that expired a year ago', 90, 455 * secondsPerDay, true],
    ['of 20 days, while its predecessor’s links may live', 20, handoverSeconds + linksLiveSeconds, false],
    ['of 20 days, after that', 20, handoverSeconds + linksLiveSeconds + 1, true],
  ];
  for (const [sentence, days, age, renewed] of lifetimes) {
    for (const by of ['forNewLink', 'keepFresh'] as const) {
      test(`${renewed ? '' : 'not '}by ${by}: one ${sentence}`, async () => {
        const scene = new Scene();
        const { version } = await scene.process(days).forNewLink();
        scene.pass(age);
        await scene.process(days)[by]();
        const predecessors = scene.versions.map(({ tags }) => tags?.['predecessor']);
        assert.deepEqual(predecessors, renewed ? [undefined, version] : [undefined]);
      });
    }
  }

  test('one without an expiry, once links of before it are over', async () => {
    const scene = new Scene();
    scene.setByHand('key');
    await scene.process().forNewLink();
    assert.equal(scene.versions.length, 1);
    scene.pass(handoverSeconds + linksLiveSeconds + 1);
    await scene.process().forNewLink();
    assert.equal(scene.versions.length, 2);
  });

  test('and signs nothing until every process has read it; its predecessor counts as long as links live', async () => {
    const scene = new Scene();
    const [minting, verifying] = [scene.process(), scene.process()];
    const old = await minting.forNewLink();
    scene.pass(60 * secondsPerDay);
    await verifying.find(old.version);
    for (let minute = 0; minute < 11; minute += 1) {
      const { version } = await minting.forNewLink();
      assert.equal(version, old.version);
      assert.equal((await verifying.find(version))?.key.reveal(), old.key.reveal());
      scene.pass(60);
    }
    const fresh = await minting.forNewLink();
    assert.equal(fresh.version, scene.versions.at(-1)?.version);
    assert.notEqual(fresh.key.reveal(), old.key.reveal());
    assert.equal((await verifying.find(fresh.version))?.key.reveal(), fresh.key.reveal());
    const unread = scene.process();
    assert.equal(await scene.readsOf(() => unread.find(old.version)), 1, 'one read gives both keys');
    scene.pass(linksLiveSeconds);
    assert.ok(await scene.process().find(old.version));
    scene.pass(1);
    assert.equal(await scene.process().find(old.version), undefined);
  });

  test('by two processes at once without a link that the other does not know', async () => {
    const scene = new Scene();
    const processes = [scene.process(), scene.process()];
    await scene.process().forNewLink();
    scene.pass(60 * secondsPerDay);
    const signed = await Promise.all(processes.map((keys) => keys.forNewLink()));
    scene.pass(tenMinutes);
    for (const { version } of signed) for (const keys of processes) assert.ok(await keys.find(version));
  });

  test('never by checking a signature', async () => {
    const scene = new Scene();
    const { version } = await scene.process().forNewLink();
    scene.pass(200 * secondsPerDay);
    assert.ok(await scene.process().find(version));
    assert.equal(scene.versions.length, 1);
  });

  test('or signs on when the vault refuses that, and the end that has passed is told', async () => {
    const scene = new Scene();
    const keys = scene.process();
    // Writes are paced.
    const run = <T>(call: Promise<T>) => scene.clock.run(call);
    const { version } = await keys.forNewLink();
    const end = nowSeconds(scene.clock) + 90 * secondsPerDay - marginSeconds;
    scene.faults.add({
      operation: 'set',
      behaviour: { kind: 'status', status: 403, code: 'Forbidden' },
    });
    scene.pass(70 * secondsPerDay);
    assert.equal(await run(keys.keepFresh()), undefined);
    scene.pass(20 * secondsPerDay);
    assert.equal(await run(keys.keepFresh()), end);
    assert.equal((await run(keys.forNewLink())).version, version);
    scene.faults.clear();
    assert.equal(await run(keys.keepFresh()), undefined);
    assert.equal(scene.versions.length, 2);
  });

  test('not while links of its predecessor live, and of an end that passes meanwhile nothing is told', async () => {
    const scene = new Scene();
    const keys = scene.process(2);
    await keys.forNewLink();
    for (const { days, versions } of [
      { days: 8, versions: 2 },
      { days: 3, versions: 2 },
      { days: 5, versions: 3 },
    ]) {
      scene.pass(days * secondsPerDay);
      assert.equal(await scene.clock.run(keys.keepFresh()), undefined);
      assert.equal(scene.versions.length, versions, `${days} days later`);
    }
  });

  test('not by a sweep that finds none, or a vault that fails', async () => {
    const scene = new Scene();
    assert.equal(await scene.process().keepFresh(), undefined);
    assert.equal(scene.versions.length, 0);
    scene.faults.add({ operation: 'get', behaviour: { kind: 'hang' } });
    assert.equal(await scene.clock.run(scene.process().keepFresh()), undefined);
  });
});
