import { spawnSync } from 'node:child_process';
import { findChromium, howToGetChromium } from '../test/browser/chromium.ts';

// Loopback only; one place for the flags, so that `npm test -- test/planning` runs a part the same way.
const paths = process.argv.slice(2);
const coverage = [
  '--experimental-test-coverage',
  '--test-coverage-include=src/**',
  '--test-coverage-exclude=src/local/**',
  '--test-coverage-lines=95',
];
const result = spawnSync(
  process.execPath,
  [
    '--test',
    '--test-timeout=120000',
    ...(paths.length === 0 ? coverage : []),
    ...(paths.length === 0 ? ['test/**/*.test.ts'] : paths),
  ],
  { stdio: 'inherit', env: { ...process.env, NO_PROXY: '127.0.0.1,localhost' } },
);
process.exitCode = result.status ?? 1;

const withBrowser = paths.length === 0 || paths.some((path) => path.includes('browser'));
if (withBrowser && findChromium() === undefined) {
  const what = process.env['CI'] ? 'failed' : 'were skipped';
  console.log(`The browser tests ${what}, because no Chromium was found: ${howToGetChromium}.`);
}
