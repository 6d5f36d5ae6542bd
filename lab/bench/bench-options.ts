import { parseArgs } from 'node:util';
import { defaultSweepConcurrency } from '../../src/config.ts';
import type { ClientBenchOptions } from './client-section.ts';
import type { LoadOptions } from './load-section.ts';
import type { StatusBenchOptions } from './status-section.ts';
import type { SweepBenchOptions } from './sweep-section.ts';
import type { UsageOptions } from './usage-section.ts';

const sections = ['client', 'sweep', 'status', 'usage', 'load'] as const;
export type BenchSection = (typeof sections)[number];

export interface BenchOptions {
  readonly sections: readonly BenchSection[];
  readonly json: boolean;
  readonly client: ClientBenchOptions;
  readonly sweep: SweepBenchOptions;
  readonly status: StatusBenchOptions;
  readonly usage: UsageOptions;
  readonly load: LoadOptions;
}

/** For which the aims of the status page hold. */
export const defaultStatusAccounts = 5000;

export const usage = `npm run bench -- [options]
  --only <section>          client, sweep, status, usage or load; may be given again (default: all five)
  --json                    the report as JSON
  --seconds <n>             client: length of one measurement (default 1)
  --rounds <n>              client: rounds of measurements (default 5)
  --accounts <n>            sweep: due accounts for each vault (default 500)
  --concurrency <n,…>       sweep: accounts in flight (default ${defaultSweepConcurrency}, the app's own)
  --vaults <1,2>            sweep: with one vault, with two (default 1,2)
  --status-accounts <n>     status: accounts on the page (default ${defaultStatusAccounts})
  --usage-accounts <n>      usage: accounts that are refreshed for a day (default 100)
  --runs <n>                load: processes of each kind (default 15)
`;

/** Wrong arguments; the message says which. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'usage';
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new UsageError(`--${name} takes a number above 0`);
  return value;
}

function whole(name: string, text: string): number {
  const value = positive(name, text);
  if (!Number.isInteger(value)) throw new UsageError(`--${name} takes a whole number`);
  return value;
}

function section(text: string): BenchSection {
  const found = sections.find((known) => known === text);
  if (found === undefined) throw new UsageError(`--only takes ${sections.join(', ')}`);
  return found;
}

function vaultCount(text: string): 1 | 2 {
  if (text !== '1' && text !== '2') throw new UsageError('--vaults takes 1, 2 or 1,2');
  return text === '1' ? 1 : 2;
}

const flags = {
  only: { type: 'string', multiple: true },
  json: { type: 'boolean', default: false },
  seconds: { type: 'string', default: '1' },
  rounds: { type: 'string', default: '5' },
  accounts: { type: 'string', default: '500' },
  concurrency: { type: 'string', default: String(defaultSweepConcurrency) },
  vaults: { type: 'string', default: '1,2' },
  'status-accounts': { type: 'string', default: String(defaultStatusAccounts) },
  'usage-accounts': { type: 'string', default: '100' },
  runs: { type: 'string', default: '15' },
} as const;

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Reads the command's arguments, without the node and script paths.
 *
 * @throws UsageError for an unknown flag or a value out of range
 */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const flagsGiven = parseFlags(args);
  const { only = sections, json, seconds, rounds, accounts, concurrency, vaults, runs } = flagsGiven;
  return {
    sections: only.map(section),
    json,
    client: {
      seconds: positive('seconds', seconds),
      rounds: whole('rounds', rounds),
      concurrencies: [1, 16],
      warmUpRedemptions: 1000,
    },
    sweep: {
      accountsPerVault: whole('accounts', accounts),
      vaults: vaults.split(',').map(vaultCount),
      concurrencies: concurrency.split(',').map((text) => whole('concurrency', text)),
    },
    status: { accounts: whole('status-accounts', flagsGiven['status-accounts']) },
    usage: { accounts: whole('usage-accounts', flagsGiven['usage-accounts']) },
    load: { runs: whole('runs', runs) },
  };
}
