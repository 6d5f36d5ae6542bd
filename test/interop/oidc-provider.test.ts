import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { timerFunction } from '../../local/run-app.ts';
import type { SampleClient } from '../../local/samples.ts';
import { Sensitive } from '../../src/sensitive.ts';
import {
  Browser,
  type ConsentApp,
  functionKey,
  locationOf,
  startConsentApp,
} from '../consent/consent-app.ts';
import {
  type AnswerFault,
  clientWithCertificate,
  clientWithSecret,
  type ForeignEntra,
  publicClient,
  startForeignEntra,
} from './foreign-entra.ts';

const person = {
  tenantId: '7fe81447-da57-4385-becb-6de57f21477e',
  objectId: '0a9c1d8e-3f57-4b1d-8f5e-6a1c2b3d4e5f',
  userPrincipalName: 'person@contoso.example',
};
const bySecret: SampleClient = {
  clientId: 'aaaaaaaa-0000-4000-8000-000000000001',
  secretName: 'foreign-secret',
  secret: 'a secret of the foreign server',
};
const byCertificate: SampleClient = {
  clientId: 'aaaaaaaa-0000-4000-8000-000000000002',
  secretName: 'foreign-certificate',
  method: 'certificate',
};
const byNothing: SampleClient = {
  clientId: 'aaaaaaaa-0000-4000-8000-000000000003',
  secretName: '',
  method: 'none',
};

let app: ConsentApp;
let foreign: ForeignEntra;

/** Just after the first tick from 55 minutes on: a sweep that began shortly before one would end before it refreshed anything. */
function moveToTick(): void {
  const tick = 30 * 60_000;
  const from = app.clock.nowMilliseconds() + 55 * 60_000;
  app.clock.moveTo(Math.ceil(from / tick) * tick + 1000);
}

before(async () => {
  app = await startConsentApp();
  const { world } = app.local;
  for (const client of [bySecret, byCertificate, byNothing]) world.addClient(client);
  const callback = `${app.url}/consent/callback`;
  foreign = await startForeignEntra(person, [
    clientWithSecret(bySecret.clientId, bySecret.secret ?? '', callback),
    clientWithCertificate(
      byCertificate.clientId,
      world.credentials.get(byCertificate.secretName).value.reveal(),
      callback,
    ),
    publicClient(byNothing.clientId, callback),
  ]);
  world.authority = foreign.authority;
});

after(async () => {
  await foreign.close();
  await app.close();
});

beforeEach(() => {
  foreign.fault = undefined;
});

/** A consent from the link to the page that says it is done. */
async function consent(id: string): Promise<void> {
  const browser = new Browser();
  const begun = await browser.press(await app.linkFor(id));
  assert.equal(begun.status, 303, begun.body);
  const callback = await browser.send(await foreign.signIn(locationOf(begun)));
  assert.equal(callback.status, 303, callback.body);
  const done = await browser.send(new URL(locationOf(callback), app.url).href);
  assert.match(done.body, new RegExp(`${id} is ready`));
}

async function consented(id: string, client = bySecret): Promise<void> {
  app.register({
    id,
    client,
    user: person,
    name: { displayName: 'Person', userPrincipalName: person.userPrincipalName },
    scopes: ['https://api.example/read'],
  });
  await consent(id);
}

interface RefreshAnswer {
  readonly state: string;
  readonly outcome: string;
  readonly code?: string;
}

/** One account's refresh on demand. */
async function refresh(account: string): Promise<RefreshAnswer> {
  const answer = await fetch(`${app.url}/refresh`, {
    method: 'POST',
    headers: { 'x-functions-key': functionKey },
    body: JSON.stringify({ account }),
  });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  const [first] = (JSON.parse(text) as { accounts: RefreshAnswer[] }).accounts;
  assert.ok(first, text);
  return first;
}

const storedToken = (id: string): string => app.local.world.refreshTokenOf(id) ?? '';
const publishedToken = (id: string): string =>
  app.local.world.tokens.versionsOf(`access-token-${id}`).at(-1)?.value.reveal() ?? '';

async function assertAlive(id: string): Promise<void> {
  assert.ok(await foreign.isAlive(storedToken(id)), 'the stored refresh token is alive');
}

describe('under a certified server that rotates strictly and detects reuse', () => {
  for (const [method, client] of [
    ['a secret', bySecret],
    ['a certificate', byCertificate],
    ['nothing', byNothing],
  ] as const) {
    test(`a client that proves itself by ${method} consents, and ten rotations in a row leave a live grant`, async () => {
      const id = `ten-by-${method.replace(' ', '-')}`;
      await consented(id, client);
      const seen = new Set([storedToken(id)]);
      for (let rotation = 1; rotation <= 10; rotation++) {
        const { state, code } = await refresh(id);
        assert.deepEqual([rotation, state, code], [rotation, 'healthy', undefined]);
        seen.add(storedToken(id));
      }
      assert.equal(seen.size, 11);
      await assertAlive(id);
    });
  }

  test('a wrong client secret is an incident of the client, and the grant outlives it', async () => {
    await consented('wrong-secret');
    const { credentials } = app.local.world;
    const store = (secret = '') => credentials.set(bySecret.secretName, { value: new Sensitive(secret) });
    // Two of them: a version before the newest is tried as well.
    store('wrong');
    store('wrong, too');
    const { state, outcome } = await refresh('wrong-secret');
    assert.deepEqual([state, outcome], ['credential', 'credential']);
    await assertAlive('wrong-secret');
    store(bySecret.secret);
    assert.equal((await refresh('wrong-secret')).state, 'healthy');
    await assertAlive('wrong-secret');
  });

  for (const fault of ['gzip', 'chunked'] satisfies AnswerFault[]) {
    test(`an answer that is ${fault} is read`, async () => {
      const id = `answer-${fault}`;
      await consented(id);
      const before = publishedToken(id);
      foreign.fault = fault;
      assert.equal((await refresh(id)).state, 'healthy');
      assert.notEqual(publishedToken(id), before);
      await assertAlive(id);
    });
  }

  test('a gateway that answers 503 in HTML costs no token', async () => {
    await consented('gateway');
    foreign.fault = 'unavailable_html';
    const { state, outcome } = await refresh('gateway');
    assert.deepEqual([state, outcome], ['retrying', 'transient']);
    foreign.fault = undefined;
    assert.equal((await refresh('gateway')).state, 'healthy');
    await assertAlive('gateway');
  });

  for (const [sentence, id, harm] of [
    [
      'a revoked grant',
      'revoked',
      () => foreign.revoke(storedToken('revoked'), bySecret.clientId, bySecret.secret ?? ''),
    ],
    [
      'a grant whose rotated token was lost with its answer',
      'lost-answer',
      async () => {
        foreign.fault = 'lost';
        await refresh('lost-answer');
        foreign.fault = undefined;
      },
    ],
  ] as const) {
    test(`${sentence} ends in one word, reconsent, and a consent mends it`, async () => {
      await consented(id);
      await harm();
      moveToTick();
      app.lines.length = 0;
      await app.host.runTimer(timerFunction);
      const states = app.lines
        .filter((line) => line.includes('"event":"AccountState"') && line.includes(`"account":"${id}"`))
        .map((line) => (JSON.parse(line) as { state: string }).state);
      assert.deepEqual(states, ['reconsent']);
      await consent(id);
      assert.equal((await refresh(id)).state, 'healthy');
      await assertAlive(id);
    });
  }
});
