import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import type { FaultBehaviour } from '../../local/key-vault/vault-faults.ts';
import { ads } from '../support/world.ts';
import { Browser, functionKey, principal } from './consent-app.ts';
import { app, started } from './consent-scene.ts';

const person = { displayName: 'Adele', userPrincipalName: 'adele@contoso.example' };
const browser = new Browser();

before(async () => {
  await started;
  app.local.world.addAccount({ id: 'ads-emea', client: ads, consented: false, name: person });
});

beforeEach(() => {
  // Nothing that was read before counts.
  app.clock.moveTo(app.clock.nowMilliseconds() + 660_000);
  process.env['WEBSITE_AUTH_ENABLED'] = 'True';
});

/** A link of the right form, signed by nobody: what a stranger can make up. */
const inADay = (): number => Math.floor(app.clock.nowMilliseconds() / 1000) + 86_400;
const link = () => `${inADay()}.${'0'.repeat(32)}.${'A'.repeat(43)}.${'A'.repeat(43)}`;
const receipt = () => `ads-emea.${inADay()}..${'0'.repeat(32)}.${'A'.repeat(43)}`;
const post = { method: 'POST' };

/** Every way in; whom it answers decides what it tells. */
const pages: readonly (readonly [string, () => Promise<{ status: number; body: string }>])[] = [
  ['the page of a link', () => browser.send(`${app.url}/consent/for/ads-emea?link=${link()}`)],
  ['the button to Microsoft', () => browser.post(`${app.url}/consent/for/ads-emea`, { link: link() })],
  ['the callback', () => new Browser().send(callback(), { headers: { cookie: attemptCookie } })],
  ['the page after a consent', () => browser.send(`${app.url}/consent/done?receipt=${receipt()}`)],
];
/** Where a code is under way, a reload may end the consent yet. */
const titleOf = (page: string, status: number): RegExp =>
  page === 'the callback' && status === 503
    ? /<h1>Your consent is not finished yet/
    : /<h1>This link cannot be used right now/;
const attemptCookie = `__Host-consent=${'0'.repeat(32)}.sealed`;
const callback = () => `${app.url}/consent/callback?state=x&code=the-code`;
const button = (headers: Record<string, string> = { 'x-ms-client-principal': principal }) =>
  browser.send(`${app.url}/consent-link/ads-emea`, { ...post, headers });
const tools = () =>
  browser.send(`${app.url}/tools/consent-link/ads-emea`, {
    ...post,
    headers: { 'x-functions-key': functionKey },
  });

interface Expected {
  readonly status: number;
  readonly code: string;
  /** What operators read and strangers do not. */
  readonly detail: RegExp;
}

/** The tests of one fault, at every way in. */
function testEveryWayIn({ status, code, detail }: Expected, begin: () => void, end = (): void => {}): void {
  for (const [name, ask] of pages) {
    test(`${name} answers ${status} in plain words with the code ${code}, and the log says the rest`, async () => {
      begin();
      const answer = await ask();
      end();
      assert.equal(answer.status, status);
      assert.match(answer.body, titleOf(name, status));
      assert.match(answer.body, /tell the operator/i);
      assert.match(answer.body, new RegExp(`Code ${code}\\.`));
      assert.doesNotMatch(answer.body, detail);
      assert.doesNotMatch(answer.body, /https:|127\.0\.0\.1|VAULT_URL|Microsoft\.KeyVault|the-code/);
      assert.match(app.lines.join('\n'), detail);
      assert.doesNotMatch(app.lines.join('\n'), /the-code|AAAAAA/);
    });
  }

  test('the status page’s button tells a signed-in engineer cause and remedy, and a stranger nothing', async () => {
    begin();
    const [answer, stranger] = [await button(), await button({})];
    end();
    assert.equal(answer.status, status);
    assert.match(answer.body, /<h1>No consent link/);
    assert.match(answer.body, detail);
    assert.match(answer.body, new RegExp(code));
    assert.equal(stranger.status, 401);
    assert.doesNotMatch(stranger.body, detail);
  });

  test('tools get code, cause and remedy as JSON', async () => {
    begin();
    const answer = await tools();
    end();
    assert.equal(answer.status, status);
    assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8');
    const { error } = JSON.parse(answer.body);
    assert.equal(error.code, code);
    assert.match(`${error.cause} ${error.remedy}`, detail);
  });
}

function settingTests(name: string, wrong: string | undefined, detail: RegExp): void {
  let right: string | undefined;
  const put = (value: string | undefined): void => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  const begin = (): void => {
    right = process.env[name];
    put(wrong);
  };
  testEveryWayIn({ status: 500, code: 'configuration_invalid', detail }, begin, () => put(right));
}

// In this order: what a process has once understood of its settings it keeps.
describe('a consent while a setting is wrong', () => {
  settingTests('TOKENS_VAULT_URL', 'my-vault', /TOKENS_VAULT_URL must be the vault(&#39;|')s URL/);
});

describe('a consent while a setting is missing', () => {
  settingTests('CREDENTIALS_VAULT_URL', undefined, /CREDENTIALS_VAULT_URL is missing/);
});

const refusal = { kind: 'status', status: 403, code: 'Forbidden', innerCode: 'ForbiddenByRbac' } as const;
const faults: readonly (readonly [string, FaultBehaviour, Expected])[] = [
  [
    'denies reading',
    refusal,
    { status: 503, code: 'vault_forbidden', detail: /secrets\/getSecret\/action on https:\/\/127/ },
  ],
  [
    'fails',
    // Of all answers that count as none, the SDK repeats this one not.
    { kind: 'status', status: 501, code: 'NotImplemented' },
    { status: 503, code: 'vault_unreachable', detail: /Check that https:\/\/127\.0\.0\.1:\d+ exists/ },
  ],
];

for (const [what, behaviour, expected] of faults) {
  describe(`a consent while the vault ${what}`, () => {
    testEveryWayIn(expected, () => app.local.world.credentialsFaults.add({ operation: 'get', behaviour }));
  });
}

describe('after the fault', () => {
  test('the same link works again', async () => {
    const good = await app.linkFor('ads-emea');
    app.local.world.credentialsFaults.add({ operation: 'get', behaviour: refusal });
    assert.equal((await browser.send(good)).status, 503);
    app.local.world.credentialsFaults.clear();
    assert.equal((await browser.send(good)).status, 200);
  });
});
