import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FailureFacts } from '../../src/oauth/outcome.ts';
import type { FailedOutcome } from '../../src/refresh/refresh-account.ts';
import { concernOf, findingOf, type Result, retryAtOf, worstOf } from '../../src/refresh/results.ts';
import { VaultError, type VaultErrorCode } from '../../src/vault/secret-vault.ts';

const now = 1_772_323_200;
const facts: FailureFacts = { code: 'c', codeKnown: true, cause: 'Why.', remedy: 'What to do.' };
const judged = { judgedId: 'id', judgedVersions: ['version'] };
const failed = (outcome: FailedOutcome, proven = false): Result => ({ ...outcome, proven, ...judged });
const refused = (code: string, proven = false): Result =>
  failed(
    {
      kind: 'reconsent',
      conclusive: proven,
      previousVersionMayWork: false,
      facts: { ...facts, code },
    },
    proven,
  );
const error = (code: VaultErrorCode): VaultError =>
  new VaultError({ code, vaultUrl: 'https://v', operation: 'set', secretName: 's' });
const refreshed: Result = {
  kind: 'refreshed',
  rotated: true,
  generation: 1,
  attemptId: 'a',
  grantId: 'a',
  accessTokenExpiresAt: now,
};

/** In the order from the best to the worst. */
const table: ReadonlyArray<
  readonly [what: string, result: Result, concerns: string, seconds: number | 'never', learnt: string]
> = [
  ['a refresh', refreshed, 'nobody', 'never', 'refreshed'],
  ['a newer token of somebody', { kind: 'superseded' }, 'nobody', 'never', 'nothing_found'],
  ['no attempt', { kind: 'not_started' }, 'account', 'never', 'nothing_found'],
  ['a removed registration', { kind: 'gone' }, 'account', 'never', 'nothing_found'],
  ['no refresh token', { kind: 'pending_consent' }, 'account', 'never', 'nothing_found'],
  ['a rejected client', { kind: 'credential', facts }, 'client', 'never', 'nothing_found'],
  ['a doubted client', { kind: 'credential', facts, doubted: true }, 'client', 0, 'nothing_found'],
  [
    'a malformed answer',
    failed({ kind: 'malformed', facts, refreshTokenLost: false }),
    'token',
    0,
    'passing',
  ],
  ['throttling', failed({ kind: 'throttled', facts }), 'account', 0, 'passing'],
  [
    'throttling for 17 s',
    failed({ kind: 'throttled', facts, retryAfterSeconds: 17 }),
    'account',
    17,
    'passing',
  ],
  ['a transient failure', failed({ kind: 'transient', facts }), 'account', 0, 'passing'],
  ['an unknown outcome', failed({ kind: 'unknown_outcome', facts }), 'account', 0, 'passing'],
  [
    'a busy vault at the end',
    { kind: 'not_published', error: error('throttled'), judgedId: 'i', judgedGrantId: 'g' },
    'token',
    'never',
    'passing',
  ],
  ['a busy vault before', { kind: 'vault_unreadable', error: error('throttled') }, 'vault', 0, 'passing'],
  ['a defect', { kind: 'defect', facts }, 'account', 'never', 'passing'],
  [
    'a busy vault between',
    { kind: 'not_stored', error: error('throttled'), judgedId: 'i' },
    'vault',
    'never',
    'passing',
  ],
  ['a doubtful refusal', refused('AADSTS70000'), 'account', 120, 'reconsent_suspected'],
  ['a doubtful refusal of scopes', refused('AADSTS65001'), 'token', 120, 'reconsent_suspected'],
  [
    'a vault that forbids before',
    { kind: 'vault_unreadable', error: error('forbidden') },
    'vault',
    'never',
    'unusable',
  ],
  ['an unusable token', { kind: 'unusable', facts }, 'account', 'never', 'unusable'],
  ['a policy', failed({ kind: 'policy', facts }), 'token', 'never', 'policy'],
  ['a configuration', failed({ kind: 'configuration', facts }), 'token', 'never', 'configuration'],
  [
    'a vault that forbids at the end',
    { kind: 'not_published', error: error('rejected'), judgedId: 'i', judgedGrantId: 'g' },
    'token',
    'never',
    'configuration',
  ],
  ['another user', { kind: 'other_user', judgedId: 'i' }, 'account', 'never', 'configuration'],
  [
    'a vault that forbids between',
    { kind: 'not_stored', error: error('forbidden'), judgedId: 'i' },
    'vault',
    'never',
    'configuration',
  ],
  ['a proven death', refused('AADSTS50173', true), 'account', 'never', 'reconsent_proven'],
];

describe('a result', () => {
  for (const [what, result, concerns, seconds, learnt] of table) {
    test(`that is ${what} concerns ${concerns}, is tried again ${seconds === 'never' ? 'never' : `after ${seconds} s`}, tells ${learnt}`, () => {
      assert.equal(concernOf(result), concerns);
      assert.equal(retryAtOf(result, now), seconds === 'never' ? undefined : now + seconds);
      assert.equal(findingOf(result).kind, learnt);
    });
  }

  test('stands for several when it is the worst, the first of equals', () => {
    for (const [index, [what, worse]] of table.entries()) {
      for (const [, better] of table.slice(0, index)) {
        assert.equal(worstOf([better, worse]) === worse || better.kind === worse.kind, true, what);
        assert.equal(worstOf([worse, better]), worse, what);
      }
    }
  });

  test('is in the table whatever its word', () => {
    const words: Record<Result['kind'], true> = {
      refreshed: true,
      superseded: true,
      not_started: true,
      gone: true,
      pending_consent: true,
      credential: true,
      malformed: true,
      throttled: true,
      transient: true,
      unknown_outcome: true,
      reconsent: true,
      policy: true,
      configuration: true,
      not_published: true,
      vault_unreadable: true,
      defect: true,
      unusable: true,
      other_user: true,
      not_stored: true,
    };
    assert.deepEqual(new Set(table.map(([, result]) => result.kind)), new Set(Object.keys(words)));
  });

  test('tells code, cause and remedy, of a vault in its own words', () => {
    const { kind, ...told } = findingOf({ kind: 'vault_unreadable', error: error('throttled') });
    assert.equal(kind, 'passing');
    assert.partialDeepStrictEqual(told, { code: 'vault_throttled', cause: 'https://v: set s: throttled' });
  });
});
