import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const checkout = mkdtempSync(join(tmpdir(), 'start-'));
let app: ChildProcess;
let url = '';
let key = '';

/** A checkout with settings of its own; theirs are wrong, so that what gets in meets that fault and no vault. */
before(async () => {
  for (const name of ['src', 'local', 'functions', 'host.json', 'package.json'])
    cpSync(join(root, name), join(checkout, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'), 'junction');
  const Values = { CREDENTIALS_VAULT_URL: 'no vault', TOKENS_VAULT_URL: 'https://tokens.vault.azure.net' };
  writeFileSync(join(checkout, 'local.settings.json'), JSON.stringify({ IsEncrypted: false, Values }));
  app = spawn(process.execPath, ['local/start.ts'], { cwd: checkout });
  let out = '';
  await new Promise<void>((resolve) => {
    // The pipe stays open: an app that logs into a closed one ends.
    app.stdout?.on('data', (chunk) => {
      out += String(chunk);
      if (out.includes('Ctrl-C ends it')) resolve();
    });
    app.once('exit', () => resolve());
  });
  [, url = ''] = /Status page +(\S+)\/status/.exec(out) ?? [];
  [, key = ''] = /Key +(\S+)/.exec(out) ?? [];
});
after(async () => {
  const exited = once(app, 'exit');
  if (app.kill('SIGKILL')) await exited;
  rmSync(checkout, { recursive: true, force: true });
});

const send = (path: string, init: RequestInit = {}) =>
  fetch(new URL(path, url), { redirect: 'manual', ...init });
const signIn = (given: string, query = '') =>
  send(`/.auth/login/aad${query}`, { method: 'POST', body: new URLSearchParams({ key: given }) });
const cookieOf = (answer: Response) => answer.headers.get('set-cookie')?.split(';')[0] ?? '';

describe('npm start on the vaults of local.settings.json', () => {
  test('prints a key of 256 bits', () => assert.match(key, /^[\w-]{43}$/));

  for (const [method, path] of [
    ['POST', '/api/refresh'],
    ['GET', '/api/tools/status'],
    ['POST', '/api/tools/consent-link/ads-emea'],
  ] as const) {
    test(`${method} ${path} asks for that key`, async () => {
      assert.equal((await send(path, { method })).status, 401);
      assert.equal((await send(path, { method, headers: { 'x-functions-key': `${key}x` } })).status, 401);
      const admitted = await send(path, { method, headers: { 'x-functions-key': key } });
      assert.match(await admitted.text(), /CREDENTIALS_VAULT_URL/);
    });
  }

  test('the status page and its button let nobody in who has not signed in, whatever principal is sent', async () => {
    const principal = Buffer.from('{"auth_typ":"aad","claims":[{}]}').toString('base64');
    const headers = { 'x-ms-client-principal': principal, cookie: 'AppServiceAuthSession=guessed' };
    const page = await send('/api/status?state=reconsent', { headers });
    assert.equal(page.status, 303);
    assert.match(page.headers.get('location') ?? '', /^\/\.auth\/login\/aad\?post_login_redirect_uri=/);
    const link = await send('/api/consent-link/ads-emea', { method: 'POST', headers });
    assert.equal(link.status, 401);
  });

  test('the sign-in asks for the key, sets no cookie for another one, and leads back with the right one', async () => {
    const query = `?post_login_redirect_uri=${encodeURIComponent('/api/status?state=reconsent')}`;
    assert.match(await (await send(`/.auth/login/aad${query}`)).text(), /type="password" name="key"/);
    const refused = await signIn(`${key}x`, query);
    assert.deepEqual([refused.status, cookieOf(refused)], [401, '']);
    const signedIn = await signIn(key, query);
    assert.equal(signedIn.headers.get('location'), new URL('/api/status?state=reconsent', url).href);
    assert.match(signedIn.headers.get('set-cookie') ?? '', /; HttpOnly; SameSite=Lax$/);
    const page = await send('/api/status', { headers: { cookie: `other=1; ${cookieOf(signedIn)}` } });
    assert.match(await page.text(), /CREDENTIALS_VAULT_URL/);
  });

  for (const target of [
    'https://elsewhere.example/',
    '//elsewhere.example/',
    '/\\elsewhere.example/',
    'javascript:0',
    '',
  ])
    test(`the sign-in leads to the status page, not to "${target}"`, async () => {
      const query = `?post_login_redirect_uri=${encodeURIComponent(target)}`;
      assert.equal((await signIn(key, query)).headers.get('location'), `${url}/status`);
    });
});
