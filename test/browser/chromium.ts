import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The browser of the browser tests: `CHROMIUM_PATH`, else the first of its usual names on `PATH`; undefined without one. */
export function findChromium({ CHROMIUM_PATH, PATH = '' } = process.env): string | undefined {
  const candidates = CHROMIUM_PATH
    ? [CHROMIUM_PATH]
    : names.flatMap((name) => PATH.split(delimiter).map((directory) => join(directory, name)));
  return candidates.find(isExecutable);
}

/** Ends a sentence. */
export const howToGetChromium = `install one of ${names.join(', ')}, or set CHROMIUM_PATH`;
