import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import type { IdentityFailure } from '../../local/key-vault/managed-identity.ts';
import type { SampleClient } from '../../local/samples.ts';
import { createEnvironment, readConfig } from '../../src/app/environment.ts';
import { createLink, openLink } from '../../src/consent/consent-account.ts';
import { beginConsent } from '../../src/consent/consent-attempt.ts';
import { attemptCookie, callbackPath } from '../../src/consent/consent-routes.ts';
import { ads } from '../support/world.ts';
import { Browser, locationOf, textOf } from './consent-app.ts';
import { app } from './consent-scene.ts';

// A consent that another process of the app began; this one has just started and has no token yet.

/** A user on the way back from Entra. */
async function signedIn(client: SampleClient): Promise<() => ReturnType<Browser['send']>> {
  const { id, user } = app.register({ client });
  // @azure/identity keeps tokens for the process, but for each identity apart.
  const settings = { ...process.env, AZURE_CLIENT_ID: randomUUID() };
  const environment = createEnvironment(readConfig(settings), () => {}, app.clock);
  const minted = await createLink(environment, id);
  assert.ok(minted.kind === 'link');
  const account = await openLink(environment, id, minted.link);
  assert.ok(!('kind' in account));
  const redirectUri = new URL(app.url).origin + callbackPath;
  const { authorizeUrl, cookie } = await beginConsent(environment, account, minted.link, redirectUri);
  const back = await new Browser().accept(authorizeUrl, user);
  return () => new Browser().send(back, { headers: { cookie: attemptCookie(cookie) } });
}

/** The endpoint fails for some seconds from now on. */
function chill(failure: IdentityFailure, seconds: number, concerns: (resource: string) => boolean): void {
  const warmAt = app.clock.nowMilliseconds() + seconds * 1000;
  app.local.identity.failure = (resource) =>
    concerns(resource) && app.clock.nowMilliseconds() < warmAt ? failure : undefined;
}

const redemptions = (): number =>
  app.local.world.entra.recentRequests().filter(({ path }) => path.endsWith('/token')).length;
const isDone = (answer: Awaited<ReturnType<Browser['send']>>): boolean =>
  locationOf(answer).startsWith('/api/consent/done?receipt=');

// In this order: what the process has once been given it keeps.
describe('a callback in a process whose identity endpoint is cold', () => {
  const federated: SampleClient = { ...ads, clientId: randomUUID(), method: 'managed_identity' };
  for (const [what, client, concerns] of [
    ['the vaults', ads, () => true],
    ['the client', federated, (resource: string) => resource.startsWith('api://')],
  ] as const) {
    test(`for ${what}, longer than it waits: the code is not spent, and a reload ends the consent`, async () => {
      const back = await signedIn(client);
      const before = redemptions();
      chill(400, 600, concerns);
      const answer = await back();
      assert.equal(answer.status, 503);
      assert.match(textOf(answer), /Your consent is not finished yet.*Reload this page/);
      assert.equal(answer.headers.get('set-cookie'), null);
      assert.equal(redemptions(), before);
      chill(400, 20, concerns);
      assert.ok(isDone(await back()));
    });
  }
});

test('a callback while the tokens vault refuses to be read spends no code either', async () => {
  const back = await signedIn(ads);
  const before = redemptions();
  app.local.world.tokensFaults.denied.add('get');
  const answer = await back();
  assert.equal(answer.status, 503);
  assert.match(textOf(answer), /Your consent is not finished yet/);
  assert.equal(redemptions(), before);
  app.local.world.tokensFaults.denied.clear();
  assert.ok(isDone(await back()));
});
