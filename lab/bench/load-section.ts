import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { median, rotated } from './statistics.ts';

export interface LoadOptions {
  /** Processes of each kind. */
  readonly runs: number;
}

/** Whole processes, from spawn to exit; medians. */
export interface LoadFigures {
  readonly bundleKilobytes: number;
  /** A process that loads nothing. */
  readonly nothingMilliseconds: number;
  readonly bundleMilliseconds: number;
  /** With a warm compile cache (NODE_COMPILE_CACHE). */
  readonly cachedBundleMilliseconds: number;
  /** Over the process that loads nothing, in the same round. */
  readonly addedMilliseconds: number;
  readonly cachedAddedMilliseconds: number;
}

/** Makes the deployable package in a directory; see `npm run build`. */
export type MakePackage = (outDirectory: string) => Promise<void>;

/** The child in plain JavaScript: stripping its types must not count. */
async function bundleChild(directory: string): Promise<string> {
  const outfile = join(directory, 'load-child.cjs');
  const entryPoints = [fileURLToPath(new URL('load-child.ts', import.meta.url))];
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'cjs', logLevel: 'error' });
  return outfile;
}

type Kind = 'nothing' | 'bundle' | 'cachedBundle';
const kinds: readonly Kind[] = ['nothing', 'bundle', 'cachedBundle'];
type LoadRound = Record<Kind, number>;

/** What is loaded, by what, in a directory of their own. */
interface LoadSetting {
  readonly child: string;
  readonly bundle: string;
  readonly cacheDirectory: string;
}

function millisecondsOf(kind: Kind, { child, bundle, cacheDirectory }: LoadSetting): number {
  const { NODE_COMPILE_CACHE: _, NODE_V8_COVERAGE: __, ...env } = process.env;
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(process.execPath, kind === 'nothing' ? [child] : [child, bundle], {
    env: kind === 'cachedBundle' ? { ...env, NODE_COMPILE_CACHE: cacheDirectory } : env,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  const elapsed = performance.now() - startedAt;
  if (status !== 0) throw new Error(`the bundle did not load: ${stderr}`);
  return elapsed;
}

function measureRound(setting: LoadSetting, index: number): LoadRound {
  const round = { nothing: 0, bundle: 0, cachedBundle: 0 };
  for (const kind of rotated(kinds, index)) round[kind] = millisecondsOf(kind, setting);
  return round;
}

function figuresOf(rounds: readonly LoadRound[], bundle: string): LoadFigures {
  const over = (value: (round: LoadRound) => number): number => median(rounds.map(value));
  return {
    bundleKilobytes: statSync(bundle).size / 1024,
    nothingMilliseconds: over((round) => round.nothing),
    bundleMilliseconds: over((round) => round.bundle),
    cachedBundleMilliseconds: over((round) => round.cachedBundle),
    addedMilliseconds: over((round) => round.bundle - round.nothing),
    cachedAddedMilliseconds: over((round) => round.cachedBundle - round.nothing),
  };
}

/**
 * Load time of the deployment's bundle, made for the occasion, with and without compile cache, against the same
 * process without it. The first round only warms file and compile cache.
 */
export async function runLoadSection({ runs }: LoadOptions, makePackage: MakePackage): Promise<LoadFigures> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-load-'));
  try {
    const packageDirectory = join(directory, 'package');
    await makePackage(packageDirectory);
    const bundle = join(packageDirectory, 'functions.cjs');
    const setting = { child: await bundleChild(directory), bundle, cacheDirectory: join(directory, 'cache') };
    const rounds = Array.from({ length: runs + 1 }, (_, index) => measureRound(setting, index));
    return figuresOf(rounds.slice(1), bundle);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
