import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { signingKeyName } from '../../src/consent/signing-key.ts';
import { nowSeconds, secondsPerDay } from '../../src/time.ts';
import { KeyScene } from './key-scene.ts';

const absent = '0'.repeat(32);
const tenMinutes = 600;
/** Every secret expires so much sooner than the setting allows. */
const marginSeconds = 3600;

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
        const scene = new KeyScene();
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
      const scene = new KeyScene();
      const version = scene.setByHand('key');
      const keys = scene.process();
      await keys.find(version);
      scene.pass(seconds);
      assert.equal(await scene.readsOf(() => keys.find(version)), reads);
    });
  }

  test('unknown versions do not put off the reading of a known one', async () => {
    const scene = new KeyScene();
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
    const scene = new KeyScene();
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
    const scene = new KeyScene();
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
    const scene = new KeyScene();
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
    const scene = new KeyScene();
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
    const scene = new KeyScene();
    const { version } = await scene.process(40).forNewLink();
    assert.deepEqual(
      scene.versions.map(({ version: made, expiresAt }) => [made, expiresAt]),
      [[version, nowSeconds(scene.clock) + 40 * secondsPerDay - marginSeconds]],
    );
  });

  test('once for all first links that are asked for at the same time', async () => {
    const scene = new KeyScene();
    const keys = scene.process();
    const signed = await scene.clock.run(Promise.all([1, 2, 3].map(() => keys.forNewLink())));
    for (const { version } of signed) assert.ok(await scene.process().find(version));
    assert.equal(scene.versions.length, 1);
  });

  test('is known at once where it was made, though nothing was there a moment ago', async () => {
    const scene = new KeyScene();
    const keys = scene.process();
    await keys.find(absent);
    const { version, key } = await keys.forNewLink();
    assert.equal((await keys.find(version))?.key.reveal(), key.reveal());
  });

  test('is known elsewhere at once, or 30 seconds after somebody asked there in vain', async () => {
    const scene = new KeyScene();
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
    const scene = new KeyScene();
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
