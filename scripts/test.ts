import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { runtimeEnvironment } from '../local/own-process.ts';
import { findChromium, howToGetChromium } from '../test/browser/chromium.ts';
import { reportCoverage } from './testing/coverage.ts';
import { findTests, groupTests } from './testing/groups.ts';
import { TestReport } from './testing/report.ts';
import { runGroups } from './testing/run-groups.ts';

// npm test [-- path…]: all tests with their coverage, or those of the folders and files named.
// npm run test:quick: those of the product, without a browser and without coverage.

const cache = '.cache/test';
const coverageDirectory = join(cache, 'coverage');
const secondsFile = join(cache, 'seconds.json');
/** What a developer may tell the tests; all else of a shell (components, credentials, proxies) stays outside. */
const testSettings = ['CHROMIUM_PATH', 'BICEP_CLI', 'INTERLEAVINGS', 'INTERLEAVINGS_SEED'];

/** How long each file took when it last ran here, in seconds. */
function lastSeconds(): Record<string, number> {
  try {
    return JSON.parse(readFileSync(secondsFile, 'utf8'));
  } catch {
    return {};
  }
}

process.chdir(join(import.meta.dirname, '..'));
// Node's runner does nothing within another one, and a shell may say that this is one.
delete process.env['NODE_TEST_CONTEXT'];
const args = process.argv.slice(2);
const isQuick = args.includes('--quick');
const paths = args.filter((arg) => arg !== '--quick');
const isWhole = paths.length === 0 && !isQuick;
const files = findTests(paths, isQuick);
const seconds = lastSeconds();

mkdirSync(cache, { recursive: true });
if (isWhole) rmSync(coverageDirectory, { recursive: true, force: true });
const report = new TestReport(files.length === 1);
await runGroups(groupTests(files, seconds), {
  // One more than there are cores: some tests wait, for a browser or for the SDK's pauses.
  processes: availableParallelism() + 1,
  environment: runtimeEnvironment(process.env, testSettings),
  ...(isWhole ? { coverageDirectory: join(process.cwd(), coverageDirectory) } : {}),
  report,
});
const isCovered = !isWhole || reportCoverage(coverageDirectory);
await report.close();
for (const ended of report.ended) seconds[ended.file] = ended.seconds;
writeFileSync(secondsFile, JSON.stringify(seconds));
process.exitCode = report.hasFailed || !isCovered ? 1 : 0;

if (files.some((file) => file.startsWith('test/browser/')) && findChromium() === undefined) {
  const what = process.env['CI'] ? 'failed' : 'were skipped';
  console.log(`The browser tests ${what}, because no Chromium was found: ${howToGetChromium}.`);
}
