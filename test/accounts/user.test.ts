import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nextPin, type Pin, sameUser } from '../../src/accounts/user.ts';

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

describe('the pin after an answer', () => {
  const abroad = { tenantId: 'e09d9473-1a06-4717-98c1-528067eab3a4', objectId: user.objectId };
  const colleague = { ...user, objectId: user.tenantId };
  const home = { ...user, ids: 'home' } as const;
  const provisional = { ...user, ids: 'provisional' } as const;
  const rows: readonly (readonly [
    string,
    Pin | undefined,
    typeof user | undefined,
    Pin | 'other_user' | undefined,
  ])[] = [
    ['without one, by an answer that names nobody: none', undefined, undefined, undefined],
    ['without one: whom the answer names', undefined, user, home],
    ['of his home: the same user, in either case', home, capitals, { ...capitals, ids: 'home' }],
    ['of his home: stays when the answer names nobody', home, undefined, home],
    ['of his home: never a colleague', home, colleague, 'other_user'],
    ['of his home: never somebody of another tenant', home, abroad, 'other_user'],
    ['provisional: proven by the same user', provisional, user, home],
    ['provisional: stays when the answer names nobody', provisional, undefined, provisional],
    [
      'provisional: replaced by the home that it says nothing of',
      provisional,
      abroad,
      { ...abroad, ids: 'home' },
    ],
    ['provisional: never a colleague', provisional, colleague, 'other_user'],
    ['of an older version of the app: proven', user, user, home],
    ['of an older version of the app: replaced', user, abroad, { ...abroad, ids: 'home' }],
    ['of an older version of the app: never a colleague', user, colleague, 'other_user'],
  ];
  for (const [sentence, pin, named, next] of rows)
    test(sentence, () => assert.deepEqual(nextPin(pin, named), next));
});
