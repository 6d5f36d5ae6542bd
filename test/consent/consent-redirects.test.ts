import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { functionKey, locationOf } from './consent-app.ts';
import { app, browser } from './consent-scene.ts';
import { assertHarmless, evil } from './hostile.ts';

const begin = async (id: string): Promise<URL> =>
  new URL(locationOf(await browser.press(await app.linkFor(id))));

describe('a callback with hostile text in', () => {
  const fields = [
    'error',
    'error_description',
    'error_uri',
    'error_subcode',
    'suberror',
    'claims',
    'code',
    'session_state',
    'client_info',
    'admin_consent',
    'tenant',
    'trace_id',
    'anything',
    evil,
  ];
  for (const field of fields) {
    for (const base of ['error', 'code'] as const) {
      test(`${field === evil ? 'a name' : field}, beside ${base}`, async () => {
        const signIn = await begin(app.register().id);
        const callback = new URL(`${app.url}/consent/callback`);
        callback.searchParams.set(base, base === 'error' ? 'access_denied' : 'a-code');
        callback.searchParams.set('state', signIn.searchParams.get('state') ?? '');
        callback.searchParams.set(field, evil);
        const answer = await browser.send(callback.href);
        assertHarmless(app, answer);
        assert.doesNotMatch(answer.body, /alert\(1\)/);
      });
    }
  }

  test('its state', async () => {
    await begin(app.register().id);
    const callback = new URL(`${app.url}/consent/callback?code=a-code`);
    callback.searchParams.set('state', evil);
    const answer = await browser.send(callback.href);
    assertHarmless(app, answer);
    assert.equal(answer.status, 400);
  });
});

describe('nobody is led elsewhere by', () => {
  const elsewhere = ['https://evil.example/', '//evil.example/', '/\\evil.example', 'javascript:alert(1)'];
  for (const target of elsewhere) {
    for (const name of ['redirect_uri', 'state', 'receipt', 'link', 'returnUrl', 'account']) {
      test(`${name}=${target}`, async () => {
        const account = app.register();
        const query = new URLSearchParams({ [name]: target });
        const link = await app.linkFor(account.id);
        const pages = [
          `${app.url}/consent/done?${query}`,
          `${app.url}/consent/callback?${query}`,
          `${app.url}/consent/callback?code=a-code&${query}`,
          `${link}&${query}`,
        ];
        for (const page of pages) {
          const answer = await browser.send(page);
          assertHarmless(app, answer);
          assert.equal(answer.headers.get('location'), null);
          assert.doesNotMatch(answer.body, /evil\.example|javascript:/);
        }
        const begun = await browser.post(link.replace(/\?.*/, `?${query}`), {
          link: new URL(link).searchParams.get('link') ?? '',
          [name === 'link' ? 'next' : name]: target,
        });
        assertHarmless(app, begun);
        const { origin, searchParams } = new URL(locationOf(begun));
        assert.equal(origin, app.local.urls.entra);
        assert.equal(searchParams.get('redirect_uri'), `${new URL(app.url).origin}/api/consent/callback`);
      });
    }

    test(`the account ${target} in the path`, async () => {
      for (const path of ['consent', 'consent-link', 'tools/consent-link']) {
        for (const name of [encodeURIComponent(target), target]) {
          const answer = await browser.send(`${app.url}/${path}/${name}`, {
            method: 'POST',
            headers: { 'x-functions-key': functionKey },
          });
          assertHarmless(app, answer);
          assert.equal(answer.headers.get('location'), null);
        }
      }
    });
  }

  for (const header of ['x-forwarded-host', 'x-original-host', 'x-forwarded-proto', 'forwarded', 'host']) {
    test(`the header ${header}`, async () => {
      const { id } = app.register();
      const link = new URL(await app.linkFor(id));
      const value = header === 'forwarded' ? 'host=evil.example;proto=http' : 'evil.example';
      const begun = await browser.send(link.origin + link.pathname, {
        method: 'POST',
        headers: { [header]: value, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ link: link.searchParams.get('link') ?? '' }).toString(),
      });
      assertHarmless(app, begun);
      assert.doesNotMatch(locationOf(begun), /evil\.example/);
      const minted = await browser.send(`${app.url}/tools/consent-link/${id}`, {
        method: 'POST',
        headers: { [header]: value, 'x-functions-key': functionKey },
      });
      assert.ok(
        (JSON.parse(minted.body) as { url: string }).url.startsWith(`${link.origin}/api/consent/for/`),
      );
    });
  }
});
