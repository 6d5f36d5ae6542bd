import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

/** The least share of the lines of `src` that the tests must run, in per cent. */
const leastLines = 99;

/**
 * Merges what V8 counted in all processes, prints the files that are not covered whole, and a sum.
 *
 * @returns whether enough lines of `src` were run
 */
export function reportCoverage(directory: string): boolean {
  const c8 = createRequire(import.meta.url).resolve('c8/bin/c8.js');
  const options = ['--include=src/**', '--extension=.ts', '--reporter=text', '--skip-full'];
  const threshold = ['--check-coverage', `--lines=${leastLines}`];
  const args = [c8, 'report', `--temp-directory=${directory}`, ...options, ...threshold];
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status === 0;
}
