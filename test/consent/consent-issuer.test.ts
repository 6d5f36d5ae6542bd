import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { EntraFault } from '../../local/entra/entra-faults.ts';
import type { EntraEndpoint } from '../../local/entra/wire.ts';
import { type Answer, Browser, locationOf, textOf } from './consent-app.ts';
import { app } from './consent-scene.ts';

beforeEach(() => {
  app.local.world.entra.issuerAuthority = undefined;
  // What an earlier test's metadata said is too old to count.
  pass(2 * 86_400);
});

function pass(seconds: number): void {
  app.clock.moveTo(app.clock.nowMilliseconds() + seconds * 1000);
}

type Audience = { readonly resource?: string };

/** A new account's user, signed in at Entra; the address with the code is still to be visited. */
async function signedIn(audience: Audience = {}): Promise<{ browser: Browser; id: string; back: string }> {
  const browser = new Browser();
  const { id, user } = app.register(audience);
  const toEntra = await browser.press(await app.linkFor(id));
  return { browser, id, back: await browser.accept(locationOf(toEntra), user) };
}

const isDone = (answer: Answer): boolean => locationOf(answer).startsWith('/api/consent/done?receipt=');

/** Codes that Entra was asked to redeem so far. */
const redemptions = (): number =>
  app.local.world.entra.recentRequests().filter(({ path }) => path.endsWith('/token')).length;

describe('the issuer of an id token is the one that the authority’s metadata names', () => {
  const authorities = ['https://login.chinacloudapi.cn', 'https://contoso.ciamlogin.com'];
  const resource = 'https://service.contoso.com/';
  for (const authority of authorities) {
    for (const [version, audience] of Object.entries({ v2: {}, v1: { resource } })) {
      test(`as ${authority} answers on ${version}`, async () => {
        app.local.world.entra.issuerAuthority = authority;
        const { browser, back } = await signedIn(audience);
        const answer = await browser.send(back);
        assert.ok(isDone(answer), textOf(answer));
      });
      test(`and no other, on ${version}, as ${authority} answers`, async () => {
        app.local.world.entra.issuerAuthority = authority;
        app.local.world.entraFaults.add({ idToken: 'other_issuer' });
        const { browser, back } = await signedIn(audience);
        assert.match(textOf(await browser.send(back)), /What was wrong: iss\./);
      });
    }
  }
});

const metadata = (changes: object, endpoint: EntraEndpoint = 'configuration'): EntraFault => {
  const tenant = '7fe81447-da57-4385-becb-6de57f21477e';
  const authority = new URL(app.local.urls.entra).origin;
  const body = {
    issuer: `${authority}/${tenant}/v2.0`,
    jwks_uri: `${authority}/${tenant}/discovery/v2.0/keys`,
    ...changes,
  };
  return { match: { endpoint }, answer: { status: 200, headers: {}, body: JSON.stringify(body) } };
};
const status = (code: number, endpoint: EntraEndpoint): EntraFault => ({
  match: { endpoint },
  answer: { status: code, headers: {}, body: '<html></html>' },
});

describe('while the metadata or the keys cannot be had', () => {
  const faults: readonly (readonly [string, () => EntraFault, string])[] = [
    ['the metadata answers 503', () => status(503, 'configuration'), 'metadata_unreachable'],
    ['the keys answer 500', () => status(500, 'keys'), 'metadata_unreachable'],
    [
      'the metadata’s connection breaks',
      () => ({ match: { endpoint: 'configuration' }, network: 'close_mid_body' }),
      'metadata_unreachable',
    ],
    ['the metadata redirects', () => status(302, 'configuration'), 'metadata_unreachable'],
    ['the metadata is HTML', () => status(200, 'configuration'), 'metadata_malformed'],
    ['the metadata names no issuer', () => metadata({ issuer: 7 }), 'metadata_malformed'],
    ['the metadata names no keys', () => metadata({ jwks_uri: undefined }), 'metadata_malformed'],
    ['the keys are none', () => metadata({}, 'keys'), 'metadata_malformed'],
    [
      'the keys are at a host that nobody trusts',
      () => metadata({ jwks_uri: 'https://keys.example/keys' }),
      'keys_host_untrusted',
    ],
    ['the metadata is endless', () => metadata({ filler: 'x'.repeat(2 ** 20) }), 'metadata_unreachable'],
  ];
  for (const [what, fault, code] of faults) {
    test(`${what}: the code is not spent, and a reload ends the consent`, async () => {
      const { browser, back } = await signedIn();
      const before = redemptions();
      app.local.world.entraFaults.add(fault());
      const answer = await browser.send(back);
      assert.equal(answer.status, 503);
      assert.match(textOf(answer), /Reload this page/);
      assert.match(textOf(answer), new RegExp(`Code ${code}\\.`));
      assert.equal(answer.headers.get('set-cookie'), null);
      assert.equal(redemptions(), before);
      app.local.world.entraFaults.clear();
      assert.ok(isDone(await browser.send(back)));
    });
  }

  test('they are asked for three times', async () => {
    for (const [times, done] of [
      [2, true],
      [3, false],
    ] as const) {
      pass(2 * 86_400);
      app.local.world.entraFaults.add({ ...status(503, 'configuration'), times });
      const { browser, back } = await signedIn();
      assert.equal(isDone(await browser.send(back)), done, `${times} faults`);
      app.local.world.entraFaults.clear();
    }
  });

  test('those of the last day serve, and are not asked for within an hour', async () => {
    for (const [hours, done] of [
      [0, true],
      [0.9, true],
      [23, true],
      [25, false],
    ] as const) {
      pass(2 * 86_400);
      const first = await signedIn();
      assert.ok(isDone(await first.browser.send(first.back)));
      pass(hours * 3600);
      app.local.world.entraFaults.add(status(503, 'configuration'));
      const { browser, back } = await signedIn();
      assert.equal(isDone(await browser.send(back)), done, `after ${hours} hours`);
      assert.equal(app.local.world.entraFaults.size, 1);
      app.local.world.entraFaults.clear();
    }
  });
});
