import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { userKey } from '../../local/entra/users.ts';
import type { SampleAccount } from '../../local/samples.ts';
import { ads, crm } from '../support/world.ts';
import { beginConsent, locationOf } from './browser-consent.ts';
import { commandLine } from './run.ts';

const cli = commandLine(({ world }) => {
  world.addAccount({ id: 'unnamed', client: crm, consented: false });
  world.addAccount({ id: 'typo', client: crm, registration: '{}' });
  world.addAccount({ id: 'resting', client: crm, paused: true });
});

let people = 0;

function register(id: string, changes: Partial<SampleAccount> = {}) {
  people += 1;
  const name = { displayName: `Person ${people}`, userPrincipalName: `person${people}@contoso.example` };
  return cli.world.addAccount({ id, client: ads, consented: false, name, ...changes });
}

describe('consent', () => {
  test('gives a link that the app honours', async () => {
    register('linked');
    const { exitCode, out, err } = await cli.run('consent linked');
    assert.deepEqual([exitCode, err], [0, '']);
    assert.match(
      out,
      /Give this link to the user; it works until .*Z:\n {2}https:\/\/refresher\.example\/api\/consent\/for\/linked\?link=/,
    );
  });

  test('gives it as JSON, for the address that an option names, and to no event', async () => {
    const ran = await cli.run('consent linked --app-url https://other.example --json --verbose');
    const { url, expiresAt } = ran.json<{ url: string; expiresAt: string }>();
    assert.match(url, /^https:\/\/other\.example\/api\/consent\/for\/linked\?link=/);
    assert.match(expiresAt, /Z$/);
    assert.equal(ran.err, 'Signed in with: managed identity\n');
  });

  for (const [what, line, code, message] of [
    ['an account that names no user', 'consent unnamed', 1, /names no user\.\nAdd "loginHint" or "user"/],
    ['a faulty registration', 'consent typo', 1, /cannot be used: .*\nCorrect it/],
    ['a paused account', 'consent resting', 1, /no such account\.\nIt is not registered, or it is paused/],
    ['an account that is not there', 'consent nobody', 1, /not registered/],
    ['an id that no account can have', 'consent No', 2, /account id "No"/],
    [
      'an address with a path',
      'consent linked --app-url https://a.example/api',
      2,
      /PUBLIC_URL must be .*\n.*--app-url/,
    ],
  ] as const) {
    test(`gives none for ${what}`, async () => {
      const { exitCode, out, err } = await cli.run(line);
      assert.deepEqual([exitCode, out], [code, '']);
      assert.match(err, message);
    });
  }

  test('wants to know where the app is', async () => {
    const { exitCode, err } = await cli.run('consent linked', { env: { PUBLIC_URL: '' } });
    assert.equal(exitCode, 2);
    assert.match(err, /Give --app-url/);
  });

  test('is told when the vault denies it', async () => {
    cli.world.credentialsFaults.denied.add('get');
    const { exitCode, err } = await cli.run('consent linked');
    assert.equal(exitCode, 3);
    assert.match(err, /getSecret\/action/);
  });
});

describe('consent --browser', () => {
  for (const [endpoint, changes] of [
    ['v2', {}],
    ['v1', { resource: 'https://service.contoso.com/' }],
  ] as const) {
    test(`runs the whole flow on loopback for the ${endpoint} endpoint`, async () => {
      const id = `here-${endpoint}`;
      const { user } = register(id, changes);
      const { command, browser, signIn, url } = await beginConsent(cli, id);
      assert.match(signIn, /redirect_uri=http%3A%2F%2Flocalhost%3A\d+%2Fapi%2Fconsent%2Fcallback/);
      const agreed = await browser.post(signIn, { decision: 'accept', user: userKey(user) });
      const back = await browser.send(locationOf(agreed.headers));
      assert.deepEqual([back.status, back.headers.get('location')], [303, '/done']);
      const done = await browser.send(`${new URL(url).origin}/done`);
      assert.match(done.body, new RegExp(`${id} is ready`));
      const { exitCode, out } = await command.done;
      assert.equal(exitCode, 0);
      assert.match(
        out,
        new RegExp(`"${id}" has consented\\. Its access token is published, valid until .*Z`),
      );
      assert.equal(cli.world.tokens.versionsOf(`access-token-${id}`).length, 1);
    });
  }

  test('ends with 1 when the user declines, in words', async () => {
    register('declined');
    const { command, browser, signIn, url } = await beginConsent(cli, 'declined', '--json');
    const declined = await browser.post(signIn, { decision: 'cancel' });
    await browser.send(locationOf(declined.headers));
    assert.match((await browser.send(`${new URL(url).origin}/done`)).body, /Consent was declined/);
    const { exitCode, out, err } = await command.done;
    assert.deepEqual([exitCode, out], [1, '']);
    const json = JSON.parse(err.slice(err.indexOf('{')));
    assert.equal(json.error.cause, 'Consent was declined.');
  });

  test('stores nothing of another user', async () => {
    register('mine');
    const { user: other } = register('not-mine');
    const { command, browser, signIn, url } = await beginConsent(cli, 'mine');
    const agreed = await browser.post(signIn, { decision: 'accept', user: userKey(other) });
    await browser.send(locationOf(agreed.headers));
    await browser.send(`${new URL(url).origin}/done`);
    const { exitCode, err } = await command.done;
    assert.equal(exitCode, 1);
    assert.match(err, /Another user signed in/);
    assert.equal(cli.world.credentials.versionsOf('refresh-token-mine').length, 0);
  });

  test('answers nobody who does not know its address, nor an answer of another consent', async () => {
    const { user } = register('guarded');
    const { command, browser, signIn, url } = await beginConsent(cli, 'guarded');
    const { origin, port } = new URL(url);
    for (const path of ['/', '/done', '/consent/guessed', '/api/consent/guarded'])
      assert.equal((await browser.send(origin + path)).status, 404, path);
    assert.equal(
      (await browser.send(`http://127.0.0.1:${port}${new URL(url).pathname}`)).status,
      404,
      'another host name',
    );
    const forged = await browser.send(`${origin}/api/consent/callback?code=x&state=y`);
    assert.equal(forged.status, 400);
    const agreed = await browser.post(signIn, { decision: 'accept', user: userKey(user) });
    await browser.send(locationOf(agreed.headers));
    await browser.send(`${origin}/done`);
    assert.equal((await command.done).exitCode, 0, 'and goes on afterwards');
  });

  test('says that a port is taken', async (t) => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    t.after(() => other.close());
    const { exitCode, err } = await cli.run(
      `consent linked --browser --port ${(other.address() as AddressInfo).port}`,
    );
    assert.equal(exitCode, 2);
    assert.match(err, /is not free here/);
  });

  test('does not begin for an account that names no user', async () => {
    const { exitCode, err } = await cli.run('consent unnamed --browser');
    assert.equal(exitCode, 1);
    assert.match(err, /names no user/);
  });
});
