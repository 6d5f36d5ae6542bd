import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  isGuid,
  isPersonalTenant,
  nextPin,
  type Pin,
  parseTenant,
  sameUser,
} from '../../src/accounts/entra-ids.ts';

describe('a tenant is accepted', () => {
  const accepted: ReadonlyArray<readonly [what: string, text: string, tenant: string]> = [
    ['as an id', '9188040d-6c67-4c5b-b112-36a304b66dad', '9188040d-6c67-4c5b-b112-36a304b66dad'],
    ['as an id in capitals', '9188040D-6C67-4C5B-B112-36A304B66DAD', '9188040d-6c67-4c5b-b112-36a304b66dad'],
    ['as a domain name', 'Contoso.onmicrosoft.com', 'contoso.onmicrosoft.com'],
    ['with the longest label, 63 characters', `${'a'.repeat(63)}.com`, `${'a'.repeat(63)}.com`],
    ['as common', 'common', 'common'],
    ['as organizations', 'organizations', 'organizations'],
    ['as consumers', 'Consumers', 'consumers'],
  ];
  for (const [what, text, tenant] of accepted) {
    test(what, () => assert.equal(parseTenant(text), tenant));
  }
});

describe('a tenant is refused', () => {
  const refused: ReadonlyArray<readonly [what: string, text: string]> = [
    ['when it is empty', ''],
    ['when it is a single word', 'contoso'],
    ['when it is an id with a digit missing', '9188040d-6c67-4c5b-b112-36a304b66da'],
    ['when it climbs the path', '../common'],
    ['when it goes on with a path', 'common/oauth2'],
    ['when it carries a query', 'common?a=b'],
    ['when it ends in a blank', 'common '],
    ['when it ends in a line break', 'common\n'],
    ['when a label is empty', 'contoso..com'],
    ['when a label begins with a hyphen', '-contoso.com'],
    ['when a label has 64 characters', `${'a'.repeat(64)}.com`],
    ['when it has 254 characters', `${'a.'.repeat(126)}aa`],
    ['when it is percent-encoded', 'contoso%2ecom'],
  ];
  for (const [what, text] of refused) {
    test(what, () => assert.equal(parseTenant(text), undefined));
  }

  test('but not at 253 characters', () => {
    assert.notEqual(parseTenant(`${'a.'.repeat(126)}a`), undefined);
  });
});

describe('a tenant of personal accounts only', () => {
  const tenants: ReadonlyArray<readonly [text: string, personal: boolean]> = [
    ['consumers', true],
    ['9188040D-6C67-4C5B-B112-36A304B66DAD', true],
    ['9188040d-6c67-4c5b-b112-36a304b66dae', false],
    ['common', false],
    ['organizations', false],
    ['contoso.com', false],
  ];
  for (const [text, personal] of tenants) {
    test(`${text}: ${personal}`, () => {
      const tenant = parseTenant(text);
      assert.ok(tenant !== undefined);
      assert.equal(isPersonalTenant(tenant), personal);
    });
  }
});

describe('a GUID', () => {
  const texts: ReadonlyArray<readonly [text: string, guid: boolean]> = [
    ['6731de76-14a6-49ae-97bc-6eba6914391e', true],
    ['6731DE76-14A6-49AE-97BC-6EBA6914391E', true],
    ['6731de76-14a6-49ae-97bc-6eba6914391', false],
    ['6731de76-14a6-49ae-97bc-6eba6914391ef', false],
    ['6731de76-14a6-49ae-97bc-6eba6914391g', false],
    ['6731de7614a649ae97bc6eba6914391e', false],
    ['{6731de76-14a6-49ae-97bc-6eba6914391e}', false],
    ['', false],
  ];
  for (const [text, guid] of texts) {
    test(`"${text}": ${guid}`, () => assert.equal(isGuid(text), guid));
  }
});

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
