import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { userKey } from '../../local/entra/users.ts';
import { timerFunction } from '../../local/run-app.ts';
import type { SampleAccount } from '../../local/samples.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { nowSeconds } from '../../src/time.ts';
import { ads } from '../support/world.ts';
import { type Answer, locationOf } from './consent-app.ts';
import { app, browser } from './consent-scene.ts';

/** Registers an account whose user is known to Entra by name. */
function register(id: string, changes: Partial<SampleAccount> = {}) {
  return app.register({ id, ...changes });
}

/** From the link to Entra's sign-in page. */
async function toEntra(link: string, visitor = browser): Promise<string> {
  const answer = await visitor.press(link);
  assert.equal(answer.status, 303, answer.body);
  return locationOf(answer);
}

/** The user's decision at Entra, and the address that it sends the browser back to. */
async function decide(
  signIn: string,
  decision: string,
  user?: { tenantId: string; objectId: string },
): Promise<string> {
  const form = user === undefined ? { decision } : { decision, user: userKey(user) };
  return locationOf(await browser.post(signIn, form)).replace(/#.*$/, '');
}

async function consent(id: string, user: { tenantId: string; objectId: string }): Promise<Answer> {
  return browser.send(await decide(await toEntra(await app.linkFor(id)), 'accept', user));
}

const newest = (id: string) => app.local.world.credentials.versionsOf(`refresh-token-${id}`).at(-1);

describe('a consent', () => {
  for (const [endpoint, changes] of [
    ['v2', {}],
    ['v1', { resource: 'https://service.contoso.com/' }],
  ] as const) {
    test(`on the ${endpoint} endpoint makes a pending account healthy at once`, async () => {
      const id = `first-${endpoint}`;
      const { user } = register(id, changes);
      const link = await app.linkFor(id);
      const page = await browser.send(link);
      assert.equal(page.status, 200);
      assert.match(page.body, new RegExp(`Consent for ${id}`));
      const callback = await browser.send(await decide(await toEntra(link), 'accept', user));
      assert.equal(callback.status, 303, callback.body);
      assert.match(locationOf(callback), /^\/api\/consent\/done\?receipt=/);
      const done = await browser.send(new URL(locationOf(callback), app.url).href);
      assert.match(done.body, new RegExp(`${id} is ready`));
      assert.match(done.body, /valid until \d{4}-\d\d-\d\dT/);
      const stored = newest(id);
      assert.ok(app.local.world.entra.accepts(stored?.value.reveal() ?? ''));
      assert.deepEqual([stored?.tags['source'], stored?.tags['user-object-id']], ['consent', user.objectId]);
      const [token] = app.local.world.tokens.versionsOf(`access-token-${id}`);
      assert.equal(token?.tags['attempt-id'], stored?.tags['attempt-id']);
    });
  }

  test('that lacks a scope is stored, and its page and the status say so', async () => {
    const scopes = ['https://graph.microsoft.com/User.Read', 'Mail.Read'];
    const { id, user } = register('lacking', { scopes });
    app.local.world.entraFaults.add({ grantedScope: 'user.read profile openid email' });
    const done = locationOf(await consent(id, user));
    assert.match(
      (await browser.send(new URL(done, app.url).href)).body,
      /lacking is ready.*missing: Mail\.Read\./s,
    );
    const [token] = app.local.world.tokens.versionsOf(`access-token-${id}`);
    assert.equal(token?.tags['lacking-scopes'], 'Mail.Read');
    const changed = done.replace(/(receipt=[^.]*\.\d+\.)[^.]*/, '$1');
    assert.equal((await browser.send(new URL(changed, app.url).href)).status, 400);
  });

  for (const [what, opened] of [
    ['a link that was opened', true],
    ['a link that was not opened yet', false],
  ] as const) {
    test(`by ${what} goes on after a sweep has written the registration again`, async () => {
      const { id, user } = register(`renewed-${opened}`);
      const { credentials } = app.local.world;
      credentials.update(`account-${id}`, '', { expiresAt: nowSeconds(app.clock) + 86_400 });
      const link = await app.linkFor(id);
      const signIn = opened ? await toEntra(link) : undefined;
      await app.host.runTimer(timerFunction);
      assert.equal(credentials.versionsOf(`account-${id}`).length, 2);
      const callback = await browser.send(await decide(signIn ?? (await toEntra(link)), 'accept', user));
      assert.equal(callback.status, 303, callback.body);
      assert.equal(newest(id)?.tags['user-object-id'], user.objectId);
    });
  }

  for (const [method, clientId] of [
    ['certificate', '44444444-4444-4444-8444-444444444444'],
    ['managed_identity', '55555555-5555-4555-8555-555555555555'],
    ['none', '77777777-7777-4777-8777-777777777777'],
  ] as const) {
    test(`of a client that proves itself by ${method} is redeemed and refreshed by it`, async () => {
      const id = `by-${method.replace('_', '-')}`;
      const { user } = register(id, { client: { clientId, secretName: `of-${id}`, method } });
      assert.equal((await consent(id, user)).status, 303);
      app.clock.moveTo(app.clock.nowMilliseconds() + 85 * 60_000);
      await app.host.runTimer(timerFunction);
      assert.deepEqual([newest(id)?.tags['source'], newest(id)?.tags['generation']], ['sweep', '1']);
    });
  }

  test('is redeemed by the version before, while the newest client secret is known to be rejected', async () => {
    const { world } = app.local;
    const client = { clientId: '66666666-6666-4666-8666-666666666666', secretName: 'of-two-versions' };
    register('swept', { client, consented: true });
    const { user } = register('later', { client });
    app.clock.moveTo(app.clock.nowMilliseconds() + 1000);
    world.credentials.set(client.secretName, { value: new Sensitive('not the secret') });
    await app.host.runTimer(timerFunction);
    assert.match(world.credentials.get(client.secretName).tags['refresher-rejected'] ?? '', /fallback/);
    assert.equal((await consent('later', user)).status, 303);
    assert.ok(newest('later'));
  });

  test('mends a revoked account: the failure is gone and the next sweep refreshes its token', async () => {
    const { user } = register('mended', { consented: true, accessTokenMinutesLeft: 5 });
    app.local.world.entra.revoke({ user });
    await app.host.runTimer(timerFunction);
    const failure = () => app.local.world.credentials.get('account-mended').tags['refresher-failure'];
    assert.match(failure() ?? '', /reconsent/);
    app.clock.moveTo(app.clock.nowMilliseconds() + 1000);
    assert.equal((await consent('mended', user)).status, 303);
    assert.equal(failure(), undefined);
    app.clock.moveTo(app.clock.nowMilliseconds() + 85 * 60_000);
    await app.host.runTimer(timerFunction);
    assert.deepEqual(
      [newest('mended')?.tags['source'], newest('mended')?.tags['generation']],
      ['sweep', '1'],
    );
  });

  test('tells telemetry, and neither code nor token nor link nor state reaches a line of the log', async () => {
    const { user } = register('told');
    const link = await app.linkFor('told');
    const callback = await decide(await toEntra(link), 'accept', user);
    await browser.send(callback);
    const output = app.lines.join('\n');
    assert.match(output, /"event":"ConsentCompleted".*"account":"told"/);
    const secrets = [
      new URL(link).searchParams.get('link') ?? '',
      new URL(callback).searchParams.get('code') ?? '',
      new URL(callback).searchParams.get('state') ?? '',
      newest('told')?.value.reveal() ?? '',
    ];
    for (const secret of secrets) assert.ok(secret.length > 20 && !output.includes(secret));
  });
});

describe('a consent that fails says why and stores nothing', () => {
  const outcomes: [string, string, RegExp][] = [
    ['declined', 'cancel', /Consent was declined/],
    ['needs an administrator', 'admin_approval', /An administrator has to approve/],
  ];
  for (const [sentence, decision, expected] of outcomes) {
    test(sentence, async () => {
      const id = `failed-${decision.replace('_', '-')}`;
      register(id);
      const answer = await browser.send(await decide(await toEntra(await app.linkFor(id)), decision));
      assert.match(answer.body, expected);
      assert.equal(newest(id), undefined);
    });
  }

  test('another user than the login hint names', async () => {
    register('wrong-user');
    const { user } = register('somebody-else');
    const answer = await consent('wrong-user', user);
    assert.equal(answer.status, 403);
    assert.match(answer.body, /Another user signed in/);
    assert.equal(newest('wrong-user'), undefined);
  });

  test('another user than the one pinned to the refresh token', async () => {
    register('pinned', { consented: true });
    const before = newest('pinned')?.version;
    const { user } = register('intruder');
    assert.equal((await consent('pinned', user)).status, 403);
    assert.equal(newest('pinned')?.version, before);
  });

  for (const idToken of [
    'other_nonce',
    'other_audience',
    'other_issuer',
    'foreign_key',
    'expired',
    'missing',
  ] as const) {
    test(`an id token that is ${idToken}`, async () => {
      const id = `token-${idToken.replace('_', '-')}`;
      const { user } = register(id);
      app.local.world.entraFaults.add({ idToken });
      const answer = await consent(id, user);
      assert.equal(answer.status, 502, answer.body);
      assert.equal(newest(id), undefined);
    });
  }

  test('an account that names no user gets no link', async () => {
    app.local.world.addAccount({ id: 'nameless', client: ads, consented: false });
    assert.equal(await app.linkFor('nameless'), '');
  });
});
