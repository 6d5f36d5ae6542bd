import { fileURLToPath } from 'node:url';
import type { FunctionsHost } from './functions-host/functions-host.ts';
import { startFunctionsHost } from './functions-host/functions-host.ts';

export const timerFunction = 'refreshTokens';

/** Loads the function files of this checkout through the real library, with the given app settings. */
export function startApp(
  appSettings: Readonly<Record<string, string>>,
  log: (line: string) => void,
): Promise<FunctionsHost> {
  Object.assign(process.env, appSettings);
  return startFunctionsHost({
    entryPoints: ['functions/*.ts'],
    appDirectory: fileURLToPath(new URL('../../', import.meta.url)),
    appSettings: process.env as Record<string, string>,
    log: (line) => log(line.message),
  });
}
