import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { homePin } from '../../src/accounts/entra-ids.ts';
import { refreshTokenTags } from '../../src/accounts/refresh-token-secret.ts';
import { parseRegistration } from '../../src/accounts/registration.ts';
import { loginHintHash, summarize } from '../../src/accounts/registration-summary.ts';
import { registrationTags } from '../../src/accounts/registration-tags.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { readSnapshot } from '../../src/status/snapshot.ts';
import { statusJson } from '../../src/status/status-json.ts';
import { statusPage } from '../../src/status/status-page.ts';
import { listVaults } from '../../src/sweep/listing.ts';
import { intercept } from '../refresh/harness.ts';
import { crm, TestWorld } from '../support/world.ts';

const hint = 'new.user@contoso.example';
const all = { account: '', client: '', state: '' } as const;

interface Hints {
  readonly now?: string;
  readonly consentedUnder?: string;
}

/** An account that is well, as a consent and a sweep after a change of the login hint left it. */
function addAccount(world: TestWorld, id: string, { now, consentedUnder }: Hints): string {
  const { user } = world.addAccount({ id, client: crm, accessTokenMinutesLeft: 300 });
  const registration = JSON.parse(world.credentials.get(`account-${id}`).value.reveal()) as object;
  const value = new Sensitive(
    JSON.stringify({ ...registration, ...(now === undefined ? {} : { loginHint: now }) }),
  );
  const parsed = parseRegistration(value);
  assert.ok(parsed.ok);
  const tags = registrationTags({}, summarize(id, parsed.registration), undefined);
  world.credentials.set(`account-${id}`, { value, tags });
  const stored = world.credentials.get(`refresh-token-${id}`);
  world.credentials.set(`refresh-token-${id}`, {
    value: stored.value,
    tags: refreshTokenTags(stored.tags, {
      generation: 0,
      source: 'consent',
      attemptId: `attempt-${id}`,
      user: homePin(user),
      ...(consentedUnder === undefined ? {} : { loginHintHash: loginHintHash(id, consentedUnder) }),
    }),
  });
  return user.objectId;
}

/** The status with the names of all secrets whose values were read for it. */
async function look(world: TestWorld) {
  const read: (string | undefined)[] = [];
  const environment = intercept(world.environment, ({ moment, operation, name }) => {
    if (moment === 'before' && operation !== 'list') read.push(name);
  });
  const snapshot = await world.clock.run(
    listVaults(environment).then((listed) => readSnapshot(environment, listed)),
  );
  const told = JSON.parse(statusJson(snapshot, all).body) as {
    readonly needsHuman: number;
    readonly accounts: readonly Readonly<Record<string, string>>[];
  };
  return { read, page: statusPage(snapshot, all).body, ...told };
}

describe('the status of an account whose login hint', () => {
  test('differs from the one last consented under names the new hint and the pinned user, and calls it well', async () => {
    const world = new TestWorld();
    const objectId = addAccount(world, 'a', { now: hint, consentedUnder: 'old@contoso.example' });
    addAccount(world, 'other', { now: hint, consentedUnder: hint });
    const { page, accounts, needsHuman, read } = await look(world);
    const { state, code, cause = '', remedy = '' } = accounts.find(({ account }) => account === 'a') ?? {};
    assert.deepEqual([state, code, needsHuman], ['healthy', 'login_hint_changed', 0]);
    for (const told of [cause, page]) {
      assert.ok(told.includes(`is now ${hint}`), told);
      assert.ok(told.includes(`of the user with object id ${objectId}`), told);
    }
    assert.match(remedy, /account update a --new-user, .* For the same one under a new name: let the user/);
    assert.match(page, /Needs a human \(0\)/);
    assert.deepEqual(read, ['account-a'], 'and no other value is read');
  });

  for (const [what, hints] of [
    ['is the one consented under', { now: hint, consentedUnder: hint }],
    ['differs in the case of letters alone', { now: hint.toUpperCase(), consentedUnder: hint }],
    ['was not there at the consent', { now: hint }],
    ['has been taken out', { consentedUnder: hint }],
    ['never was', {}],
  ] as const) {
    test(`${what} tells nothing, and reads no value`, async () => {
      const world = new TestWorld();
      addAccount(world, 'a', hints);
      const { accounts, read } = await look(world);
      assert.deepEqual([accounts[0]?.['state'], accounts[0]?.['code'], read], ['healthy', undefined, []]);
    });
  }

  test('nobody may read is told without its name', async () => {
    const world = new TestWorld();
    const objectId = addAccount(world, 'a', { now: hint, consentedUnder: 'old@contoso.example' });
    world.credentialsFaults.denied.add('get');
    const { accounts, page } = await look(world);
    assert.match(accounts[0]?.['cause'] ?? '', /^"loginHint" was changed; the tokens stay those of/);
    assert.ok(page.includes(objectId) && !page.includes(hint));
  });

  test('is one of very many reads 20 registrations, and tells all of them', async () => {
    const world = new TestWorld();
    for (let index = 0; index < 21; index++)
      addAccount(world, `a-${index}`, { now: hint, consentedUnder: 'old@contoso.example' });
    const { accounts, read } = await look(world);
    assert.equal(read.length, 20);
    assert.ok(accounts.every(({ code }) => code === 'login_hint_changed'));
    assert.equal(accounts.filter(({ cause = '' }) => cause.includes(hint)).length, 20);
  });

  test('belongs to an account that is not well is told after what is worse', async () => {
    const world = new TestWorld();
    addAccount(world, 'a', { now: hint, consentedUnder: 'old@contoso.example' });
    world.minutes(301);
    const { accounts } = await look(world);
    assert.deepEqual([accounts[0]?.['state'], accounts[0]?.['code']], ['retrying', 'awaiting_sweep']);
  });
});
