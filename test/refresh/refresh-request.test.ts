import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseRefreshRequest } from '../../src/refresh/refresh-request.ts';

describe('the body of a request for a refresh', () => {
  for (const [body, account] of [
    ['', undefined],
    [' \n', undefined],
    ['{}', undefined],
    ['{"account":"ads"}', 'ads'],
    ['{"account":"Not Valid"}', 'Not Valid'],
  ] as const) {
    test(`${JSON.stringify(body)} asks for ${account ?? 'all accounts'}`, () =>
      assert.deepEqual(parseRefreshRequest(body), { ok: true, ...(account && { account }) }));
  }

  for (const [body, fault] of [
    ['{', /^The body is not JSON\.$/],
    ['account=ads', /not JSON/],
    ['null', /not a JSON object/],
    ['[]', /not a JSON object/],
    ['"ads"', /not a JSON object/],
    ['{"acount":"ads"}', /^"acount" is not a known field; the only one is "account"\.$/],
    ['{"account":"ads","force":true}', /"force"/],
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
