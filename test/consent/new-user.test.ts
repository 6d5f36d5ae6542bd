import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRefreshTokenTags } from '../../src/accounts/refresh-token-secret.ts';
import { notingEnd } from '../../src/accounts/registration-summary.ts';
import { createLink, openLink } from '../../src/consent/consent-account.ts';
import { askedUser } from '../../src/consent/consented-user.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { refreshTokenVersions } from '../refresh/harness.ts';
import { accountOf } from '../support/world.ts';
import { createScene, signIn } from './scene.ts';

test('another login hint is told and stops nothing, and is asked for once an operator has ended the pin', async () => {
  const scene = await createScene('revoked', 'lenient');
  const { world } = scene;
  const callback = await world.clock.run(signIn(scene));
  assert.equal((await world.clock.run(callback(world.createEnvironment()))).kind, 'completed');
  const registration = JSON.parse(world.credentials.get('account-a').value.reveal()) as object;
  const loginHint = 'new@contoso.example';
  const asked = async () => {
    const environment = world.createEnvironment();
    const minted = await world.clock.run(createLink(environment, 'a'));
    const opened = await world.clock.run(openLink(environment, 'a', 'link' in minted ? minted.link : ''));
    assert.ok(!('kind' in opened));
    const { pin, loginHint: hint } = askedUser(opened.expected);
    return [pin?.objectId, hint];
  };
  const { objectId } = scene.account.user;
  assert.deepEqual(await asked(), [undefined, 'person@contoso.example']);

  const value = new Sensitive(JSON.stringify({ ...registration, loginHint }));
  world.credentials.set('account-a', { value });
  const { state, code, cause = '', outcome } = accountOf(await world.nextSweep(), 'a');
  assert.deepEqual([state, code, outcome], ['healthy', 'login_hint_changed', 'refreshed']);
  assert.ok(cause.includes(loginHint) && cause.includes(objectId));
  assert.deepEqual(await asked(), [objectId, undefined]);

  const tags = readRefreshTokenTags(refreshTokenVersions(world, 'a').at(-1)?.tags ?? {});
  world.credentials.set('account-a', { value, tags: notingEnd({}, tags.grantId ?? '') });
  await world.nextSweep();
  assert.deepEqual(await asked(), [undefined, loginHint]);
});
