import { join } from 'node:path';
import { runBench } from '../lab/bench/bench.ts';
import { parseBenchOptions, UsageError, usage } from '../lab/bench/bench-options.ts';
import { benchText } from '../lab/bench/bench-report.ts';
import { makePackage } from './package.ts';

const root = join(import.meta.dirname, '..');

try {
  const options = parseBenchOptions(process.argv.slice(2));
  const report = await runBench(options, {
    makePackage: (outDirectory) => makePackage({ root, outDirectory }),
    note: (text) => console.error(`… ${text}`),
  });
  console.log(options.json ? JSON.stringify(report, null, 2) : benchText(report));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
