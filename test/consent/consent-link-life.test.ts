import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lastGrantId } from '../../src/accounts/registration-summary.ts';
import { createLink, openLink } from '../../src/consent/consent-account.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { secondsPerDay } from '../../src/time.ts';
import { refreshTokenVersions, registrationTagsOf } from '../refresh/harness.ts';
import type { TestWorld } from '../support/world.ts';
import { createScene, signIn } from './scene.ts';

const name = 'refresh-token-a';
const disable = (world: TestWorld) => {
  for (const { version } of refreshTokenVersions(world, 'a'))
    world.credentials.update(name, version, { enabled: false });
};

const losses: readonly (readonly [string, (world: TestWorld) => unknown])[] = [
  ['as it is', () => undefined],
  ['disabled', disable],
  ['deleted', (world) => world.credentials.delete(name)],
  ['replaced by hand', (world) => world.credentials.set(name, { value: new Sensitive('another token') })],
];

describe('a consent link', () => {
  for (const [what, lose] of losses) {
    test(`that was used stays used when the refresh token is ${what}`, async () => {
      const scene = await createScene('revoked', 'lenient');
      const { world } = scene;
      const callback = await world.clock.run(signIn(scene));
      const ended = await world.clock.run(callback(world.createEnvironment()));
      assert.equal(ended.kind, 'completed');
      lose(world);
      const again = await world.clock.run(callback(world.createEnvironment()));
      assert.deepEqual('reason' in again && again.reason, 'link_void');
    });
  }

  test('for a healthy account lives its seven days, whatever the sweeps rotate, and not a day longer', async () => {
    const { world } = await createScene('alive', 'lenient');
    const environment = world.createEnvironment();
    const minted = await world.clock.run(createLink(environment, 'a'));
    assert.ok(minted.kind === 'link');
    const open = () => world.clock.run(openLink(environment, 'a', minted.link));
    for (let day = 1; day < 7; day++) {
      world.clock.advanceTo(world.clock.nowMilliseconds() + (secondsPerDay - 1800) * 1000);
      await world.nextSweep();
      assert.ok(!('kind' in (await open())), `day ${day}`);
    }
    disable(world);
    assert.ok(!('kind' in (await open())), 'with the refresh token disabled');
    world.clock.advanceTo(world.clock.nowMilliseconds() + secondsPerDay * 1000);
    const late = await open();
    assert.equal('reason' in late && late.reason, 'link_expired');
  });

  test('that was used stays used where the grant could not be noted: the next refresh notes it', async () => {
    const scene = await createScene('revoked', 'lenient');
    const { world } = scene;
    const callback = await world.clock.run(signIn(scene));
    world.credentialsFaults.add({
      operation: 'update',
      name: 'account-a',
      behaviour: { kind: 'status', status: 403, code: 'Forbidden' },
    });
    await world.clock.run(callback(world.createEnvironment()));
    world.credentialsFaults.clear();
    await world.nextSweep();
    await world.nextSweep();
    const newest = refreshTokenVersions(world, 'a').at(-1)?.tags ?? {};
    assert.equal(lastGrantId(registrationTagsOf(world, 'a')), newest['grant-id'] ?? newest['attempt-id']);
  });
});
