import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accessTokenName } from '../../src/accounts/access-token-secret.ts';
import { secretName } from '../../src/accounts/account-id.ts';
import { parseRegistration } from '../../src/accounts/registration.ts';
import { summarize } from '../../src/accounts/registration-summary.ts';
import { registrationTags, tagsForNewRegistration } from '../../src/accounts/registration-tags.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { accountOf, type TestWorld } from '../support/world.ts';
import { createRotatedWorld } from './harness.ts';

// A registration that changes while its account is being refreshed: both happen within the same second.

const graph = 'https://graph.microsoft.com';
const scopes = [`${graph}/Mail.Read`, `${graph}/Files.Read`, 'offline_access'];
const fewer = scopes.slice(1);

function changedValue(world: TestWorld): Sensitive {
  const { value } = world.credentials.get(secretName('registration', 'a'));
  return new Sensitive(JSON.stringify({ ...JSON.parse(value.reveal()), scopes: fewer }));
}

/** As the command line does it: the tags that a listing is planned by come along. */
function writeByCommand(world: TestWorld): void {
  const name = secretName('registration', 'a');
  const value = changedValue(world);
  const parsed = parseRegistration(value);
  assert.ok(parsed.ok);
  const present = tagsForNewRegistration(world.credentials.get(name).tags);
  world.credentials.set(name, {
    value,
    tags: registrationTags(present, summarize('a', parsed.registration), undefined),
  });
}

const writeByHand = (world: TestWorld): void =>
  void world.credentials.set(secretName('registration', 'a'), { value: changedValue(world) });

const publishedScope = (world: TestWorld) => world.tokens.get(accessTokenName('a', undefined)).tags['scope'];

describe('a registration that is changed while its account is being refreshed', () => {
  const writers: [string, (world: TestWorld) => void][] = [
    ['by the command line', writeByCommand],
    ['by hand', writeByHand],
  ];
  for (const [how, write] of writers) {
    test(`${how}: counts in the next sweep, and once`, async () => {
      const world = await createRotatedWorld({ accounts: [{ scopes }] });
      world.minutes(60);
      world.entraFaults.add({ times: 1, before: () => write(world) });
      await world.sweep();
      assert.equal(publishedScope(world), scopes.join(' '));
      world.minutes(1);
      assert.equal(accountOf(await world.sweep(), 'a').state, 'healthy');
      assert.equal(publishedScope(world), fewer.join(' '));
      world.minutes(1);
      assert.equal((await world.sweep()).due, 0);
    });
  }
});
