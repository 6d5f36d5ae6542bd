import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loginHintHash } from '../../src/oauth/login-hint.ts';

describe('the hash of a login hint', () => {
  test('is of the hint and the account, whatever the case, and short', () => {
    const hash = loginHintHash('ads', 'Anna@contoso.com');
    assert.equal(loginHintHash('ads', 'anna@contoso.com'), hash);
    assert.notEqual(loginHintHash('crm', 'anna@contoso.com'), hash);
    assert.notEqual(loginHintHash('ads', 'bob@contoso.com'), hash);
    assert.match(hash, /^[\w-]{22}$/);
  });
});
