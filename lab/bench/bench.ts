/**
 * The room of benchmarks: what a sweep, a token request, the status page and a day of use cost.
 *
 * In: options (`bench-options`). Out: figures beside their aims (`aims`, `bench-report`). Each `*-section` measures
 * one thing.
 */

import { cpus } from 'node:os';
import { omitUndefined } from '../../src/omit-undefined.ts';
import { type Aim, clientAims, statusAims, sweepAims } from './aims.ts';
import type { BenchOptions } from './bench-options.ts';
import { type ClientFigures, runClientSection } from './client-section.ts';
import { type LoadFigures, type MakePackage, runLoadSection } from './load-section.ts';
import { runStatusSection, type StatusFigures } from './status-section.ts';
import { runSweepSection, type SweepResult } from './sweep-section.ts';
import { runUsageSection, type UsageFigures } from './usage-section.ts';

/** Where the figures come from. */
interface Machine {
  readonly node: string;
  readonly platform: string;
  readonly processor: string;
  readonly cores: number;
}

/** Everything that one run of the benchmark found; sections that were not run are absent. */
export interface BenchReport {
  readonly machine: Machine;
  readonly options: BenchOptions;
  readonly client?: readonly ClientFigures[];
  readonly sweep?: readonly SweepResult[];
  readonly status?: StatusFigures;
  readonly usage?: UsageFigures;
  readonly load?: LoadFigures;
  readonly aims: readonly Aim[];
}

function machine(): Machine {
  const processors = cpus();
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
  };
}

interface BenchTools {
  readonly makePackage: MakePackage;
  /** Told what begins, for whoever waits. */
  readonly note: (text: string) => void;
}

/** Runs the sections one after the other, so that none disturbs another's figures. */
export async function runBench(
  options: BenchOptions,
  { makePackage, note }: BenchTools,
): Promise<BenchReport> {
  const { sections } = options;
  if (sections.includes('client')) note('CPU per redemption');
  const client = sections.includes('client') ? await runClientSection(options.client) : undefined;
  const sweep = sections.includes('sweep') ? await runSweepSection(options.sweep, note) : undefined;
  if (sections.includes('status')) note(`status page of ${options.status.accounts} accounts`);
  const status = sections.includes('status') ? await runStatusSection(options.status) : undefined;
  if (sections.includes('usage')) note(`a day of ${options.usage.accounts} accounts`);
  const usage = sections.includes('usage') ? await runUsageSection(options.usage) : undefined;
  if (sections.includes('load')) note('load time of the bundle');
  const load = sections.includes('load') ? await runLoadSection(options.load, makePackage) : undefined;
  return {
    machine: machine(),
    options,
    ...omitUndefined({ client, sweep, status, usage, load }),
    aims: [...clientAims(client ?? []), ...sweepAims(sweep ?? []), ...statusAims(status)],
  };
}
