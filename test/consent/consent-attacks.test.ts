import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { userKey } from '../../local/entra/users.ts';
import type { SeededAccount } from '../../local/samples.ts';
import { linkLifetimeSeconds } from '../../src/consent/signed-texts.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { ads } from '../support/world.ts';
import { type Answer, Browser, functionKey, locationOf, principal } from './consent-app.ts';
import { app, browser } from './consent-scene.ts';

const newest = (id: string) => app.local.world.credentials.versionsOf(`refresh-token-${id}`).at(-1);

const begin = async (id: string, visitor = browser): Promise<string> =>
  locationOf(await visitor.press(await app.linkFor(id)));
const accept = (signIn: string, { user }: SeededAccount): Promise<string> => browser.accept(signIn, user);

function assertRefused(answer: Answer, id: string, status = 400): void {
  assert.equal(answer.status, status, answer.body);
  assert.equal(newest(id), undefined);
}

describe('a link', () => {
  const forms: [string, (link: string) => string][] = [
    ['forged', (link) => link.replace(/.{10}$/, 'AAAAAAAAAA')],
    ['prolonged', (link) => link.replace(/link=\d{10}/, 'link=9999999999')],
    ['cut', (link) => link.slice(0, -5)],
    ['without its text', (link) => link.replace(/\?.*/, '')],
    ['given twice', (link) => `${link}&link=x`],
  ];
  for (const [sentence, change] of forms) {
    test(`that is ${sentence} opens nothing and leads nowhere`, async () => {
      const { id } = app.register();
      const answer = await browser.send(change(await app.linkFor(id)));
      assert.ok([400, 410].includes(answer.status));
      assert.doesNotMatch(answer.body, /Continue to Microsoft/);
    });
  }

  test('of another account is void', async () => {
    const [mine, theirs] = [app.register(), app.register()];
    const link = await app.linkFor(mine.id);
    assert.equal((await browser.send(link.replace(mine.id, theirs.id))).status, 410);
  });

  test('is good to its last second and expired at its end', async () => {
    const { id } = app.register();
    const link = await app.linkFor(id);
    app.clock.moveTo(app.clock.nowMilliseconds() + (linkLifetimeSeconds - 5) * 1000);
    assert.equal((await browser.send(link)).status, 200);
    app.clock.moveTo(app.clock.nowMilliseconds() + 6_000);
    assert.match((await browser.send(link)).body, /has expired/);
  });

  test('may be opened as often as one likes, and is void once a consent was completed', async () => {
    const account = app.register();
    const link = await app.linkFor(account.id);
    for (let visit = 0; visit < 3; visit++) assert.equal((await browser.send(link)).status, 200);
    assert.equal((await browser.send(await accept(await begin(account.id), account))).status, 303);
    assert.match((await browser.send(link)).body, /no longer valid/);
  });

  test('is ended by a signing key that somebody sets by hand; the next one is signed with it', async () => {
    const { id } = app.register();
    const link = await app.linkFor(id);
    app.local.world.credentials.set('consent-signing-key', { value: new Sensitive('a new key') });
    assert.equal((await browser.send(await app.linkFor(id))).status, 200);
    assert.equal((await browser.send(link)).status, 410);
  });

  test('is void once the registration was rewritten, be it in the second of its creation', async () => {
    app.clock.moveTo((Math.floor(app.clock.nowMilliseconds() / 1000) + 1) * 1000);
    const { id } = app.register();
    const link = await app.linkFor(id);
    const { credentials } = app.local.world;
    credentials.set(`account-${id}`, { value: credentials.get(`account-${id}`).value });
    assert.match((await browser.send(link)).body, /no longer valid/);
  });

  test('is given to nobody without the function key', async () => {
    const { id } = app.register();
    const answer = await browser.send(`${app.url}/tools/consent-link/${id}`, { method: 'POST' });
    assert.equal(answer.status, 401);
    const wrong = { method: 'POST', headers: { 'x-functions-key': `${functionKey}x` } };
    assert.equal((await browser.send(`${app.url}/tools/consent-link/${id}`, wrong)).status, 401);
  });
});

describe('a callback', () => {
  test('in another browser than the one that began is refused', async () => {
    const account = app.register();
    const callback = await accept(await begin(account.id), account);
    assertRefused(await new Browser().send(callback), account.id);
  });

  test('with the cookie of another attempt is refused', async () => {
    const account = app.register();
    const callback = await accept(await begin(account.id), account);
    await begin(app.register().id);
    assertRefused(await browser.send(callback), account.id);
  });

  const changes: [string, (url: URL) => void][] = [
    ['without a state', (url) => url.searchParams.delete('state')],
    ['with a tampered state', (url) => url.searchParams.set('state', 'x')],
    ['with two states', (url) => url.searchParams.append('state', 'x')],
    ['without a code', (url) => url.searchParams.delete('code')],
    ['with two codes', (url) => url.searchParams.append('code', 'x')],
  ];
  for (const [sentence, change] of changes) {
    test(`${sentence} is refused`, async () => {
      const account = app.register();
      const callback = new URL(await accept(await begin(account.id), account));
      change(callback);
      assertRefused(await browser.send(callback.href), account.id);
    });
  }

  test('with the code of another user’s consent is refused by PKCE, and the code is not tried again', async () => {
    const [victim, attacker] = [app.register(), app.register()];
    const other = new Browser();
    const signIn = await begin(attacker.id, other);
    const stolen = new URL(
      locationOf(await other.post(signIn, { decision: 'accept', user: userKey(attacker.user) })),
    );
    const callback = new URL(await accept(await begin(victim.id), victim));
    callback.searchParams.set('code', stolen.searchParams.get('code') ?? '');
    const answer = await browser.send(callback.href);
    assert.match(answer.body, /did not accept the consent/);
    assert.equal(newest(victim.id), undefined);
  });

  test('that is repeated is refused: the cookie is gone, and the link with it', async () => {
    const account = app.register();
    const callback = await accept(await begin(account.id), account);
    assert.equal((await browser.send(callback)).status, 303);
    const version = newest(account.id)?.version;
    assert.equal((await browser.send(callback)).status, 400);
    assert.equal(newest(account.id)?.version, version);
  });

  test('with an error and text of an attacker shows none of it', async () => {
    const account = app.register();
    const signIn = new URL(await begin(account.id));
    const callback = new URL(`${app.url}/consent/callback`);
    callback.searchParams.set('state', signIn.searchParams.get('state') ?? '');
    callback.searchParams.set('error', '<script>alert(1)</script>');
    callback.searchParams.set('error_description', 'AADSTS50011 <img src=x onerror=alert(1)>');
    const answer = await browser.send(callback.href);
    assert.match(answer.body, /Code AADSTS50011/);
    assert.doesNotMatch(answer.body, /<script|<img|alert/);
  });
});

describe('what is shown and where it leads', () => {
  test('no field of a registration becomes markup', async () => {
    const evil = '"><script>alert(1)</script>';
    const registration = {
      tenant: 'common',
      clientId: ads.clientId,
      clientAuthentication: { method: 'client_secret', secretName: ads.secretName },
      scopes: ['https://graph.microsoft.com/User.Read<b>'],
      authority: app.local.urls.entra,
      loginHint: evil,
      owner: evil,
    };
    const { id } = app.register({ registration: JSON.stringify(registration) });
    const answer = await browser.send(await app.linkFor(id));
    assert.equal(answer.status, 200, answer.body);
    assert.doesNotMatch(answer.body, /<script|<b>/);
    const signIn = new URL(await begin(id));
    assert.equal(signIn.origin, app.local.urls.entra);
    assert.equal(signIn.searchParams.get('login_hint'), evil);
  });

  test('the pages run nothing, load nothing, tell no referrer and are kept by nobody', async () => {
    const answer = await browser.send(await app.linkFor(app.register().id));
    const policy = answer.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(answer.headers.get('referrer-policy'), 'no-referrer');
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.doesNotMatch(answer.body, /<script/);
  });

  test('the cookie is for this host only, over TLS only, and out of reach of scripts', async () => {
    const { id } = app.register();
    const link = new URL(await app.linkFor(id));
    const answer = await browser.post(link.origin + link.pathname, {
      link: link.searchParams.get('link') ?? '',
    });
    const cookie = answer.headers.get('set-cookie') ?? '';
    assert.match(cookie, /^__Host-consent=.*; Path=\/; Max-Age=1800; Secure; HttpOnly; SameSite=Lax$/);
  });

  test('the page after a consent says only what was signed here', async () => {
    const forged = `${app.url}/consent/done?receipt=account-1.1800000000..${'0'.repeat(32)}.${'A'.repeat(43)}`;
    assert.equal((await browser.send(forged)).status, 400);
    assert.equal((await browser.send(`${app.url}/consent/done`)).status, 400);
  });

  test('the address of the callback comes from the settings, not from the request', async () => {
    const { id } = app.register();
    const link = new URL(await app.linkFor(id));
    const headers = {
      'x-forwarded-host': 'evil.example',
      'content-type': 'application/x-www-form-urlencoded',
    };
    const body = new URLSearchParams({ link: link.searchParams.get('link') ?? '' }).toString();
    const answer = await browser.send(link.origin + link.pathname, { method: 'POST', headers, body });
    const redirectUri = new URL(locationOf(answer)).searchParams.get('redirect_uri');
    assert.equal(redirectUri, `${new URL(app.url).origin}/api/consent/callback`);
  });
});

describe('the status page’s button', () => {
  const post = (id: string, headers: Record<string, string>) =>
    browser.send(`${app.url}/consent-link/${id}`, { method: 'POST', headers });

  test('leads a signed-in engineer to the consent page', async () => {
    process.env['WEBSITE_AUTH_ENABLED'] = 'True';
    const { id } = app.register();
    const answer = await post(id, { 'x-ms-client-principal': principal });
    assert.equal(answer.status, 303, answer.body);
    assert.match(
      (await browser.send(new URL(locationOf(answer), app.url).href)).body,
      /Continue to Microsoft/,
    );
  });

  for (const [sentence, enabled, headers] of [
    ['nobody without a principal', 'True', {}],
    ['nobody where the platform does not authenticate', '', { 'x-ms-client-principal': principal }],
  ] as const) {
    test(`leads ${sentence} anywhere`, async () => {
      process.env['WEBSITE_AUTH_ENABLED'] = enabled;
      const answer = await post(app.register().id, headers);
      assert.ok(answer.status >= 401 && answer.status < 500, String(answer.status));
      assert.equal(answer.headers.get('location'), null);
    });
  }
});
