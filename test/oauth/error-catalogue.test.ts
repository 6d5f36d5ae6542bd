import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import catalogue from '../../src/oauth/error-catalogue.json' with { type: 'json' };
import {
  aadstsCode,
  concernsScopesOnly,
  findAadsts,
  findCode,
  findFamily,
  findOAuthError,
  findSuberror,
} from '../../src/oauth/error-catalogue.ts';
import { type CatalogueRow, catalogueSchema } from '../../src/oauth/error-catalogue-schema.ts';
import { judge } from '../../src/oauth/judge.ts';
import eligible from '../vectors/error-catalogue/codes.json' with { type: 'json' };
import { exchangeOf } from './token-endpoint-vectors.ts';

const rows: readonly CatalogueRow[] = [
  ...catalogue.aadsts,
  ...catalogue.suberrors,
  ...catalogue.oauthErrors,
] as CatalogueRow[];
const meanings = rows.flatMap(({ under, ...row }) => [row, ...Object.values(under ?? {})]);

describe('the error catalogue', () => {
  test('is what its type says, and nothing more', () => {
    assert.deepEqual(catalogueSchema.safeParse(catalogue).error?.issues, undefined);
    const [first, ...others] = catalogue.aadsts;
    const wrong = { ...catalogue, aadsts: [{ ...first, finale: true }, ...others] };
    assert.equal(catalogueSchema.safeParse(wrong).success, false);
  });

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

  test('has whole sentences of cause and remedy for every code, family and meaning', () => {
    const uncoded = [...Object.values(catalogue.answers), ...Object.values(catalogue.transport)];
    for (const { cause, remedy } of [...meanings, ...catalogue.families, ...uncoded]) {
      for (const sentence of [cause, remedy]) assert.match(sentence, /^[A-Z][^\n]{10,138}\.$/);
      assert.notEqual(cause, remedy);
    }
    for (const { code, causeAtConsent } of rows)
      assert.match(causeAtConsent ?? 'None is needed.', /^[A-Z].*\.$/, code);
  });

  test('asks for a new consent in every row of class reconsent, and never in one of class credential', () => {
    for (const { cause, class: failureClass, remedy } of [...meanings, ...catalogue.families]) {
      if (failureClass === 'reconsent') assert.match(remedy, /consent/, cause);
      if (failureClass === 'credential') assert.doesNotMatch(remedy, /consent/, cause);
      if (failureClass === 'transient' && cause.includes('Entra')) assert.doesNotMatch(remedy, /user/, cause);
    }
  });

  test('says of a class only what that class can be', () => {
    for (const row of rows) {
      const { code } = row;
      if (row.final) assert.equal(row.class, 'reconsent', code);
      if (row.olderCredentialMayWork) assert.equal(row.class, 'credential', code);
      if (row.concerns) assert.equal(row.class, 'reconsent', code);
      if (row.restSeconds) assert.equal(row.class, 'throttled', code);
    }
  });

  test('has for each row that says more than its words a reader', () => {
    const codes = (member: keyof CatalogueRow) =>
      rows.filter((row) => row[member] !== undefined).map(({ code }) => code.replace('AADSTS', ''));
    assert.deepEqual(codes('restSeconds'), ['50196']);
    assert.deepEqual(codes('wrapper'), ['70002']);
    assert.deepEqual(codes('personalAccountOnCommon'), ['70000']);
    assert.deepEqual(codes('under'), ['700023', '9002313']);
    assert.equal(concernsScopesOnly({ code: 'AADSTS50076' }), true);
    assert.equal(concernsScopesOnly({ code: 'AADSTS50173', suberror: 'basic_action' }), true);
    assert.equal(concernsScopesOnly({ code: 'AADSTS50173', suberror: 'bad_token' }), false);
    assert.equal(findCode('AADSTS65001')?.approval, 'user');
    assert.equal(findCode('consent_required')?.approval, 'user');
    assert.equal(findCode('AADSTS90094')?.approval, 'administrator');
    assert.equal(findCode('http_503'), undefined);
  });
});

describe('the families of numbers without a row', () => {
  const table: ReadonlyArray<readonly [number: number, class_: string | undefined]> = [
    [900029, 'configuration'],
    [500349, 'reconsent'],
    [135099, 'policy'],
    [9002398, 'configuration'],
    [7000299, 'credential'],
    [530039, 'policy'],
    [90034, 'transient'],
    [50121, undefined],
    [5, undefined],
    [99_999_999, undefined],
  ];
  for (const [number, expected] of table) {
    test(`${number} is ${expected ?? 'of none'}`, () => {
      assert.equal(findAadsts(number), undefined);
      assert.equal(findFamily(number)?.class, expected);
    });
  }

  test('take a number that extends a passing one for passing, too: no outage asks for a consent', () => {
    const passing = rows.filter(
      (row) => ['transient', 'throttled'].includes(row.class) && /^AADSTS\d/.test(row.code),
    );
    assert.ok(passing.length > 60);
    for (const { code } of passing) {
      const extended = Array.from({ length: 10 }, (_, digit) =>
        Number(`${code.slice('AADSTS'.length)}${digit}`),
      );
      for (const number of extended.filter((candidate) => findAadsts(candidate) === undefined))
        assert.equal(findFamily(number)?.class, 'transient', `${number}`);
    }
  });

  test('name each prefix once; the longest one decides', () => {
    const prefixes = catalogue.families.flatMap((family) => family.prefixes);
    assert.equal(new Set(prefixes).size, prefixes.length);
    assert.equal(findFamily(7000199)?.class, 'configuration');
    assert.equal(findFamily(7000039)?.class, 'policy');
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

  test('is final for seven numbers only, and points to an older version for two', () => {
    const reconsents = eligible.aadsts.map((number) => [number, judged('invalid_grant', [number])] as const);
    const numbersWhere = (member: 'conclusive' | 'previousVersionMayWork') =>
      reconsents.flatMap(([number, outcome]) =>
        outcome.kind === 'reconsent' && outcome[member] ? [number] : [],
      );
    assert.deepEqual(numbersWhere('conclusive'), [50089, 50173, 70008, 700081, 700082, 700083, 700084]);
    assert.deepEqual(numbersWhere('previousVersionMayWork'), [70000, 9002313]);
  });
});
