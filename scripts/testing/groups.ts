import { globSync, statSync } from 'node:fs';

/** Test files that run one after the other in one process. */
export interface TestGroup {
  /** The room, or the one file. */
  readonly name: string;
  readonly files: readonly string[];
  /** Whether it counts what it runs of `src`. Counting makes what computes much take twice as long. */
  readonly isCovered: boolean;
}

/**
 * Files that need a process of their own. A process has one app and one environment, which these start or set; to
 * @azure/identity it has one identity, whose tokens it keeps; a browser's tests are many and long.
 */
const apart: readonly RegExp[] = [
  /^test\/(browser|interop|cli)\//,
  /^test\/consent\/(?!consent-(cookie|link|malformed)\.|consented-user|new-user|signing-key)/,
  /^test\/local\/functions-host\/(functions-host|http-functions|stop|start)\./,
  /^test\/status\/status-function\./,
  /^test\/sweep\/(cold-identity|refresh-now)\./,
  /^test\/vault\/(managed-)?identity\./,
];

/** Tests of what surrounds the product. Each line of `src` that they run is run by its own tests, too. */
const uncovered = /^test\/(lab|local|infra|scripts)\//;

/** The product: what `npm run test:quick` runs. */
const product = /^test\/(?!(browser|infra|interop|lab|local|scripts)\/)/;

/** What takes long, in CPU seconds a file, where it has not run yet; all else takes about one. */
const slow: readonly (readonly [files: RegExp, seconds: number])[] = [
  [/^test\/lab\/alerts\//, 12],
  [/^test\/browser\//, 8],
  [/^test\/lab\/simulation\//, 3],
  [/^test\/consent\/consent-gaps\./, 9],
];

/** @param paths files, folders or patterns; default: all, or of the product only */
export function findTests(paths: readonly string[], isQuick: boolean): string[] {
  const patterns = paths.length === 0 ? ['test'] : paths;
  const files = new Set(patterns.flatMap(filesOf));
  return [...files].filter((file) => !isQuick || product.test(file)).sort();
}

function filesOf(path: string): string[] {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const files = globSync(isFolder ? `${path}/**/*.test.ts` : path);
  if (files.length === 0) throw new RangeError(`"${path}" is no test`);
  return files.map((file) => file.replaceAll('\\', '/').replace(/^\.\//, ''));
}

/**
 * The tests of a room share a process, because starting one and loading the SDKs takes longer than most tests.
 *
 * @param measured how many seconds a file took last; what takes longest comes first, so that all cores end together
 */
export function groupTests(
  files: readonly string[],
  measured: Readonly<Record<string, number>> = {},
): TestGroup[] {
  const secondsOf = (file: string): number => measured[file] ?? expectedSeconds(file);
  const groups = Object.groupBy(files, (file) => (isApart(file) ? file : roomOf(file)));
  const secondsIn = (group: TestGroup): number =>
    group.files.reduce((seconds, file) => seconds + secondsOf(file), 0);
  return Object.entries(groups)
    .map(([name, members = []]) => ({
      name,
      files: members,
      isCovered: members.some((file) => !uncovered.test(file)),
    }))
    .sort((one, other) => secondsIn(other) - secondsIn(one));
}

function expectedSeconds(file: string): number {
  return slow.find(([files]) => files.test(file))?.[1] ?? 1;
}

const isApart = (file: string): boolean => apart.some((pattern) => pattern.test(file));

/** The folder below `test`, of `local` and `lab` the one below that. */
function roomOf(file: string): string {
  return /^test\/(?:(?:local|lab)\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? 'test';
}
