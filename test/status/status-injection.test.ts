import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { heartbeatTags } from '../../src/accounts/heartbeat.ts';
import type { Tags } from '../../src/accounts/secret.ts';
import { refusalAnswer } from '../../src/http/answers.ts';
import type { Filter } from '../../src/status/filter.ts';
import { type StatusSnapshot, takeSnapshot } from '../../src/status/snapshot.ts';
import { statusJson } from '../../src/status/status-json.ts';
import { statusPage } from '../../src/status/status-page.ts';
import { listed } from '../planning/accounts.ts';
import { TestWorld } from '../support/world.ts';

const all: Filter = { account: '', client: '', state: '' };
const asOf = 1_772_323_200; // 2026-03-01T00:00:00Z
const { policy } = new TestWorld().environment;

/** Everything that a registration, a tag or a secret's name can bring onto the page. */
function hostileSnapshot(text: string): StatusSnapshot {
  const summary: Tags = {
    'refresher-client': text,
    'refresher-tenant': text,
    'refresher-credential': text,
    'refresher-owner': text,
    'refresher-cause': text,
    'refresher-remedy': text,
  };
  const failure = {
    state: 'reconsent',
    code: text,
    since: 1,
    failures: 1,
    next: 1,
    suspected: false,
    trace: text,
  };
  const dead = { ...summary, 'refresher-failure': JSON.stringify(failure) };
  const rejected = {
    'refresher-rejected': JSON.stringify({
      client: text,
      authority: text,
      code: text,
      since: 1,
      trace: text,
    }),
    'refresher-cause': text,
    'refresher-remedy': text,
  };
  const last = { completedAt: 1, durationSeconds: 1, accounts: 1, refreshed: 1, failing: 1, build: text };
  const credentials = [
    listed({ name: 'account-a', tags: dead }),
    listed({ name: 'account-b', tags: summary }),
    listed({ name: 'refresh-token-b', tags: { generation: text, source: text } }),
    listed({ name: `account-${text}`, tags: summary }),
    listed({ name: `refresh-token-${text}x` }),
    listed({ name: text, tags: rejected }),
    listed({
      name: 'refresher-heartbeat',
      tags: { ...heartbeatTags({}, last), 'last-sweep-accounts': text },
    }),
  ];
  return takeSnapshot({ credentials, tokens: [] }, policy, asOf);
}

const tagsOf = (document: string): readonly string[] => document.match(/<[^\s>]*/g) ?? [];
/** A name that Key Vault would not take, but that nothing here relies on. */
const hostile = "\"><script>alert(1)</script><img src=x onerror='alert(1)'>&lt;";

describe('hostile text in every field', () => {
  test('stays text', () => {
    const { body, headers } = statusPage(hostileSnapshot(hostile), all);
    assert.ok(body.includes('&quot;&gt;&lt;script&gt;alert(1)'), 'it was there');
    assert.doesNotMatch(body, /<script|<img/);
    assert.ok(!JSON.stringify(headers).includes('script>'));
  });

  test('leaves the page’s marks as they are, whatever it is', () => {
    const benign = tagsOf(statusPage(hostileSnapshot('zz'), all).body);
    const texts = fc.string({ minLength: 1, maxLength: 40 }).filter((text) => !/^[a-z0-9-]*$/i.test(text));
    fc.assert(
      fc.property(texts, (text) => {
        const made = tagsOf(statusPage(hostileSnapshot(text), all).body);
        assert.deepEqual([...new Set(made)].sort(), [...new Set(benign)].sort());
      }),
    );
  });

  test('in a filter stays within its attribute', () => {
    const document = statusPage(hostileSnapshot('zz'), { ...all, account: hostile }).body;
    assert.doesNotMatch(document, /<script|<img/);
  });

  test('is a string in JSON, which no browser takes for a page', () => {
    const { body, headers } = statusJson(hostileSnapshot(hostile), all);
    const { accounts } = JSON.parse(body) as { accounts: { owner?: string }[] };
    assert.ok(accounts.some(({ owner }) => owner === hostile));
    assert.equal(headers['content-type'], 'application/json; charset=utf-8');
    assert.equal(headers['x-content-type-options'], 'nosniff');
  });

  test('in a refusal stays text', () => {
    const refusal = { status: 503, code: hostile, cause: hostile, remedy: hostile };
    assert.doesNotMatch(refusalAnswer('html', refusal).body, /<script|<img/);
    assert.equal(JSON.parse(refusalAnswer('json', refusal).body).error.cause, hostile);
  });
});
