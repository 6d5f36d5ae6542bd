import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { matches, parseFilter } from '../../src/status/filter.ts';
import type { AccountStatus } from '../../src/sweep/account-status.ts';

const accounts: readonly AccountStatus[] = [
  { account: 'ads-emea', state: 'healthy', client: 'AAA', failures: 0 },
  { account: 'ads-apac', state: 'reconsent', client: 'bbb', failures: 1 },
  { account: 'crm', state: 'pending_consent', failures: 0 },
];

describe('the filter', () => {
  for (const [query, found] of [
    ['', ['ads-emea', 'ads-apac', 'crm']],
    ['account=&client=&state=', ['ads-emea', 'ads-apac', 'crm']],
    ['account=ads', ['ads-emea', 'ads-apac']],
    ['account=%20ADS-E%20', ['ads-emea']],
    ['account=nobody', []],
    ['client=aaa', ['ads-emea']],
    ['client=BBB', ['ads-apac']],
    ['client=b', []],
    ['state=reconsent', ['ads-apac']],
    ['state=pending_consent', ['crm']],
    ['state=paused', []],
    ['account=ads&client=bbb&state=healthy', []],
    ['account=ads&client=bbb&state=reconsent', ['ads-apac']],
    ['other=1&account=crm', ['crm']],
    [`account=${'x'.repeat(100)}`, []],
  ] as const) {
    test(`?${query.slice(0, 40)} lets through ${found.join(', ') || 'none'}`, () => {
      const filter = parseFilter(new URLSearchParams(query));
      assert.ok(!('cause' in filter));
      assert.deepEqual(
        accounts.filter((account) => matches(filter, account)).map(({ account }) => account),
        found,
      );
    });
  }

  for (const [query, cause] of [
    ['state=ill', 'There is no such state.'],
    ['state=<script>', 'There is no such state.'],
    [`account=${'x'.repeat(101)}`, 'A filter is longer than 100 characters.'],
    [`client=${'x'.repeat(100_000)}`, 'A filter is longer than 100 characters.'],
  ] as const) {
    test(`?${query.slice(0, 40)} is refused: ${cause}`, () => {
      const refused = parseFilter(new URLSearchParams(query));
      assert.ok('cause' in refused);
      assert.deepEqual([refused.status, refused.cause], [400, cause]);
    });
  }
});
