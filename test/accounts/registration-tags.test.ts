import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { FailureRecord } from '../../src/accounts/account-state.ts';
import { parseRefreshToken } from '../../src/accounts/refresh-token-secret.ts';
import {
  lastGrantId,
  loginHintHash,
  notingGrant,
  type RegistrationSummary,
  readSummary,
  summarize,
} from '../../src/accounts/registration-summary.ts';
import { readCountingFailure, readFailure, registrationTags } from '../../src/accounts/registration-tags.ts';
import { omitUndefined } from '../../src/omit-undefined.ts';
import { isoTime, latestEpochSeconds } from '../../src/time.ts';
import { leastRegistration, parse } from './registration-samples.ts';
import { fitsVault, forBrokenTags, foreignTags } from './tags.ts';

/** Names of access tokens, up to the most and longest. */
const tokenNames = fc.uniqueArray(fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/), {
  minLength: 1,
  maxLength: 10,
});
const moment = fc.integer({ min: 0, max: latestEpochSeconds });
const failures: fc.Arbitrary<FailureRecord> = fc
  .record({
    state: fc.constantFrom('retrying', 'reconsent', 'configuration', 'policy'),
    code: fc.stringMatching(/^[A-Za-z0-9_]{1,64}$/),
    cause: fc.string(),
    remedy: fc.string(),
    since: moment,
    failures: fc.integer({ min: 1 }),
    nextAttemptAt: moment,
    judgedId: fc.option(fc.uuid(), { nil: undefined }),
    suspected: fc.boolean(),
    traceId: fc.option(fc.uuid(), { nil: undefined }),
    grantId: fc.option(fc.uuid(), { nil: undefined }),
    tokens: fc.option(tokenNames, { nil: undefined }),
  })
  .map(omitUndefined);

const summaries: fc.Arbitrary<RegistrationSummary> = fc.record(
  {
    clientId: fc.uuid(),
    tenant: fc.domain(),
    method: fc.constantFrom('client_secret' as const, 'certificate' as const),
    credentialSecret: fc.stringMatching(/^[0-9a-zA-Z-]{1,127}$/),
    owner: fc.string({ minLength: 1, maxLength: 256 }),
    minimumValidityMinutes: fc.integer({ min: 1, max: 1440 }),
    tokens: tokenNames,
    loginHintHash: fc.stringMatching(/^[\w-]{22}$/),
  },
  { noNullPrototype: true, requiredKeys: ['clientId', 'tenant', 'method', 'credentialSecret'] },
);

const failure: FailureRecord = {
  state: 'policy',
  code: 'AADSTS53003',
  cause: 'Conditional Access blocks it.',
  remedy: 'Ask for an exclusion.',
  since: 1,
  failures: 2,
  nextAttemptAt: 3,
  judgedId: 'an-attempt',
  suspected: false,
};
const summary = { clientId: 'c', tenant: 't', method: 'client_secret' as const, credentialSecret: 's' };
const tags = registrationTags({}, summary, failure);

/** As the app wrote it before the summary was one JSON text. */
const oldTags = { 'refresher-client': 'c', 'refresher-tenant': 't', 'refresher-credential': 's' };

describe("a registration's tags", () => {
  test('give back the summary and the failure, keep foreign tags, and fit the vault', () => {
    fc.assert(
      fc.property(foreignTags(4), summaries, failures, (present, expected, record) => {
        const written = registrationTags(present, expected, record);
        assert.ok(fitsVault(written));
        assert.deepEqual(readSummary(written), expected);
        assert.deepEqual(readFailure(written), record);
        for (const [name, value] of Object.entries(present)) assert.equal(written[name], value);
      }),
    );
  });

  test('hold the longest words of a failure, cut to 512 characters, beside its longest record', () => {
    const longest: FailureRecord = {
      ...failure,
      code: 'c'.repeat(64),
      cause: 'c'.repeat(513),
      remedy: 'r'.repeat(512),
      since: latestEpochSeconds,
      failures: Number.MAX_SAFE_INTEGER,
      nextAttemptAt: latestEpochSeconds,
      judgedId: '6731de76-14a6-49ae-97bc-6eba6914391d',
      traceId: '6731de76-14a6-49ae-97bc-6eba6914391e',
      grantId: '6731de76-14a6-49ae-97bc-6eba6914391f',
      tokens: Array.from({ length: 10 }, (_, index) => `${'t'.repeat(31)}${index}`),
    };
    const written = registrationTags({}, summary, longest);
    assert.ok(fitsVault(written));
    assert.deepEqual(readFailure(written), { ...longest, cause: `${'c'.repeat(511)}…` });
  });

  test('hold a failure of some access tokens for as long as their grant is the account’s', () => {
    const record = { ...failure, tokens: ['a'], grantId: 'g' };
    const written = registrationTags({}, { ...summary, tokens: ['a', 'b'] }, record);
    const refreshToken = (tags: Record<string, string>) => parseRefreshToken({ tags });
    for (const tags of [{ 'attempt-id': 'g' }, { 'attempt-id': '2', 'grant-id': 'g' }] as const)
      assert.deepEqual(readCountingFailure(written, refreshToken(tags)), record);
    for (const tags of [{ 'attempt-id': 'h' }, { 'attempt-id': 'g', 'grant-id': 'h' }, {}] as const)
      assert.equal(readCountingFailure(written, refreshToken(tags)), undefined);
  });

  test('with names of access tokens that somebody broke make the registration unread', () => {
    const written = registrationTags({}, { ...summary, tokens: ['a', 'b'] }, undefined);
    const note = written['refresher-summary'] ?? '';
    for (const broken of ['["a","b,"]', '[]', '"a"'])
      assert.equal(readSummary({ 'refresher-summary': note.replace('["a","b"]', broken) }), undefined);
  });

  test('of a healthy account hold no trace of the failure before', () => {
    const healthy = registrationTags({ ...tags, theirs: '1' }, summary, undefined);
    assert.equal(readFailure(healthy), undefined);
    assert.deepEqual(Object.keys(healthy), ['theirs', 'refresher-summary']);
  });

  test('of before are read, and replaced by one at the next write', () => {
    const old = {
      ...oldTags,
      'refresher-tokens': 'a b',
      'refresher-owner': 'ads',
      'refresher-authentication': 'certificate',
    };
    const known = { ...summary, method: 'certificate', tokens: ['a', 'b'], owner: 'ads' } as const;
    assert.deepEqual(readSummary(old), known);
    const written = registrationTags({ ...old, theirs: '1' }, known, undefined);
    assert.deepEqual(Object.keys(written), ['theirs', 'refresher-summary']);
    assert.deepEqual(readSummary(written), known);
  });

  test('remember the last grant through every write, whatever the summary', () => {
    const long = { ...summary, owner: 'Ω'.repeat(256) };
    let written = registrationTags(notingGrant(registrationTags({}, long, failure), 'g'), long, failure);
    assert.ok(fitsVault(written));
    assert.deepEqual([readSummary(written), lastGrantId(written)], [long, 'g']);
    written = registrationTags(written, undefined, failure);
    assert.equal(lastGrantId(written), 'g');
    written = registrationTags(notingGrant(written, 'h'), summary, undefined);
    assert.deepEqual([readSummary(written), lastGrantId(written)], [summary, 'h']);
    assert.equal(lastGrantId(oldTags), undefined);
  });

  test('of a registration that could not be read hold the failure alone', () => {
    const unread = registrationTags(tags, undefined, failure);
    assert.equal(readSummary(unread), undefined);
    assert.deepEqual(readFailure(unread), failure);
  });

  test('are made from the registration', () => {
    const result = parse({
      ...leastRegistration,
      owner: 'ads',
      minimumValidityMinutes: 15,
      loginHint: 'a@b.c',
    });
    assert.ok(result.ok);
    assert.deepEqual(summarize('ads', result.registration), {
      clientId: leastRegistration.clientId,
      tenant: 'contoso.com',
      method: 'client_secret',
      credentialSecret: 'contoso-client-secret',
      owner: 'ads',
      minimumValidityMinutes: 15,
      loginHintHash: loginHintHash('ads', 'a@b.c'),
    });
  });
});

describe('tags that a human broke', () => {
  const minutes: ReadonlyArray<readonly [text: string, minutes: number | undefined]> = [
    ['1', 1],
    ['1440', 1440],
    ...['0', '1441', '-5', '2.5', 'Infinity', 'ten', ''].map((text) => [text, undefined] as const),
  ];
  for (const [text, expected] of minutes) {
    test(`a minimum validity of "${text}" counts as ${expected ?? 'none'}`, () => {
      const read = readSummary({ ...oldTags, 'refresher-minimum-validity-minutes': text });
      assert.equal(read?.minimumValidityMinutes, expected);
    });
  }

  for (const name of ['refresher-client', 'refresher-tenant', 'refresher-credential']) {
    test(`without ${name} the registration counts as unread`, () => {
      const { [name]: _, ...rest } = oldTags as Record<string, string>;
      assert.equal(readSummary(rest), undefined);
    });
  }

  const records: ReadonlyArray<readonly [what: string, changes: object]> = [
    ['in an unknown state', { state: 'credential' }],
    ['with no failure', { failures: 0 }],
    ['since before 1970', { since: -1 }],
    ['since beyond any date', { since: latestEpochSeconds + 1 }],
    ['with a fraction of a second', { next: 1.5 }],
    ['with text for a time', { since: '4' }],
    ['with a time for an id', { judged: 4 }],
    ['without the suspicion', { suspected: undefined }],
  ];
  for (const [what, changes] of records) {
    test(`a failure ${what} counts as none`, () => {
      const json = JSON.parse(tags['refresher-failure'] ?? '') as object;
      assert.equal(readFailure({ 'refresher-failure': JSON.stringify({ ...json, ...changes }) }), undefined);
      assert.ok(readFailure({ 'refresher-failure': JSON.stringify(json) }));
    });
  }

  test('a failure without its words keeps its state', () => {
    const read = readFailure({ 'refresher-failure': tags['refresher-failure'] ?? '' });
    assert.deepEqual(read, { ...failure, cause: '', remedy: '' });
  });

  test('never throw, and what is read of them can be shown', () => {
    const names = [...Object.keys(tags), 'refresher-owner', 'refresher-minimum-validity-minutes'];
    forBrokenTags(names, (changes) => {
      const read = readFailure({ ...tags, ...changes });
      if (read !== undefined) assert.ok(isoTime(read.since) && isoTime(read.nextAttemptAt));
      const minimum = readSummary({ ...tags, ...changes })?.minimumValidityMinutes ?? 1;
      assert.ok(Number.isInteger(minimum) && minimum >= 1 && minimum <= 1440);
    });
  });
});

describe('the hash of a login hint', () => {
  test('is of the hint and the account, whatever the case, and short', () => {
    const hash = loginHintHash('ads', 'Anna@contoso.com');
    assert.equal(loginHintHash('ads', 'anna@contoso.com'), hash);
    assert.notEqual(loginHintHash('crm', 'anna@contoso.com'), hash);
    assert.notEqual(loginHintHash('ads', 'bob@contoso.com'), hash);
    assert.match(hash, /^[\w-]{22}$/);
  });
});
