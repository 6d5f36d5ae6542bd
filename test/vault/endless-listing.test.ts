import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, type TestContext, test } from 'node:test';
import { PageTrail } from '../../src/vault/pipeline-policies.ts';
import { connectTo, errorOf, startOddVault, staticCredential } from './harness.ts';

interface OddListing {
  readonly url: string;
  /** Paths with query, as asked with a token. */
  readonly asked: string[];
}

/** A vault whose page `n`, counted from 0, names the next link; the warm-up's page stands outside of the count. */
async function startListing(
  t: TestContext,
  nextLink: (page: number, ownUrl: string) => unknown,
): Promise<OddListing> {
  const asked: string[] = [];
  let own = '';
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const isWarmUp = request.url?.includes('maxresults=1') === true;
    if (!isWarmUp) asked.push(request.url ?? '');
    const link = isWarmUp ? null : nextLink(asked.length - 1, own);
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ value: [], nextLink: link }));
  };
  own = await startOddVault(t, answer);
  return { url: own, asked };
}

const connect = (url: string) => connectTo(url, { credential: staticCredential });
const skip = (own: string, token: string): string => `${own}/secrets?api-version=7.6&$skiptoken=${token}`;

describe('a listing ends as a fault when the link to the next page', () => {
  const rows: readonly (readonly [
    what: string,
    nextLink: (page: number, own: string) => unknown,
    pages: number,
    detail: RegExp,
  ])[] = [
    ['is the page itself', (_, own) => `${own}/secrets?api-version=7.6`, 2, /seen before/],
    ['leads to a page before', (page, own) => skip(own, ['a', 'b', 'a'][page] ?? ''), 3, /seen before/],
    ['leads to the page again and again', (_, own) => skip(own, 'a'), 2, /seen before/],
    ['is no URL', () => 'garbage', 1, /elsewhere/],
    ['is no URL but a blank', () => ' ', 1, /elsewhere/],
    ['leads to another host', () => 'https://localhost:1/secrets?api-version=7.6', 1, /elsewhere/],
    ['leads to another port', (_, own) => skip(own.replace(/:\d+$/, ':1'), 'a'), 1, /elsewhere/],
    ['is not https', (_, own) => skip(own.replace('https', 'http'), 'a'), 1, /elsewhere/],
    ['leads to other secrets', (_, own) => `${own}/deletedsecrets?api-version=7.6`, 1, /elsewhere/],
  ];
  for (const [what, nextLink, pages, detail] of rows) {
    test(what, async (t) => {
      const { url, asked } = await startListing(t, nextLink);
      const error = await errorOf(connect(url).list());
      assert.equal(error.code, 'incomplete_listing');
      assert.match(error.message, detail);
      assert.equal(asked.length, pages, 'nothing is sent to where the link leads');
    });
  }

  test('is no text', async (t) => {
    const { url, asked } = await startListing(t, () => 7);
    assert.equal((await errorOf(connect(url).list())).code, 'unreachable');
    assert.equal(asked.length, 1);
  });
});

test('a listing without an end is ended by its limit', async (t) => {
  const { url, asked } = await startListing(t, (page, own) => skip(own, `${page}`));
  const error = await errorOf(connect(url).list(300));
  assert.equal(error.code, 'incomplete_listing');
  assert.match(error.message, /not finished after 0 s/);
  assert.ok(asked.length > 1);
});

test('two listings at once do not take each other’s pages for their own', async (t) => {
  const { url } = await startListing(t, () => null);
  const vault = connect(url);
  const listings = await Promise.all([vault.list(), vault.list(), vault.list()]);
  assert.deepEqual(
    listings.map(({ pages }) => pages),
    [1, 1, 1],
  );
});

describe('the trail of a listing', () => {
  const first = 'https://v.vault.azure.net/secrets?api-version=7.6';
  const rows: readonly (readonly [link: string, leads: boolean])[] = [
    ['https://v.vault.azure.net:443/secrets?api-version=7.6&$skiptoken=a&maxresults=25', true],
    ['https://V.vault.azure.net/secrets?api-version=7.6&$skiptoken=b', true],
    ['https://v.vault.azure.net:444/secrets?api-version=7.6&$skiptoken=a', false],
    ['https://w.vault.azure.net/secrets?api-version=7.6&$skiptoken=a', false],
    ['https://v.vault.azure.net:443/secrets?api-version=7.6', false],
  ];
  for (const [link, leads] of rows) {
    test(`${leads ? 'goes on' : 'ends'} at ${link}`, () => {
      const trail = new PageTrail(Number.POSITIVE_INFINITY);
      trail.follow(first);
      if (leads) trail.follow(link);
      else
        assert.throws(() => trail.follow(link), {
          name: 'GivenUpError',
          vaultErrorCode: 'incomplete_listing',
        });
    });
  }
});
