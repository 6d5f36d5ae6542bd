import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { InMemoryVault } from '../../local/key-vault/in-memory-vault.ts';
import { Cached } from '../../src/app/status-source.ts';
import { type StatusSnapshot, takeSnapshot } from '../../src/status/snapshot.ts';
import { statusJson } from '../../src/status/status-json.ts';
import { statusPage } from '../../src/status/status-page.ts';
import { listVaults } from '../../src/sweep/listing.ts';
import { nowSeconds } from '../../src/time.ts';
import { crm, TestWorld } from '../support/world.ts';

const accounts = 5000;
const all = { account: '', client: '', state: '' } as const;

describe(`the status of ${accounts} accounts at 40 ms a vault page`, () => {
  const world = new TestWorld();
  const { clock, policy } = world.environment;
  const vaultOf = (state: typeof world.credentials) =>
    new InMemoryVault({ state, latencyMilliseconds: () => 40 });
  const [credentials, tokens] = [vaultOf(world.credentials), vaultOf(world.tokens)];
  let pages = 0;
  const counting = Object.assign(Object.create(credentials), {
    async list(limitMilliseconds?: number) {
      const listing = await credentials.list(limitMilliseconds);
      pages = listing.pages;
      return listing;
    },
  });
  const environment = {
    ...world.environment,
    credentials: { ...world.environment.credentials, vault: counting },
    tokens: { ...world.environment.tokens, vault: tokens },
  };
  const source = new Cached(
    async () => takeSnapshot(await listVaults(environment), policy, nowSeconds(clock)),
    clock,
    60,
  );
  let snapshot: StatusSnapshot;
  let coldSeconds: number;

  before(async () => {
    for (let index = 0; index < accounts; index++)
      world.addAccount({ id: `account-${index}`, client: crm, accessTokenMinutesLeft: 60, owner: 'team' });
    const startedAt = clock.nowMilliseconds();
    snapshot = await world.clock.run(source.get());
    coldSeconds = (clock.nowMilliseconds() - startedAt) / 1000;
  });

  test('waits at most 25 s for the vaults when cold', () => {
    assert.equal(pages, 401);
    assert.ok(coldSeconds > 10 && coldSeconds <= 25, `${coldSeconds} s`);
  });

  test('waits for nothing when cached', async () => {
    const startedAt = clock.nowMilliseconds();
    await Promise.all([source.get(), source.get()]);
    assert.equal(clock.nowMilliseconds(), startedAt);
  });

  test('shows every account, as a page and as JSON', () => {
    // And their client, whose secret has no expiry.
    assert.equal(statusPage(snapshot, all).body.match(/<th scope="row">/g)?.length, accounts + 1);
    assert.equal(JSON.parse(statusJson(snapshot, all).body).accounts.length, accounts);
  });
});
