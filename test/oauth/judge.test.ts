import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { transportFailures } from '../../src/oauth/exchange.ts';
import { judge } from '../../src/oauth/judge.ts';
import type { FailureFacts, Outcome } from '../../src/oauth/outcome.ts';
import { assertMatches, exchangeOf, vectors, vectorsMoment } from './token-endpoint-vectors.ts';

const now = vectorsMoment;

function judgeBody(status: number, body: unknown, headers: Record<string, string> = {}): Outcome {
  return judge(exchangeOf({ status, headers, body: JSON.stringify(body) }), now);
}

function factsOf(outcome: Outcome): FailureFacts | undefined {
  return outcome.kind === 'refreshed' ? undefined : outcome.facts;
}

describe('judging the vectors', () => {
  for (const vector of vectors) {
    test(`${vector.file}: ${vector.name}`, () =>
      assertMatches(judge(exchangeOf(vector), now), vector.expect));
  }
});

describe('judging a request without an answer', () => {
  for (const failure of transportFailures) {
    test(`${failure} is transient when the request was not sent and unknown when it may have been`, () => {
      const expectations = { not_sent: 'transient', outcome_unknown: 'unknown_outcome' } as const;
      for (const [kind, expected] of Object.entries(expectations)) {
        const exchange = { kind: kind as keyof typeof expectations, failure, durationMilliseconds: 1 };
        const outcome = judge(exchange, now);
        assert.equal(outcome.kind, expected);
        assertMatches(outcome, { facts: { code: failure, codeKnown: true, httpStatus: null } });
        assertExplained(outcome);
      }
    });
  }
});

describe('the boundaries between statuses', () => {
  const table: ReadonlyArray<readonly [status: number, kind: Outcome['kind']]> = [
    [199, 'transient'],
    [200, 'malformed'],
    [299, 'malformed'],
    [300, 'configuration'],
    [399, 'configuration'],
    [400, 'reconsent'],
    [401, 'reconsent'],
    [407, 'configuration'],
    [408, 'transient'],
    [409, 'reconsent'],
    [428, 'reconsent'],
    [429, 'throttled'],
    [430, 'reconsent'],
    [499, 'reconsent'],
    [500, 'transient'],
    [599, 'transient'],
    [600, 'transient'],
  ];
  for (const [status, kind] of table) {
    test(`a revoked grant under ${status} is ${kind}`, () => {
      assert.equal(judgeBody(status, { error: 'invalid_grant', error_codes: [50173] }).kind, kind);
    });
  }
});

describe('claims', () => {
  const claimsOfLength = (length: number) => `{"a":"${'x'.repeat(length - 8)}"}`;
  const challenge = (claims: unknown) => factsOf(judgeBody(400, { error: 'invalid_grant', claims }))?.claims;

  test('4,096 characters are handed on', () => {
    assert.equal(challenge(claimsOfLength(4096)), claimsOfLength(4096));
  });
  test('4,097 characters are not', () => assert.equal(challenge(claimsOfLength(4097)), undefined));
  test('an object instead of text is not', () => assert.equal(challenge({ access_token: {} }), undefined));
});

// What a hostile, broken or merely surprising server may send.
const canary = 'cAnArY-secret';
const word = fc.constantFrom(
  ...'invalid_grant invalid_client invalid_request interaction_required'.split(' '),
  ...'temporarily_unavailable bad_token additional_action client_mismatch'.split(' '),
);
const number = fc.constantFrom(50173, 70000, 70002, 70008, 50196, 90033, 53003, 7000215, 9002313, 99_999_999);
const anything = fc.oneof(word, number, fc.array(number), fc.jsonValue(), fc.constant(canary));
const members = [
  ...'error error_description error_codes suberror claims trace_id correlation_id timestamp error_uri'.split(
    ' ',
  ),
  ...'token_type access_token refresh_token expires_in expires_on refresh_in scope client_info'.split(' '),
];
const bodyObject = fc.record(Object.fromEntries(members.map((name) => [name, anything])), {
  requiredKeys: [],
});
const headerNames = fc.constantFrom('retry-after', 'x-ms-request-id', 'client-request-id', 'date');
const headers = fc.dictionary(headerNames, fc.oneof(fc.string(), fc.constant(canary), fc.constant('30')));
const status = fc.oneof(fc.constantFrom(200, 302, 400, 401, 403, 408, 429, 500, 503), fc.integer());
const errorStatus = fc.integer({ min: 400, max: 499 });

function assertExplained(outcome: Outcome): void {
  const facts = factsOf(outcome);
  if (facts === undefined) return;
  for (const text of [facts.code, facts.cause, facts.remedy]) assert.ok(text.trim().length > 0);
}

describe('properties of the judge', () => {
  test('it never throws and always explains, whatever text comes', () => {
    const text = fc.oneof(fc.string(), fc.json(), fc.constant(''), fc.constant('{"__proto__":{"error":1}}'));
    fc.assert(
      fc.property(status, headers, text, (code, fields, body) => {
        assertExplained(judge(exchangeOf({ status: code, headers: fields, body }), now));
      }),
    );
  });

  test('it never throws and always explains, whatever members come', () => {
    fc.assert(
      fc.property(status, headers, bodyObject, (code, fields, body) => {
        assertExplained(judgeBody(code, body, fields));
      }),
      { numRuns: 1000 },
    );
  });

  test('invalid_client is never reconsent', () => {
    fc.assert(
      fc.property(status, headers, bodyObject, (code, fields, body) => {
        const outcome = judgeBody(code, { ...body, error: 'invalid_client' }, fields);
        assert.notEqual(outcome.kind, 'reconsent');
      }),
      { numRuns: 1000 },
    );
  });

  test('nothing of the body or headers shows in the facts but closed words, numbers, GUIDs and claims', () => {
    fc.assert(
      fc.property(status, headers, bodyObject, fc.constantFrom(...members), (code, fields, body, member) => {
        const outcome = judgeBody(code, { ...body, [member]: canary }, fields);
        assert.ok(!JSON.stringify(factsOf(outcome) ?? {}).includes(canary));
      }),
      { numRuns: 1000 },
    );
  });

  test('refreshed needs status 2xx, an access token and a positive lifetime', () => {
    const plausible = fc.record({
      token_type: fc.constantFrom('Bearer', 'bearer', 'mac'),
      access_token: fc.oneof(fc.constantFrom('', ' ', 'token', 'token\n'), fc.string(), fc.constant(null)),
      expires_in: fc.oneof(
        fc.integer(),
        fc.integer().map(String),
        fc.double(),
        fc.string(),
        fc.constant(null),
      ),
      expires_on: fc.oneof(fc.integer({ min: now - 10, max: now + 10 }), fc.constant(null)),
    });
    fc.assert(
      fc.property(fc.constantFrom(200, 201, 302, 400, 503), plausible, (code, body) => {
        const outcome = judgeBody(code, body);
        if (outcome.kind !== 'refreshed') return;
        assert.ok(code < 300);
        assert.ok(outcome.grant.accessToken.reveal().trim().length > 0);
        assert.ok(Number.isInteger(outcome.grant.expiresInSeconds) && outcome.grant.expiresInSeconds > 0);
      }),
      { numRuns: 1000 },
    );
  });

  test('50196 under a 4xx is throttling with at least 5 minutes of rest, whatever comes along', () => {
    fc.assert(
      fc.property(errorStatus, headers, bodyObject, fc.array(number), (code, fields, body, others) => {
        fc.pre(code !== 407 && code !== 408);
        const outcome = judgeBody(code, { ...body, error_codes: [50196, ...others] }, fields);
        assert.ok(outcome.kind === 'throttled');
        assert.ok((outcome.retryAfterSeconds ?? 0) >= 300);
      }),
    );
  });

  test('70002 beside another number changes nothing', () => {
    fc.assert(
      fc.property(errorStatus, word, number, fc.boolean(), (code, error, other, first) => {
        fc.pre(other !== 70002);
        const error_codes = first ? [70002, other] : [other, 70002];
        assert.deepEqual(
          judgeBody(code, { error, error_codes }),
          judgeBody(code, { error, error_codes: [other] }),
        );
      }),
    );
  });

  test('a final verdict never points to an older version', () => {
    fc.assert(
      fc.property(errorStatus, bodyObject, (code, body) => {
        const outcome = judgeBody(code, { ...body, error: 'invalid_grant' });
        assert.ok(outcome.kind !== 'reconsent' || !(outcome.conclusive && outcome.previousVersionMayWork));
      }),
    );
  });
});
