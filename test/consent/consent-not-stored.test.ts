import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SeededAccount } from '../../local/samples.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { type Answer, locationOf } from './consent-app.ts';
import { app, browser } from './consent-scene.ts';

const forbidden = { kind: 'status', status: 403, code: 'Forbidden', innerCode: 'ForbiddenByRbac' } as const;

async function consent({ id, user }: SeededAccount): Promise<Answer> {
  const signIn = locationOf(await browser.press(await app.linkFor(id)));
  return browser.send(await browser.accept(signIn, user));
}

const told = (event: string): string[] => app.lines.filter((line) => line.includes(`"event":"${event}"`));

describe('a consent whose tokens the vaults do not take', () => {
  test('says so in plain words, and the loudest event says which account’s token is lost', async () => {
    const account = app.register();
    const name = `refresh-token-${account.id}`;
    app.local.world.credentialsFaults.add({ operation: 'set', name, behaviour: forbidden });
    const answer = await consent(account);
    assert.equal(answer.status, 503);
    assert.match(answer.body, /could not be stored.*Code vault_forbidden\./s);
    assert.doesNotMatch(answer.body, /https:|127\.0\.0\.1|Microsoft\.KeyVault/);
    const [lost, ...others] = told('RotatedTokenNotStored');
    assert.deepEqual(others, []);
    const { account: id, reason, secret, sweepId } = JSON.parse(lost ?? '{}');
    assert.deepEqual([id, reason, secret, sweepId], [account.id, 'forbidden', name, undefined]);
    assert.deepEqual(told('ConsentCompleted'), []);
  });

  test('is stored all the same when only the access token was refused, and says what follows', async () => {
    const account = app.register();
    const name = `access-token-${account.id}`;
    app.local.world.tokensFaults.add({ operation: 'set', name, behaviour: forbidden });
    const answer = await consent(account);
    assert.equal(answer.status, 503);
    assert.match(answer.body, /consent is stored.*next sweep publishes.*Code vault_forbidden\./s);
    const newest = app.local.world.credentials.versionsOf(`refresh-token-${account.id}`).at(-1);
    assert.equal(newest?.tags['source'], 'consent');
    assert.deepEqual(told('RotatedTokenNotStored'), []);
  });
});

describe('what is wrong with an account', () => {
  const ill: [string, () => string][] = [
    ['paused', () => app.register().id],
    [
      'badly registered',
      () => {
        const { id } = app.register();
        app.local.world.credentials.set(`account-${id}`, { value: new Sensitive('{}') });
        return id;
      },
    ],
  ];
  for (const [sentence, prepare] of ill) {
    test(`is not told to the holder of another account's link: ${sentence}`, async () => {
      const id = prepare();
      if (sentence === 'paused') {
        const { version } = app.local.world.credentials.get(`account-${id}`);
        app.local.world.credentials.update(`account-${id}`, version, { enabled: false });
      }
      const mine = app.register();
      const answer = await browser.send((await app.linkFor(mine.id)).replace(mine.id, id));
      assert.equal(answer.status, 410);
      assert.match(answer.body, /no longer valid/);
      assert.doesNotMatch(answer.body, /registration "|clientId/);
    });
  }
});
