import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { buildAccounts, publishedNames } from '../../src/accounts/account.ts';
import type { FailureRecord } from '../../src/accounts/account-state.ts';
import { credentialTags } from '../../src/accounts/credential-tags.ts';
import { parseRefreshToken } from '../../src/accounts/refresh-token-secret.ts';
import { registrationTags } from '../../src/accounts/registration-tags.ts';
import type { ListedSecret, Tags } from '../../src/accounts/secret.ts';
import { brokenValue } from './tags.ts';

const createdAt = 1_772_323_200;

function listed(name: string, changes: Partial<ListedSecret> = {}): ListedSecret {
  return { name, tags: {}, enabled: true, createdAt, updatedAt: createdAt, ...changes };
}

const summary = {
  clientId: 'client-a',
  tenant: 'contoso.com',
  method: 'client_secret' as const,
  credentialSecret: 'shared-secret',
};

function failure(judgedId: string | undefined): FailureRecord {
  return {
    state: 'reconsent',
    code: 'AADSTS50173',
    cause: 'why',
    remedy: 'what to do',
    since: createdAt,
    failures: 1,
    nextAttemptAt: createdAt + 86_400,
    ...(judgedId === undefined ? {} : { judgedId }),
    suspected: false,
  };
}

const registration = (id: string, tags: Tags = {}) => listed(`account-${id}`, { tags });

describe('the two listings become accounts', () => {
  test('each with its secrets, ordered by id', () => {
    const b = { registration: registration('b'), refreshToken: listed('refresh-token-b') };
    const stored = parseRefreshToken(b.refreshToken);
    const accessToken = listed('access-token-b');
    const a = registration('a');
    assert.deepEqual(buildAccounts([b.refreshToken, b.registration, a], [accessToken]), [
      { id: 'a', registration: a, accessTokens: new Map() },
      { id: 'b', ...b, refreshToken: stored, accessTokens: new Map([[undefined, accessToken]]) },
    ]);
  });

  test('an orphan for tokens without a registration, of either kind', () => {
    const refreshToken = listed('refresh-token-a');
    const accessToken = listed('access-token-b');
    assert.deepEqual(buildAccounts([refreshToken], [accessToken]), [
      { id: 'a', refreshToken: parseRefreshToken(refreshToken), accessTokens: new Map() },
      { id: 'b', accessTokens: new Map([[undefined, accessToken]]) },
    ]);
  });

  test('where one vault has both roles, from the one listing given twice', () => {
    const secrets = [registration('a'), listed('refresh-token-a'), listed('access-token-a')];
    const [account, ...others] = buildAccounts(secrets, secrets);
    assert.deepEqual(others, []);
    const { refreshToken, accessTokens } = account ?? assert.fail();
    const shown = [account?.registration, refreshToken, accessTokens.get(undefined)];
    assert.deepEqual(
      shown.map((secret) => secret?.name),
      secrets.map(({ name }) => name),
    );
  });

  test('with its named access tokens, by the tag that tells whose each is', () => {
    const published = (name: string, account?: string) =>
      listed(`access-token-${name}`, { tags: account === undefined ? {} : { account } });
    const tokens = [
      published('ads', 'ads'),
      published('ads-emea', 'ads'),
      published('ads-us-west', 'ads'),
      published('ads-apac', 'ads-apac'),
      published('ads-by-hand'),
      published('crm-x', 'other'),
      published('crm-', 'crm'),
    ];
    const accounts = buildAccounts([registration('ads')], tokens).map(({ id, accessTokens }) => [
      id,
      accessTokens.get(undefined)?.name,
      [...accessTokens.keys()].filter((name) => name !== undefined),
    ]);
    assert.deepEqual(accounts, [
      ['ads', 'access-token-ads', ['emea', 'us-west']],
      ['ads-apac', 'access-token-ads-apac', []],
      ['ads-by-hand', 'access-token-ads-by-hand', []],
      ['crm-', 'access-token-crm-', []],
      ['crm-x', 'access-token-crm-x', []],
    ]);
  });

  test('each with the names that it publishes under; a name stays with whose token is there', () => {
    const summaryOf = (...tokens: string[]) => registrationTags({}, { ...summary, tokens }, undefined);
    const plain = registrationTags({}, summary, undefined);
    const ads = registration('ads', summaryOf('emea', 'apac'));
    const adsEmea = registration('ads-emea', plain);
    const namesOf = (credentials: ListedSecret[], tokens: ListedSecret[]) =>
      Object.fromEntries(publishedNames(buildAccounts(credentials, tokens)));
    const emea = (account: string) => listed('access-token-ads-emea', { tags: { account } });
    const apac = { 'access-token-ads-apac': 'ads' };
    assert.deepEqual(namesOf([ads, adsEmea], []), { 'access-token-ads-emea': 'ads', ...apac });
    assert.deepEqual(namesOf([ads, adsEmea], [emea('ads')]), { 'access-token-ads-emea': 'ads', ...apac });
    assert.deepEqual(namesOf([ads, adsEmea], [emea('ads-emea')]), {
      'access-token-ads-emea': 'ads-emea',
      ...apac,
    });
    assert.deepEqual(namesOf([adsEmea], [emea('ads')]), { 'access-token-ads-emea': 'ads-emea' });
    // Nobody has read the registration since it was written: what it had before still is its own.
    assert.deepEqual(namesOf([registration('ads'), adsEmea], [emea('ads')]), {
      'access-token-ads-emea': 'ads',
    });
  });

  test('with nothing that lies in the wrong vault', () => {
    assert.deepEqual(
      buildAccounts([listed('access-token-a')], [registration('b'), listed('refresh-token-c')]),
      [],
    );
  });

  test('without secrets of other names', () => {
    assert.deepEqual(buildAccounts([listed('shared-secret'), listed('refresher-heartbeat')], []), []);
  });

  test('one, in whatever case the names of its secrets were first written', () => {
    const credentials = [registration('Contoso'), listed('refresh-token-contoso')];
    const [account, ...others] = buildAccounts(credentials, [listed('Access-Token-CONTOSO')]);
    assert.deepEqual(others, []);
    assert.deepEqual([account?.id, account?.idFault], ['contoso', undefined]);
    assert.deepEqual(
      [account?.registration?.name, account?.refreshToken?.name, account?.accessTokens.get(undefined)?.name],
      ['account-Contoso', 'refresh-token-contoso', 'Access-Token-CONTOSO'],
    );
  });

  test('a fault beside a name that ends where the id should begin', () => {
    assert.match(buildAccounts([registration('')], [])[0]?.idFault ?? '', /"" is not/);
  });
});

describe('a remembered failure counts', () => {
  /** Whatever is shown was made in one and the same second. */
  const accountOf = (tags: Tags, refreshToken?: Tags) =>
    buildAccounts(
      [
        registration('a', tags),
        ...(refreshToken === undefined ? [] : [listed('refresh-token-a', { createdAt, tags: refreshToken })]),
      ],
      [],
    )[0];

  const cases: ReadonlyArray<
    readonly [what: string, judged: string | undefined, refreshToken: Tags | undefined, counts: boolean]
  > = [
    ['while the judged refresh token is the newest', 'a', { 'attempt-id': 'a' }, true],
    ['not for one of another attempt', 'a', { 'attempt-id': 'b' }, false],
    ['not for one that was stored by hand', 'a', {}, false],
    ['not when the refresh token is gone', 'a', undefined, false],
    ['without a refresh token when none was judged', undefined, undefined, true],
    ['for one that nothing was done with, when none was judged', undefined, {}, true],
    ['not for one of an attempt, when none was judged', undefined, { 'attempt-id': 'a' }, false],
  ];
  for (const [what, judged, refreshToken, counts] of cases) {
    test(what, () => {
      const record = failure(judged);
      const account = accountOf(registrationTags({}, summary, record), refreshToken);
      assert.deepEqual(account?.failure, counts ? record : undefined);
      assert.deepEqual(account?.summary, summary);
    });
  }

  test('not when the registration was written anew, which has no tags', () => {
    const account = accountOf({}, { 'attempt-id': 'a' });
    assert.deepEqual([account?.failure, account?.summary], [undefined, undefined]);
  });
});

describe("the rejection of a client's credential", () => {
  const rejection = {
    clientId: 'client-a',
    authority: 'https://login.microsoftonline.com',
    code: 'AADSTS7000215',
    cause: 'why',
    remedy: 'what to do',
    since: createdAt,
  };
  const secret = listed('Shared-Secret', { tags: credentialTags({}, rejection) });
  const accountWith = (tags: Tags, other = secret) => buildAccounts([registration('a', tags), other], [])[0];

  const cases: ReadonlyArray<readonly [what: string, tags: Tags, struck: boolean]> = [
    ['strikes an account of that client', registrationTags({}, summary, undefined), true],
    [
      'leaves another client that uses the same secret alone',
      registrationTags({}, { ...summary, clientId: 'client-b' }, undefined),
      false,
    ],
    [
      'leaves an account with another secret alone',
      registrationTags({}, { ...summary, credentialSecret: 'other-secret' }, undefined),
      false,
    ],
    ['leaves an account that was never read alone', {}, false],
  ];
  for (const [what, tags, struck] of cases) {
    test(what, () => {
      assert.deepEqual(accountWith(tags)?.credentialRejection, struck ? rejection : undefined);
    });
  }

  test('ends with a renewed secret, which has no tags', () => {
    const account = accountWith(registrationTags({}, summary, undefined), listed('shared-secret'));
    assert.equal(account !== undefined && 'credentialRejection' in account, false);
  });
});

describe('whatever the vaults list', () => {
  const names = fc.oneof(
    fc.string(),
    fc
      .tuple(
        fc.constantFrom('account-', 'refresh-token-', 'access-token-', 'Account-'),
        fc.oneof(fc.constantFrom('a', 'b', 'A', '-', ''), fc.string()),
      )
      .map(([prefix, id]) => prefix + id),
  );
  const tagNames = [
    ...Object.keys(
      registrationTags({}, { ...summary, owner: 'o', minimumValidityMinutes: 10 }, failure('a')),
    ),
    ...Object.keys(
      credentialTags({}, { ...summary, authority: '', code: '', cause: '', remedy: '', since: 0 }),
    ),
  ];
  const secrets = fc.array(
    fc
      .record({
        name: names,
        tags: fc.dictionary(fc.constantFrom(...tagNames), brokenValue),
        enabled: fc.boolean(),
        createdAt: fc.nat(),
      })
      .map((secret): ListedSecret => ({ ...secret, updatedAt: secret.createdAt })),
    { maxLength: 8 },
  );

  test('nothing throws, every id comes once, in order, and says when it breaks the rules', () => {
    fc.assert(
      fc.property(secrets, secrets, (credentials, tokens) => {
        const accounts = buildAccounts(credentials, tokens);
        const ids = accounts.map(({ id }) => id);
        assert.deepEqual(
          ids,
          [...new Set(ids)].sort((a, b) => (a < b ? -1 : 1)),
        );
        for (const { id, idFault } of accounts) {
          assert.equal(idFault === undefined, /^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/.test(id));
        }
      }),
      { numRuns: 500 },
    );
  });
});
