import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { accountIdFault, parseSecretName, secretName } from '../../src/accounts/account-id.ts';

describe('an account id is good', () => {
  const good: ReadonlyArray<readonly [what: string, id: string]> = [
    ['as one letter', 'a'],
    ['as one digit', '7'],
    ['with hyphens inside', 'contoso-ads--eu'],
    ['of 64 characters', `a${'-'.repeat(62)}z`],
  ];
  for (const [what, id] of good) {
    test(what, () => assert.equal(accountIdFault(id), undefined));
  }
});

describe('an account id is refused', () => {
  const bad: ReadonlyArray<readonly [what: string, id: string]> = [
    ['when it is empty', ''],
    ['with 65 characters', 'a'.repeat(65)],
    ['with a capital', 'Contoso'],
    ['with a hyphen first', '-contoso'],
    ['with a hyphen last', 'contoso-'],
    ['as a hyphen alone', '-'],
    ['with an underscore', 'contoso_ads'],
    ['with a letter beyond ASCII', 'müller'],
    ['with a line break behind it', 'contoso\n'],
  ];
  for (const [what, id] of bad) {
    test(what, () => {
      const fault = accountIdFault(id);
      assert.ok(fault?.includes(`"${id}"`) && /1 to 64 of a-z, 0-9 and -/.test(fault), fault);
    });
  }

  test('with at most 80 characters of it in the message', () => {
    assert.ok((accountIdFault('A'.repeat(127)) ?? '').includes(`"${'A'.repeat(80)}"`));
  });
});

describe("a secret's name", () => {
  const others = ['', 'account', 'accounts-a', 'my-account-a', 'refresh-tokens-a', 'refresher-heartbeat'];
  const names = [
    ['account-contoso', { kind: 'registration', id: 'contoso' }],
    ['refresh-token-contoso', { kind: 'refreshToken', id: 'contoso' }],
    ['access-token-contoso', { kind: 'accessToken', id: 'contoso' }],
    ['account-account-contoso', { kind: 'registration', id: 'account-contoso' }],
    ['Account-Contoso', { kind: 'registration', id: 'contoso' }],
    ['access-token-CONTOSO', { kind: 'accessToken', id: 'contoso' }],
    ['account-', { kind: 'registration', id: '' }],
    ...others.map((name) => [name, undefined] as const),
  ] as const;
  for (const [name, expected] of names) {
    test(`"${name}" is ${expected === undefined ? 'not ours' : `the ${expected.kind} of "${expected.id}"`}`, () => {
      assert.deepEqual(parseSecretName(name), expected);
    });
  }

  test('is read back as it was made, for every good id, and fits the 127 characters of Key Vault', () => {
    const kinds = fc.constantFrom('registration' as const, 'refreshToken' as const, 'accessToken' as const);
    const ids = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/);
    fc.assert(
      fc.property(kinds, ids, (kind, id) => {
        const name = secretName(kind, id);
        assert.equal(accountIdFault(id), undefined);
        assert.deepEqual(parseSecretName(name), { kind, id });
        assert.match(name, /^[0-9a-zA-Z-]{1,127}$/);
      }),
    );
  });
});
