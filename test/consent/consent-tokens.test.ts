import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { userKey } from '../../local/entra/users.ts';
import { timerFunction } from '../../local/run-app.ts';
import type { SampleAccount, SeededAccount } from '../../local/samples.ts';
import { ads } from '../support/world.ts';
import { type Answer, functionKey, textOf } from './consent-app.ts';
import { app, browser } from './consent-scene.ts';

const graph = { scopes: ['https://graph.microsoft.com/User.Read'] };
const adsApi = { scopes: ['https://ads.microsoft.com/msads.manage'] };

let people = 0;

function register(
  id: string,
  tokens: SampleAccount['tokens'],
  changes: Partial<SampleAccount> = {},
): SeededAccount {
  people += 1;
  const name = { displayName: `Person ${people}`, userPrincipalName: `person${people}@contoso.example` };
  const named = tokens === undefined ? {} : { tokens };
  return app.local.world.addAccount({ id, client: ads, consented: false, name, ...named, ...changes });
}

const locationOf = ({ headers }: Answer): string => headers.get('location') ?? '';

async function follow(link: string, { user }: SeededAccount): Promise<Answer> {
  const { origin, pathname, searchParams } = new URL(link);
  const begun = await browser.post(origin + pathname, { link: searchParams.get('link') ?? '' });
  const agreed = await browser.post(locationOf(begun), { decision: 'accept', user: userKey(user) });
  return browser.send(locationOf(agreed).replace(/#.*$/, ''));
}

const redemptions = () =>
  app.lines
    .filter((line) => line.includes('"event":"Redemption"'))
    .map((line) => JSON.parse(line) as { token?: string; dueReason?: string; outcome?: string });

describe('a consent for several access tokens', () => {
  test('asks for all at once, publishes each, and leaves the next sweep nothing to do', async () => {
    const account = register('both', { graph, ads: adsApi });
    const link = await app.linkFor('both');
    const page = textOf(await browser.send(link));
    assert.match(
      page,
      /Access token graph Permissions https:\/\/graph\S* Access token ads Permissions https:\/\/ads/,
    );
    const answer = await follow(link, account);
    assert.match(locationOf(answer), /\/done\?receipt=/, answer.body);
    assert.deepEqual(
      redemptions().map(({ token, dueReason, outcome }) => [token, dueReason, outcome]),
      [['ads', 'consent', 'refreshed']],
    );
    const { tokens, credentials } = app.local.world;
    assert.ok(tokens.find('access-token-both-graph') && tokens.find('access-token-both-ads'));
    const newest = credentials.get('refresh-token-both');
    assert.deepEqual([newest.tags['generation'], newest.tags['source']], ['1', 'consent']);
    const { version } = newest;
    await app.host.runTimer(timerFunction);
    assert.equal(credentials.get('refresh-token-both').version, version);
  });

  test('publishes the others when Entra refuses one, and says that something is missing', async () => {
    const account = register('partly', {
      graph,
      mixed: { scopes: [...graph.scopes, 'api://c1d2e3f4-0000-4000-8000-000000000001/read'] },
      ads: adsApi,
    });
    const answer = await follow(await app.linkFor('partly'), account);
    assert.equal(answer.status, 503);
    assert.match(textOf(answer), /consent is stored.*the next sweep publishes.*Code AADSTS28000\./);
    const published = ['graph', 'mixed', 'ads'].map(
      (name) => app.local.world.tokens.find(`access-token-partly-${name}`) !== undefined,
    );
    assert.deepEqual(published, [true, false, true]);
  });

  test('for an account of which one access token fails works by a link from before the others were refreshed', async () => {
    const account = register('late', { graph });
    await follow(await app.linkFor('late'), account);
    await app.host.runTimer(timerFunction);
    const link = await app.linkFor('late');
    app.clock.moveTo(app.clock.nowMilliseconds() + 85 * 60_000);
    const { version } = app.local.world.credentials.get('refresh-token-late');
    await app.host.runTimer(timerFunction);
    assert.notEqual(app.local.world.credentials.get('refresh-token-late').version, version);
    assert.match(locationOf(await follow(link, account)), /\/done\?receipt=/);
    assert.equal((await browser.send(link)).status, 410, 'a link works once');
  });

  test('is not begun where another account publishes under the name', async () => {
    const account = register('x-graph', undefined);
    await follow(await app.linkFor('x-graph'), account);
    register('x', { graph });
    const headers = { 'x-functions-key': functionKey };
    const answer = await fetch(`${app.url}/tools/consent-link/x`, { method: 'POST', headers });
    const body = await answer.text();
    assert.notEqual(answer.status, 200);
    assert.match(body, /would publish \\"access-token-x-graph\\".*\\"x-graph\\"/);
  });
});
