import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { ads } from '../support/world.ts';
import { principal } from './consent-app.ts';
import { app, browser, started } from './consent-scene.ts';

const person = { displayName: 'Adele', userPrincipalName: 'adele@contoso.example' };

before(async () => {
  await started;
  app.local.world.addAccount({ id: 'ads-emea', client: ads, consented: false, name: person });
});

const own = (): string => new URL(app.url).origin;
const foreign = (): string => 'https://evil.example';
const nobody = (): string => 'null';

interface Source {
  readonly site?: string;
  readonly origin?: () => string;
}

const headersOf = ({ site, origin }: Source): Record<string, string> => ({
  ...(site === undefined ? {} : { 'sec-fetch-site': site }),
  ...(origin === undefined ? {} : { origin: origin() }),
});

describe('the status page’s button, pressed with', () => {
  const press = (source: Source) =>
    browser.send(`${app.url}/consent-link/ads-emea`, {
      method: 'POST',
      headers: { ...headersOf(source), 'x-ms-client-principal': principal },
    });

  const cases: readonly (readonly [string, Source, 303 | 403])[] = [
    [
      'our page, which tells no origin because it sends no referrer',
      { site: 'same-origin', origin: nobody },
      303,
    ],
    ['a reload or a restored tab', { site: 'none' }, 303],
    ['another site', { site: 'cross-site', origin: foreign }, 403],
    ['another site that claims our origin', { site: 'cross-site', origin: own }, 403],
    ['a sister domain', { site: 'same-site', origin: foreign }, 403],
    ['an unknown word', { site: 'Same-Origin' }, 403],
    ['two words', { site: 'same-origin, cross-site' }, 403],
    ['an older browser on our origin', { origin: own }, 303],
    ['an older browser on another site', { origin: foreign }, 403],
    ['an older browser that hides its origin', { origin: nobody }, 403],
    ['no browser', {}, 303],
  ];
  for (const [sentence, source, status] of cases) {
    test(`${sentence}: ${status}`, async () => {
      const answer = await press(source);
      assert.equal(answer.status, status, answer.body);
      if (status === 303) return;
      assert.equal(answer.headers.get('location'), null);
      assert.match(answer.body, /No consent link.*Open the status page itself and press the button there/s);
    });
  }
});

describe('the button to Microsoft, pressed with', () => {
  const press = async (source: Source) => {
    const link = new URL(await app.linkFor('ads-emea'));
    return browser.send(link.origin + link.pathname, {
      method: 'POST',
      headers: { ...headersOf(source), 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ link: link.searchParams.get('link') ?? '' }).toString(),
    });
  };

  const cases: readonly (readonly [string, Source, 303 | 403])[] = [
    ['our page', { site: 'same-origin', origin: nobody }, 303],
    ['our page in an older browser', { origin: nobody }, 303],
    ['a reload', { site: 'none' }, 303],
    ['another site that holds the link', { site: 'cross-site', origin: foreign }, 403],
    ['a sister domain that holds the link', { site: 'same-site', origin: foreign }, 403],
  ];
  for (const [sentence, source, status] of cases) {
    test(`${sentence}: ${status}`, async () => {
      const answer = await press(source);
      assert.equal(answer.status, status, answer.body);
      if (status === 303) return;
      assert.equal(answer.headers.get('set-cookie'), null);
      assert.match(answer.body, /Open the consent link itself/);
    });
  }

  test('but the link itself may be opened from anywhere: a mail, a chat', async () => {
    const answer = await browser.send(await app.linkFor('ads-emea'), {
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    assert.equal(answer.status, 200);
  });
});
