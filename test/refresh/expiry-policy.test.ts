import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { accountOf, crm, TestWorld } from '../support/world.ts';

suite('vaults whose Azure Policy wants an expiry on every secret', () => {
  test('a sweep refreshes as anywhere else', async () => {
    const world = new TestWorld();
    world.addAccount({ id: 'a', client: crm });
    const policy = { requiresExpiry: true, maximumValidityDays: 90 };
    world.credentials.expiryPolicy = policy;
    world.tokens.expiryPolicy = policy;
    const report = await world.sweep();
    assert.equal(accountOf(report, 'a').state, 'healthy');
  });
});
