import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { ads } from '../support/world.ts';
import { Browser, functionKey, principal } from './consent-app.ts';
import { app, browser, started } from './consent-scene.ts';

/** As long as the host lets through, and longer than it does. */
const lengths = { '7,500 bytes': 7500, '100 KB': 100_000 };
let long = '';
const form = { 'content-type': 'application/x-www-form-urlencoded' };

let link: string;
/** The state that this browser's cookie knows. */
let state: string;

before(async () => {
  await started;
  const name = { displayName: 'Person', userPrincipalName: 'person@contoso.example' };
  app.local.world.addAccount({ id: 'a', client: ads, consented: false, name });
  link = await app.linkFor('a');
});

beforeEach(async () => {
  const begun = await browser.post(link.replace(/\?.*/, ''), {
    link: new URL(link).searchParams.get('link') ?? '',
  });
  state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? '';
});

interface LongRequest {
  readonly path: string;
  readonly init?: RequestInit;
}

const key = { 'x-functions-key': functionKey };
const linkPath = () => link.slice(link.indexOf('/consent/'));
const requests: Record<string, () => LongRequest> = {
  'a link': () => ({ path: `${linkPath()}${long}` }),
  'a link in a form': () => ({
    path: '/consent/for/a',
    init: { method: 'POST', headers: form, body: `link=${long}` },
  }),
  'an account': () => ({ path: `/consent/for/${long}?${linkPath().split('?')[1]}` }),
  'an account that a tool asks for': () => ({
    path: `/tools/consent-link/${long}`,
    init: { method: 'POST', headers: key },
  }),
  'an account that the status page asks for': () => ({
    path: `/consent-link/${long}`,
    init: { method: 'POST', headers: { 'x-ms-client-principal': principal } },
  }),
  'a principal': () => ({
    path: '/consent-link/a',
    init: { method: 'POST', headers: { 'x-ms-client-principal': long } },
  }),
  'a state': () => ({ path: `/consent/callback?code=x&state=${long}` }),
  'a cookie': () => ({
    path: `/consent/callback?code=x&state=${state}`,
    init: { headers: { cookie: `__Host-consent=${'0'.repeat(32)}.${long}` } },
  }),
  'a receipt': () => ({ path: `/consent/done?receipt=${long}` }),
  'a receipt in form': () => ({
    path: `/consent/done?receipt=a.1800000000..${'0'.repeat(32)}.${long}`,
  }),
};

const refusals = [400, 401, 403, 404];
/** The host's own: the app is not asked. */
const hostRefusals = [414, 431, 500];

for (const [amount, length] of Object.entries(lengths))
  describe(`${amount} are refused, and before anybody else is asked:`, () => {
    for (const [name, request] of Object.entries(requests)) {
      test(name, async () => {
        long = 'A'.repeat(length);
        const { path, init } = request();
        process.env['WEBSITE_AUTH_ENABLED'] = 'True';
        const asked: string[] = [];
        const note = (what: string) => () => void asked.push(what);
        // A cookie can be told from a forged one with the signing key only.
        app.local.world.credentialsFaults.add({
          before: ({ name = '' }) => void (name === 'consent-signing-key' || asked.push('vault')),
        });
        app.local.world.entraFaults.add({ before: note('entra') });
        // Without this browser's own cookie where the request brings one.
        const visitor = init?.headers !== undefined && 'cookie' in init.headers ? new Browser() : browser;
        const answer = await visitor.send(app.url + path, init);
        app.local.world.credentialsFaults.clear();
        app.local.world.entraFaults.clear();
        assert.ok(
          (length > 8192 ? [...refusals, ...hostRefusals] : refusals).includes(answer.status),
          `${answer.status} ${answer.body.slice(0, 2000)}`,
        );
        assert.ok(answer.body.length < 10_000);
        assert.deepEqual(asked, []);
        if (answer.status !== 500) assert.deepEqual(app.lines, []);
      });
    }
  });

describe('a body', () => {
  const post = (bytes: number) => {
    const parameter = new URL(link).search.slice(1);
    const body = `x=${'A'.repeat(bytes - parameter.length - 3)}&${parameter}`;
    assert.equal(body.length, bytes);
    return browser.send(link.replace(/\?.*/, ''), { method: 'POST', headers: form, body });
  };

  test('of 8,192 bytes is read', async () => assert.equal((await post(8192)).status, 303));

  test('of one byte more is refused with 413, and nobody is asked', async () => {
    const asked: string[] = [];
    app.local.world.credentialsFaults.add({ before: () => void asked.push('vault') });
    const answer = await post(8193);
    app.local.world.credentialsFaults.clear();
    assert.equal(answer.status, 413);
    assert.match(answer.body, /This request is too long/);
    assert.deepEqual(asked, []);
  });

  test('of one byte more for a refresh is refused with 413', async () => {
    const init = { method: 'POST', headers: key, body: ' '.repeat(8193) };
    const answer = await browser.send(`${app.url}/refresh`, init);
    assert.deepEqual([answer.status, JSON.parse(answer.body).error.code], [413, 'body_too_long']);
  });
});

describe('7,500 bytes beside what is right change nothing:', () => {
  before(() => {
    long = 'A'.repeat(7500);
  });

  test('a parameter that nobody knows, of a link', async () => {
    const answer = await browser.send(`${link}&x=${long}`);
    assert.match(answer.body, /Continue to Microsoft/);
    assert.ok(answer.body.length < 10_000);
  });

  for (const name of ['error', 'error_description', 'code']) {
    test(`${name} of a callback with this browser’s state`, async () => {
      const beside = name === 'error_description' ? '&error=access_denied' : '';
      const answer = await browser.send(
        `${app.url}/consent/callback?state=${state}&${name}=${long}${beside}`,
      );
      assert.ok([200, 400].includes(answer.status), answer.body.slice(0, 2000));
      assert.ok(answer.body.length < 10_000);
      assert.equal(app.local.world.refreshTokenOf('a'), undefined);
    });
  }
});
