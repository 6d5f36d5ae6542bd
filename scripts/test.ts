import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { runtimeEnvironment } from '../local/own-process.ts';
import { findChromium, howToGetChromium } from '../test/browser/chromium.ts';

// Loopback only; one place for the flags, so that `npm test -- test/planning` runs a part the same way.
const paths = process.argv.slice(2);
const inFolder = (path: string): string =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? `${path}/**/*.test.ts` : path;
const coverage = [
  '--experimental-test-coverage',
  '--test-coverage-include=src/**',
  '--test-coverage-lines=95',
];
/** What a developer may tell the tests; all else of a shell (components, credentials, proxies) stays outside. */
const testSettings = ['CHROMIUM_PATH', 'BICEP_CLI', 'INTERLEAVINGS', 'INTERLEAVINGS_SEED'];
const result = spawnSync(
  process.execPath,
  [
    '--test',
    // Only for a test that hangs: a busy machine may take many times as long as an idle one.
    '--test-timeout=300000',
    ...(paths.length === 0 ? coverage : []),
    ...(paths.length === 0 ? ['test/**/*.test.ts'] : paths.map(inFolder)),
  ],
  { stdio: 'inherit', env: runtimeEnvironment(process.env, testSettings) },
);
process.exitCode = result.status ?? 1;

const withBrowser = paths.length === 0 || paths.some((path) => path.includes('browser'));
if (withBrowser && findChromium() === undefined) {
  const what = process.env['CI'] ? 'failed' : 'were skipped';
  console.log(`The browser tests ${what}, because no Chromium was found: ${howToGetChromium}.`);
}
