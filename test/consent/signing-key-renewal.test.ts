import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nowSeconds, secondsPerDay } from '../../src/time.ts';
import { KeyScene } from './key-scene.ts';

const tenMinutes = 600;
/** Links live seven days, and a renewed key signs from eleven minutes on. */
const handoverSeconds = 11 * 60;
const linksLiveSeconds = 7 * secondsPerDay;
/** Every secret expires so much sooner than the setting allows. */
const marginSeconds = 3600;

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
        const scene = new KeyScene();
        const { version } = await scene.process(days).forNewLink();
        scene.pass(age);
        await scene.process(days)[by]();
        const predecessors = scene.versions.map(({ tags }) => tags?.['predecessor']);
        assert.deepEqual(predecessors, renewed ? [undefined, version] : [undefined]);
      });
    }
  }

  test('one without an expiry, once links of before it are over', async () => {
    const scene = new KeyScene();
    scene.setByHand('key');
    await scene.process().forNewLink();
    assert.equal(scene.versions.length, 1);
    scene.pass(handoverSeconds + linksLiveSeconds + 1);
    await scene.process().forNewLink();
    assert.equal(scene.versions.length, 2);
  });

  test('and signs nothing until every process has read it; its predecessor counts as long as links live', async () => {
    const scene = new KeyScene();
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
    const scene = new KeyScene();
    const processes = [scene.process(), scene.process()];
    await scene.process().forNewLink();
    scene.pass(60 * secondsPerDay);
    const signed = await Promise.all(processes.map((keys) => keys.forNewLink()));
    scene.pass(tenMinutes);
    for (const { version } of signed) for (const keys of processes) assert.ok(await keys.find(version));
  });

  test('never by checking a signature', async () => {
    const scene = new KeyScene();
    const { version } = await scene.process().forNewLink();
    scene.pass(200 * secondsPerDay);
    assert.ok(await scene.process().find(version));
    assert.equal(scene.versions.length, 1);
  });

  test('or signs on when the vault refuses that, and the end that has passed is told', async () => {
    const scene = new KeyScene();
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
    const scene = new KeyScene();
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
    const scene = new KeyScene();
    assert.equal(await scene.process().keepFresh(), undefined);
    assert.equal(scene.versions.length, 0);
    scene.faults.add({ operation: 'get', behaviour: { kind: 'hang' } });
    assert.equal(await scene.clock.run(scene.process().keepFresh()), undefined);
  });
});
