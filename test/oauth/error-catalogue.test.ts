import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import catalogue from '../../src/oauth/error-catalogue.json' with { type: 'json' };
import { aadstsCode, findAadsts, findOAuthError, findSuberror } from '../../src/oauth/error-catalogue.ts';
import { judge } from '../../src/oauth/judge.ts';
import eligible from '../vectors/error-catalogue/codes.json' with { type: 'json' };
import { exchangeOf } from './token-endpoint-vectors.ts';

const classes = ['reconsent', 'credential', 'configuration', 'policy', 'throttled', 'transient'];
const rows = [
  ...catalogue.aadsts,
  ...catalogue.clientAssertions,
  ...catalogue.suberrors,
  ...catalogue.oauthErrors,
];

describe('the error catalogue', () => {
  test('knows every AADSTS number the token endpoint can answer', () => {
    assert.ok(eligible.aadsts.length > 200);
    assert.deepEqual(
      eligible.aadsts.filter((number) => findAadsts(number) === undefined),
      [],
    );
  });

  test('knows every suberror', () => {
    assert.deepEqual(
      eligible.suberrors.filter((word) => findSuberror(word) === undefined),
      [],
    );
  });

  test('knows every OAuth error', () => {
    assert.deepEqual(
      eligible.oauthErrors.filter((word) => findOAuthError(word) === undefined),
      [],
    );
  });

  test('knows another meaning of a number when the client was refused', () => {
    assert.equal(findAadsts(700023)?.class, 'configuration');
    assert.equal(findAadsts(700023, 'invalid_scope')?.class, 'configuration');
    assert.equal(findAadsts(700023, 'invalid_client')?.class, 'credential');
    assert.equal(findAadsts(7000215, 'invalid_client'), findAadsts(7000215));
  });

  test('finds nothing it does not hold', () => {
    assert.equal(findAadsts(99_999_999), undefined);
    assert.equal(findAadsts(Number.NaN), undefined);
    for (const word of ['', 'other', '__proto__', 'constructor', 'INVALID_GRANT']) {
      assert.equal(findSuberror(word), undefined);
      assert.equal(findOAuthError(word), undefined);
    }
  });

  test('has each code once', () => {
    for (const list of [catalogue.aadsts, catalogue.suberrors, catalogue.oauthErrors]) {
      assert.equal(new Set(list.map(({ code }) => code)).size, list.length);
    }
  });

  test('is in the order of its numbers', () => {
    const numbers = catalogue.aadsts.map(({ code }) => Number(code.slice('AADSTS'.length)));
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
  });

  test('has a known class, one sentence of cause and one of remedy in every row', () => {
    for (const row of rows) {
      assert.deepEqual(Object.keys(row), ['code', 'class', 'cause', 'remedy'], row.code);
      assert.ok(classes.includes(row.class), `${row.code}: ${row.class}`);
      for (const sentence of [row.cause, row.remedy]) {
        assert.match(sentence, /^[A-Z].*\.$/, row.code);
        assert.ok(sentence.length <= 140, `${row.code} is too long: ${sentence}`);
      }
    }
  });

  test('asks for a new consent in every row of class reconsent, and never in one of class credential', () => {
    for (const { code, class: failureClass, remedy } of rows) {
      if (failureClass === 'reconsent') assert.match(remedy, /consent/, code);
      if (failureClass === 'credential') assert.doesNotMatch(remedy, /consent/, code);
    }
  });
});

describe('every number as the token endpoint sends it', () => {
  const judged = (error: string, error_codes: readonly number[]) =>
    judge(exchangeOf({ status: 400, headers: {}, body: JSON.stringify({ error, error_codes }) }), 0);

  test('has the class of its row, whatever wrapper stands beside it', () => {
    for (const number of eligible.aadsts) {
      const expected = findAadsts(number)?.class;
      for (const numbers of [[number], [70002, number], [number, 70002]]) {
        const outcome = judged('interaction_required', numbers);
        assert.equal(outcome.kind, expected, `${numbers}`);
        assert.ok('facts' in outcome && outcome.facts.code === aadstsCode(number), `${numbers}`);
      }
    }
  });

  test('never becomes reconsent under invalid_client', () => {
    for (const number of eligible.aadsts)
      assert.notEqual(judged('invalid_client', [number]).kind, 'reconsent');
  });

  test('is final for five numbers only, and points to an older version for two', () => {
    const reconsents = eligible.aadsts.map((number) => [number, judged('invalid_grant', [number])] as const);
    const numbersWhere = (member: 'conclusive' | 'previousVersionMayWork') =>
      reconsents.flatMap(([number, outcome]) =>
        outcome.kind === 'reconsent' && outcome[member] ? [number] : [],
      );
    assert.deepEqual(numbersWhere('conclusive'), [50089, 50173, 70008, 700082, 700084]);
    assert.deepEqual(numbersWhere('previousVersionMayWork'), [70000, 9002313]);
  });
});
