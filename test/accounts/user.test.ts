import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sameUser } from '../../src/accounts/user.ts';

const user = {
  tenantId: '72f988bf-86f1-41af-91ab-2d7cd011db47',
  objectId: 'c51d4b1e-3b5f-4a9c-9f0e-0a1b2c3d4e5f',
};
const capitals = { tenantId: user.tenantId.toUpperCase(), objectId: user.objectId.toUpperCase() };

describe('two users', () => {
  test('are the same in either case', () => {
    assert.equal(sameUser(user, capitals), true);
    assert.equal(sameUser(capitals, user), true);
  });
  test('differ by their tenant', () => {
    assert.equal(sameUser(user, { ...user, tenantId: user.objectId }), false);
  });
  test('differ by their object id', () => {
    assert.equal(sameUser(user, { ...user, objectId: user.tenantId }), false);
  });
});
