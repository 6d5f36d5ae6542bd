import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { FunctionsHost } from '../../local/functions-host/functions-host.ts';
import { type LocalEnvironment, startLocalEnvironment } from '../../local/local-environment.ts';
import { openApp, startApp, timerFunction } from '../../local/run-app.ts';
import { SkippingClock } from '../../local/skipping-clock.ts';
import { useClock } from '../../src/app/environment.ts';
import { secretValues } from '../support/vault-values.ts';
import { ads, crm } from '../support/world.ts';

const key = 'a-function-key';
const clock = new SkippingClock();
let local: LocalEnvironment;
let host: FunctionsHost;
/** Behind the platform's authentication. */
let url: string;
/** The same app without it: what the client sends arrives as it was sent. */
let bareUrl: string;
let listings = 0;

before(async () => {
  clock.moveTo(Math.ceil(clock.nowMilliseconds() / 1_800_000) * 1_800_000);
  useClock(clock);
  local = await startLocalEnvironment({ clock });
  const { world } = local;
  world.addAccount({ id: 'ads-emea', client: ads, accessTokenMinutesLeft: 60, owner: 'team <ads>' });
  world.addAccount({ id: 'crm-new', client: crm, consented: false, accessTokenMinutesLeft: 1 });
  world.entra.revoke({ user: world.addAccount({ id: 'crm-left', client: crm }).user });
  host = await startApp(local.appSettings, () => {});
  url = (await openApp(host, { functionKey: key })).url;
  bareUrl = (await host.listen()).url;
});

after(async () => {
  await host.stop();
  await local.close();
});

/** Counts the listings of the tokens vault, which has a single page. */
function watchListings(): void {
  listings = 0;
  local.world.tokensFaults.clear();
  local.world.credentialsFaults.clear();
  local.world.tokensFaults.add({
    operation: 'list',
    behaviour: () => {
      listings += 1;
      return undefined;
    },
  });
}

beforeEach(() => {
  watchListings();
  process.env['WEBSITE_AUTH_ENABLED'] = 'True';
});

async function get(address: string, headers: Record<string, string> = {}) {
  const response = await fetch(address, { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const json = { accept: 'application/json' };
const keyed = { 'x-functions-key': key };
const pastTheCache = (): void => clock.moveTo(clock.nowMilliseconds() + 60_000);

interface StatusJson {
  readonly asOf: string;
  readonly accounts: readonly Readonly<Record<string, string>>[];
}

const statesIn = (text: string) =>
  (JSON.parse(text) as StatusJson).accounts.map(({ account, state }) => `${account} ${state}`);

describe('GET /api/status', () => {
  test('names the settings that are wrong, to those who are signed in', async () => {
    const { TOKENS_VAULT_URL = '' } = local.appSettings;
    delete process.env['TOKENS_VAULT_URL'];
    const page = await get(`${url}/status`);
    assert.equal(page.status, 500);
    assert.match(page.text, /TOKENS_VAULT_URL is missing/);
    assert.doesNotMatch((await get(`${bareUrl}/status`)).text, /TOKENS_VAULT_URL/);
    process.env['TOKENS_VAULT_URL'] = TOKENS_VAULT_URL;
  });

  test('is a page of all accounts, with a form that asks for a consent link', async () => {
    await host.runTimer(timerFunction);
    const { status, headers, text } = await get(`${url}/status`, { accept: 'text/html,*/*;q=0.8' });
    assert.equal(status, 200);
    assert.equal(headers.get('content-type'), 'text/html; charset=utf-8');
    assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none'; /);
    assert.equal(headers.get('referrer-policy'), 'no-referrer');
    assert.equal(headers.get('cache-control'), 'no-store');
    for (const account of ['crm-left', 'crm-new'])
      assert.ok(text.includes(`<form method="post" action="/api/consent-link/${account}">`), account);
    assert.match(text, /team &lt;ads&gt;/);
    assert.match(text, /Last sweep completed/);
  });

  test('is JSON when that is accepted', async () => {
    const { status, headers, text } = await get(`${url}/status`, json);
    assert.equal(status, 200);
    assert.equal(headers.get('content-type'), 'application/json; charset=utf-8');
    assert.deepEqual(statesIn(text), ['crm-left reconsent', 'crm-new pending_consent', 'ads-emea healthy']);
  });

  test('filters by its query', async () => {
    const { text } = await get(`${url}/status?account=crm&client=&state=reconsent`, json);
    assert.deepEqual(statesIn(text), ['crm-left reconsent']);
  });

  test('refuses a state that there is not, and a query of 7 KB', async () => {
    for (const query of ['state=ill', `account=${'x'.repeat(7_000)}`])
      assert.equal((await get(`${url}/status?${query}`)).status, 400);
  });

  test('tells no secret, as a page or as JSON', async () => {
    const values = secretValues(local.world);
    assert.ok(values.length >= 5);
    const texts = [await get(`${url}/status`), await get(`${url}/status`, json)];
    for (const { text } of texts)
      assert.deepEqual(
        values.filter((value) => text.includes(value)),
        [],
      );
  });

  test('says what to do when a vault does not answer, and lists again at the next request', async () => {
    pastTheCache();
    local.world.credentialsFaults.denied.add('list');
    const page = await get(`${url}/status`);
    assert.equal(page.status, 503);
    assert.match(page.text, /readMetadata\/action/);
    local.world.credentialsFaults.clear();
    assert.equal((await get(`${url}/status`)).status, 200);
  });
});

describe('a status that nobody may see', () => {
  const forged = Buffer.from(JSON.stringify({ auth_typ: 'aad', claims: [{ typ: 'name', val: 'Eve' }] }));
  const principal = { 'x-ms-client-principal': forged.toString('base64') };

  for (const [what, enabled, headers, status] of [
    ['with a principal that is none', 'True', { 'x-ms-client-principal': 'e30=' }, 401],
    ['with a forged principal while the authentication is off', undefined, principal, 403],
    ['with a forged principal while it says False', 'False', principal, 403],
  ] as const) {
    test(`answers ${status} ${what}`, async () => {
      if (enabled === undefined) delete process.env['WEBSITE_AUTH_ENABLED'];
      else process.env['WEBSITE_AUTH_ENABLED'] = enabled;
      for (const accept of [{}, json]) {
        const answer = await get(`${bareUrl}/status`, { ...headers, ...accept });
        assert.equal(answer.status, status);
        assert.doesNotMatch(answer.text, /crm|ads-emea/);
      }
      assert.equal(listings, 0);
    });
  }

  for (const [what, headers] of [
    ['nothing', {}],
    ['a function key', keyed],
  ] as const) {
    test(`sends a browser with ${what} to sign in and come back, and refuses a tool`, async () => {
      process.env['WEBSITE_AUTH_ENABLED'] = 'True';
      const asked = `${bareUrl}/status?state=reconsent&account=ads`;
      const browser = await fetch(asked, { headers, redirect: 'manual' });
      const back = encodeURIComponent('/api/status?state=reconsent&account=ads');
      assert.equal(browser.status, 303);
      assert.equal(browser.headers.get('location'), `/.auth/login/aad?post_login_redirect_uri=${back}`);
      assert.equal((await get(asked, { ...headers, ...json })).status, 401);
      assert.equal(listings, 0);
    });
  }

  test('is shown to whom the platform signed in, whatever principal the client sends', async () => {
    assert.equal((await get(`${url}/status`, { 'x-ms-client-principal': 'e30=' })).status, 200);
  });

  for (const path of ['status', 'tools/status']) {
    test(`refuses a function key in the address of ${path} and does not repeat it`, async () => {
      const answer = await get(`${url}/${path}?code=${key}`, keyed);
      assert.equal(answer.status, 400);
      assert.match(answer.text, /x-functions-key/);
      assert.ok(!answer.text.includes(key));
    });
  }
});

describe('GET /api/tools/status', () => {
  test('is JSON for a key in the header, a page on request', async () => {
    delete process.env['WEBSITE_AUTH_ENABLED'];
    assert.equal(statesIn((await get(`${url}/tools/status`, keyed)).text).length, 3);
    const page = await get(`${url}/tools/status?state=reconsent`, { ...keyed, accept: 'text/html' });
    assert.match(page.text, /^<!doctype html>/);
  });

  test('answers 401 to no key and to a wrong one', async () => {
    for (const headers of [{}, { 'x-functions-key': 'other' }] as const)
      assert.equal((await get(`${url}/tools/status`, headers)).status, 401);
  });
});

describe('the cache of the status', () => {
  const asOf = async (): Promise<string> => {
    const { text } = await get(`${url}/status`, json);
    return (JSON.parse(text) as StatusJson).asOf;
  };

  test('keeps a listing for a minute, and the page says as of when', async () => {
    pastTheCache();
    const first = await asOf();
    clock.moveTo(Date.parse(first) + 30_000);
    assert.equal(await asOf(), first);
    assert.equal(listings, 1);
    const shown = first.replace('T', ' ').replace('Z', ' UTC');
    assert.ok((await get(`${url}/status`)).text.includes(`As of <time datetime="${first}">${shown}`));
    clock.moveTo(Date.parse(first) + 120_000);
    assert.notEqual(await asOf(), first);
    assert.equal(listings, 2);
  });

  test('is given up when a refresh was asked for', async () => {
    pastTheCache();
    await asOf();
    await (
      await fetch(`${url}/refresh`, { method: 'POST', headers: keyed, body: '{"account":"ads-emea"}' })
    ).text();
    const before = listings;
    await asOf();
    assert.equal(listings, before + 1);
  });
});
