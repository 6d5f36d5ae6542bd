import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AccountState, accountStates } from '../../src/accounts/account-state.ts';
import type { ClientCredential } from '../../src/client/credential-report.ts';
import type { Filter } from '../../src/status/filter.ts';
import type { StatusSnapshot } from '../../src/status/snapshot.ts';
import { statusJson } from '../../src/status/status-json.ts';
import { statusPage } from '../../src/status/status-page.ts';
import type { AccountStatus } from '../../src/sweep/account-status.ts';
import { isoTime } from '../../src/time.ts';

const all: Filter = { account: '', client: '', state: '' };
const asOf = 1_772_323_200; // 2026-03-01T00:00:00Z

const dead: AccountStatus = {
  account: 'ads',
  state: 'reconsent',
  failures: 1,
  client: 'client-1',
  tenant: 'contoso.com',
  owner: 'team-ads',
  code: 'AADSTS50173',
  cause: 'The grant was revoked.',
  remedy: 'Consent again.',
  traceId: 'trace-1',
  since: asOf - 7200,
  nextAttemptAt: asOf + 86_400,
  accessTokenExpiresAt: asOf - 60,
  refreshTokenExpiresAt: asOf + 5 * 86_400,
  refreshTokenCreatedAt: asOf - 3 * 86_400,
  generation: 12,
};
const well: AccountStatus = {
  account: 'well',
  state: 'healthy',
  failures: 0,
  accessTokenExpiresAt: asOf + 3000,
};

function snapshot(accounts: readonly AccountStatus[], changes: Partial<StatusSnapshot> = {}): StatusSnapshot {
  return { asOf, nextSweepAt: asOf + 1800, overdue: false, accounts, clientCredentials: [], ...changes };
}

const pageOf = (accounts: readonly AccountStatus[], filter = all) =>
  statusPage(snapshot(accounts), filter).body;

/** The page's text without its marks. */
const textOf = (document: string): string =>
  document
    .replace(/<style>[\s\S]*<\/style>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');

const lastSweep = {
  ...{ completedAt: asOf - 120, durationSeconds: 95, build: '1' },
  ...{ accounts: 3, refreshed: 2, failing: 1 },
};

describe('the status page', () => {
  test('says everything about an account', () => {
    const text = textOf(pageOf([dead]));
    for (const said of [
      'ads owner team-ads client client-1 tenant contoso.com',
      'reconsent since 2026-02-28 22:00:00 UTC (2 h)',
      'The grant was revoked.',
      'Consent again.',
      'AADSTS50173, trace id trace-1',
      '2026-02-28 23:59:00 UTC 1 min ago',
      'generation 12 3 d old ends in 5 d',
      '2026-03-02 00:00:00 UTC in 24 h',
    ])
      assert.ok(text.includes(said), said);
    assert.match(text, /As of 2026-03-01 00:00:00 UTC/);
  });

  test('says of a registration that it has expired, from that second on, and not before', () => {
    const registered = (registrationExpiresAt: number) =>
      textOf(pageOf([{ ...well, registrationExpiresAt }]));
    assert.match(registered(asOf - 86_400), /well registration expired 24 h ago/);
    assert.match(registered(asOf), /registration expired/);
    assert.doesNotMatch(registered(asOf + 1), /registration/);
  });

  test('says which scopes Entra did not grant', () => {
    assert.match(textOf(pageOf([{ ...well, lackingScopes: 'Mail.Read' }])), /well not granted Mail\.Read/);
    assert.doesNotMatch(textOf(pageOf([well])), /not granted/);
  });

  test('says what an account does not have', () => {
    const text = textOf(pageOf([{ account: 'a', state: 'paused', failures: 0 }]));
    assert.match(text, /paused no token none none/);
  });

  test('says of several access tokens how long each is valid, and which is failing', () => {
    const tokens = [
      { name: 'graph', failing: false, accessTokenExpiresAt: asOf + 1800 },
      { name: 'mail', failing: true },
    ];
    const text = textOf(pageOf([{ ...dead, tokens }]));
    assert.match(text, /graph 2026-03-01 00:30:00 UTC in 30 min mail no token failing/);
    const answer = JSON.parse(statusJson(snapshot([{ ...dead, tokens }]), all).body) as {
      accounts: object[];
    };
    assert.deepEqual((answer.accounts[0] as { tokens?: unknown }).tokens, [
      { name: 'graph', failing: false, accessTokenExpiresAt: '2026-03-01T00:30:00Z' },
      { name: 'mail', failing: true },
    ]);
  });

  test('puts what needs a human on top, the most urgent first, and the others below', () => {
    const states = ['healthy', 'orphaned', 'paused', 'policy', 'retrying', 'pending_consent'] as const;
    const more = ['configuration', 'credential', 'reconsent'] as const;
    const accounts = [...states, ...more].map((state) => ({ account: `of-${state}`, state, failures: 0 }));
    const document = pageOf(accounts);
    const order = [...document.matchAll(/<th scope="row"><span class="id">of-([a-z_]+)/g)].map(
      ([, id]) => id,
    );
    assert.deepEqual(order, [
      ...['reconsent', 'credential', 'configuration', 'policy', 'pending_consent', 'orphaned'],
      ...['retrying', 'healthy', 'paused'],
    ]);
    assert.match(
      document,
      /Needs a human \(6\)[\s\S]*of-orphaned[\s\S]*Other accounts \(3\)[\s\S]*of-retrying/,
    );
    assert.match(document, /<title>6 need a human/);
  });

  test('gives a button to those whom a consent helps, and to no other', () => {
    const helped: readonly AccountState[] = ['reconsent', 'pending_consent'];
    for (const state of helped) {
      const document = pageOf([{ ...dead, state }]);
      assert.match(
        document,
        /<form method="post" action="\/api\/consent-link\/ads"><button>Get consent link<span class="hidden"> for ads<\/span><\/button><\/form>/,
      );
    }
    for (const state of accountStates.filter((state) => !helped.includes(state)))
      assert.doesNotMatch(pageOf([{ ...dead, state }]), /consent-link/);
  });

  test('keeps an odd id within its step of the button’s path', () => {
    const document = pageOf([{ ...dead, account: 'a/../b?c#d' }]);
    assert.match(document, /action="\/api\/consent-link\/a%2F\.\.%2Fb%3Fc%23d"/);
  });

  test('tells the last sweep', () => {
    const text = textOf(statusPage(snapshot([], { lastSweep }), all).body);
    assert.match(
      text,
      /Last sweep completed 2026-02-28 23:58:00 UTC \(2 min ago\): 3 accounts, 2 refreshed, 1 failing, in 1 min\./,
    );
    assert.match(text, /Next sweep 2026-03-01 00:30:00 UTC \(in 30 min\)/);
    assert.match(textOf(pageOf([])), /No sweep has been completed yet/);
    assert.doesNotMatch(text, /No sweep has been completed/);
  });

  test('says loudly when the timer stays silent', () => {
    const silent = { ...lastSweep, completedAt: asOf - 7200 };
    const document = statusPage(snapshot([], { lastSweep: silent, overdue: true }), all).body;
    assert.match(document, /<p class="notice bad" role="status">No sweep has been completed for 2 h\./);
  });

  test('counts all accounts and shows those that the filter lets through', () => {
    const document = pageOf([dead, well], { ...all, state: 'healthy' });
    assert.match(document, /2 accounts: 1 reconsent, 1 healthy\./);
    assert.doesNotMatch(document, />ads</);
    assert.match(document, />well</);
    assert.match(document, /Needs a human \(0\)<\/h2>\n<p>No account that matches the filter\.<\/p>/);
  });

  test('shows the filter as it is set, and the clients that there are', () => {
    const document = pageOf([dead, well], { account: 'a"d', client: 'client-1', state: 'reconsent' });
    assert.match(document, /name="account" value="a&quot;d"/);
    assert.match(document, /<option value="client-1" selected>/);
    assert.match(document, /<option value="reconsent" selected>/);
    assert.equal(document.match(/ selected/g)?.length, 2);
  });

  test('is a page for screen readers: landmark, headings, captions, scopes, labels', () => {
    const document = pageOf([dead, well]);
    assert.equal(document.match(/<main/g)?.length, 1);
    assert.equal(document.match(/<h1>/g)?.length, 1);
    assert.equal(document.match(/<table>\n<caption>/g)?.length, 2);
    assert.equal(document.match(/<th scope="col">/g)?.length, 12);
    assert.equal(document.match(/<th scope="row">/g)?.length, 2);
    for (const id of ['account', 'client', 'state'])
      assert.match(document, new RegExp(`<label for="${id}">[\\s\\S]*id="${id}"`));
    for (const id of ['needs-human', 'others'])
      assert.match(document, new RegExp(`<section aria-labelledby="${id}">\\n<h2 id="${id}">`));
    assert.doesNotMatch(document, /<script|\son\w+=|style="/);
  });
});

describe('the status as JSON', () => {
  test('has this shape', () => {
    const { status, body } = statusJson(snapshot([well, dead], { lastSweep }), all);
    const { counts, ...others } = JSON.parse(body);
    assert.equal(status, 200);
    assert.deepEqual(counts, {
      ...{ healthy: 1, retrying: 0, reconsent: 1, credential: 0, configuration: 0 },
      ...{ policy: 0, pending_consent: 0, paused: 0, orphaned: 0 },
    });
    assert.deepEqual(others, {
      asOf: '2026-03-01T00:00:00Z',
      nextSweepAt: '2026-03-01T00:30:00Z',
      overdue: false,
      lastSweep: { ...lastSweep, completedAt: '2026-02-28T23:58:00Z' },
      needsHuman: 1,
      accounts: [
        {
          ...dead,
          since: '2026-02-28T22:00:00Z',
          nextAttemptAt: '2026-03-02T00:00:00Z',
          accessTokenExpiresAt: '2026-02-28T23:59:00Z',
          refreshTokenExpiresAt: '2026-03-06T00:00:00Z',
          refreshTokenCreatedAt: '2026-02-26T00:00:00Z',
          needsHuman: true,
        },
        { ...well, accessTokenExpiresAt: '2026-03-01T00:50:00Z', needsHuman: false },
      ],
      clientCredentials: [],
    });
  });
});

const secret: ClientCredential = {
  client: 'client-1',
  method: 'client_secret',
  credentialSecret: 'client-secret-1',
  owners: ['team-ads'],
  accounts: 3,
  expiry: 'known',
  expiresAt: asOf + 30 * 86_400,
  fallback: false,
};

describe('client credentials to look at', () => {
  const textFor = (clientCredentials: ClientCredential[], filter = all) =>
    textOf(statusPage(snapshot([], { clientCredentials }), filter).body);
  const jsonFor = (clientCredentials: ClientCredential[], filter = all) =>
    JSON.parse(statusJson(snapshot([], { clientCredentials }), filter).body).clientCredentials;

  const { expiresAt: _, ...endless } = secret;
  const shown: readonly (readonly [string, ClientCredential, RegExp])[] = [
    ['one that ends in 30 days', secret, /in 30 d Store a new version before it ends\./],
    ['one that has ended', { ...secret, expiresAt: asOf - 86_400 }, /24 h ago/],
    ['one whose end is unknown', { ...endless, expiry: 'unknown' }, /unknown Nobody can warn/],
    [
      'one whose newest version is refused',
      { ...secret, expiresAt: asOf + 300 * 86_400, fallback: true },
      /the one before is used: store the right secret/,
    ],
    [
      'a certificate whose newest version is refused',
      { ...secret, method: 'certificate', fallback: true },
      /upload the new certificate/,
    ],
  ];
  for (const [sentence, credential, words] of shown) {
    test(`${sentence} is shown, as page and as JSON`, () => {
      const text = textFor([credential]);
      assert.match(text, /Client credentials \(1\).*client-1 owner team-ads.*client-secret-1 3/);
      assert.match(text, words);
      const expiresAt = credential.expiresAt === undefined ? undefined : isoTime(credential.expiresAt);
      const [told] = jsonFor([credential]);
      assert.deepEqual([told.credentialSecret, told.expiresAt], ['client-secret-1', expiresAt]);
    });
  }

  const hidden: readonly (readonly [string, ClientCredential])[] = [
    ['one that ends later', { ...secret, expiresAt: asOf + 30 * 86_400 + 1 }],
    ['a missing one: its accounts say so', { ...endless, expiry: 'missing' }],
    ['a managed identity', { ...endless, method: 'managed_identity', expiry: 'none' }],
    ['a public client', { ...endless, method: 'none', expiry: 'none' }],
  ];
  for (const [sentence, credential] of hidden) {
    test(`${sentence} is not`, () => {
      assert.doesNotMatch(textFor([credential]), /Client credentials/);
      assert.deepEqual(jsonFor([credential]), []);
    });
  }

  test('are filtered by client', () => {
    assert.equal(jsonFor([secret], { ...all, client: 'client-1' }).length, 1);
    assert.equal(jsonFor([secret], { ...all, client: 'client-2' }).length, 0);
  });
});
