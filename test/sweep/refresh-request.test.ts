import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseRefreshRequest } from '../../src/sweep/refresh-request.ts';

describe('the body of a request for a refresh', () => {
  for (const [body, asked] of [
    ['', {}],
    [' \n', {}],
    ['{}', {}],
    ['{"force":false}', {}],
    ['{"force":true}', { force: true }],
    ['{"account":"ads"}', { account: 'ads' }],
    ['{"account":"ads","force":false}', { account: 'ads' }],
    ['{"account":"Not Valid"}', { account: 'Not Valid' }],
  ] as const) {
    test(`${JSON.stringify(body)} asks for ${JSON.stringify(asked)}`, () =>
      assert.deepEqual(parseRefreshRequest(body), { ok: true, asked }));
  }

  for (const [body, fault] of [
    ['{', /^The body is not JSON\.$/],
    ['account=ads', /not JSON/],
    ['null', /not a JSON object/],
    ['[]', /not a JSON object/],
    ['"ads"', /not a JSON object/],
    ['{"acount":"ads"}', /^"acount" is not a known field; there are "account" and "force"\.$/],
    ['{"account":"ads","force":true}', /^"force" is for a sweep of all accounts/],
    ['{"force":"yes"}', /^"force" is neither true nor false/],
    ['{"force":null}', /^"force" is neither/],
    ['{"Force":true}', /^"Force" is not a known field/],
    [`{"${'x'.repeat(100)}":1}`, /^"x{80}" is/],
    ['{"account":""}', /"account" is not the id/],
    ['{"account":1}', /"account" is not the id/],
    ['{"account":null}', /"account" is not the id/],
  ] as const) {
    test(`${body.slice(0, 40)} is refused: ${fault}`, () => {
      const parsed = parseRefreshRequest(body);
      assert.ok(!parsed.ok);
      assert.match(parsed.fault, fault);
    });
  }
});
