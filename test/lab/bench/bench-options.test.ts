import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseBenchOptions, UsageError } from '../../../lab/bench/bench-options.ts';
import { defaultSweepConcurrency } from '../../../src/config.ts';

suite('The arguments of the benchmark', () => {
  test('may all be left out', () => {
    const { sections, json, sweep, status } = parseBenchOptions([]);
    assert.deepEqual(sections, ['client', 'sweep', 'status', 'usage', 'load']);
    assert.equal(json, false);
    assert.deepEqual(sweep.concurrencies, [defaultSweepConcurrency]);
    assert.deepEqual(sweep.vaults, [1, 2]);
    assert.equal(status.accounts, 5000);
  });

  test('select sections, in the given order', () => {
    assert.deepEqual(parseBenchOptions(['--only', 'load', '--only', 'client']).sections, ['load', 'client']);
  });

  test('size each section', () => {
    const options = parseBenchOptions(
      '--seconds 0.5 --rounds 2 --accounts 7 --concurrency 8,16 --vaults 2 --status-accounts 9 --runs 3 --json'.split(
        ' ',
      ),
    );
    assert.equal(options.client.seconds, 0.5);
    assert.equal(options.client.rounds, 2);
    assert.deepEqual(options.sweep, { accountsPerVault: 7, vaults: [2], concurrencies: [8, 16] });
    assert.equal(options.status.accounts, 9);
    assert.equal(options.load.runs, 3);
    assert.equal(options.json, true);
  });

  for (const [args, names] of [
    ['--only sweeps', /--only takes client, sweep, status, usage, load/],
    ['--seconds 0', /--seconds takes a number above 0/],
    ['--rounds 1.5', /--rounds takes a whole number/],
    ['--accounts many', /--accounts takes a number above 0/],
    ['--concurrency 8,', /--concurrency takes a number above 0/],
    ['--status-accounts 0', /--status-accounts takes a number above 0/],
    ['--vaults 3', /--vaults takes 1, 2 or 1,2/],
    ['--fast', /--fast/],
  ] as const) {
    test(`are refused by name: ${args}`, () => {
      assert.throws(
        () => parseBenchOptions(args.split(' ')),
        (error) => error instanceof UsageError && names.test(error.message),
      );
    });
  }
});
