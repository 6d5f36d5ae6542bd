import { existsSync, globSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { App } from './app.ts';
import { asError, FunctionsHostError } from './error.ts';

/**
 * The files of an app: absolute paths, or patterns relative to the app's directory like `main` in package.json.
 * Every match counts, those of one pattern in alphabetical order. assumed: Node's glob finds what the worker's
 * globby finds. Throws `no-entry-point`.
 */
export function entryPointFiles(entryPoints: readonly string[], appDirectory: string): string[] {
  return entryPoints.flatMap((entryPoint) => {
    const files = isAbsolute(entryPoint)
      ? [entryPoint].filter((path) => existsSync(path))
      : globSync(entryPoint, { cwd: appDirectory })
          .sort()
          .map((path) => resolve(appDirectory, path));
    if (files.length === 0) {
      throw new FunctionsHostError('no-entry-point', `no function file matches "${entryPoint}"`);
    }
    return files;
  });
}

/**
 * Loads the files, runs the appStart hooks, locks registrations and asks the library for its capabilities, in
 * the worker's order. Where the real runtime would run on with zero functions or report the fault elsewhere, it
 * throws: `entry-point-failed`, `no-functions`, `start-hook-failed`, `unsupported`.
 */
export async function startApp(app: App, files: readonly string[], appDirectory: string): Promise<void> {
  for (const file of files) await loadEntryPoint(app, file);
  if (app.functions.size === 0) {
    throw new FunctionsHostError('no-functions', `no function was registered by ${files.join(', ')}`);
  }
  await runStartHooks(app, appDirectory);
  app.locked = true;
  const capabilities = await app.programmingModel?.getCapabilities({});
  if (capabilities?.['HttpUri'] !== undefined) {
    throw new FunctionsHostError('unsupported', 'HTTP streaming: remove enableHttpStream from app.setup');
  }
}

async function loadEntryPoint(app: App, file: string): Promise<void> {
  const note = (message: string) => app.log({ level: 'debug', logCategory: 'system', message });
  note(`Loading entry point file "${file}"`);
  try {
    await import(pathToFileURL(file).href);
  } catch (thrown) {
    const cause = asError(thrown);
    throw new FunctionsHostError(
      'entry-point-failed',
      `Worker was unable to load entry point "${file}": ${cause.message}`,
      { cause },
    );
  }
  note(`Loaded entry point file "${file}"`);
}

async function runStartHooks(app: App, functionAppDirectory: string): Promise<void> {
  const { appLevelHookData: hookData, appHookData } = app;
  try {
    await app.runHooks('appStart', { hookData, appHookData, functionAppDirectory });
  } catch (thrown) {
    const cause = asError(thrown);
    throw new FunctionsHostError('start-hook-failed', `an appStart hook threw: ${cause.message}`, { cause });
  }
}
