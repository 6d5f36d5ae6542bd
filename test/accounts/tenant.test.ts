import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isGuid } from '../../src/accounts/guid.ts';
import { isPersonalTenant, parseTenant } from '../../src/accounts/tenant.ts';

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
