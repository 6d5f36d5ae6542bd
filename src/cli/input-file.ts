// biome-ignore lint/style/noRestrictedImports: an operator's disk, which is another matter than Azure's
import { readFile } from 'node:fs/promises';
import { decodeText } from '../text.ts';
import { usageError } from './result.ts';
import type { Terminal } from './terminal.ts';

/** The system's word for what went wrong with a file, like ENOENT. */
function codeOf(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : 'unreadable';
}

/**
 * The JSON of a file; `-` is the standard input. Nothing of a faulty one is quoted.
 *
 * @throws CommandError when it cannot be read or is not JSON
 */
export async function readJson(terminal: Terminal, path: string): Promise<unknown> {
  const name = path === '-' ? 'The standard input' : path;
  const text = await (path === '-' ? terminal.readInput() : readFile(path).then(decodeText)).catch(
    (error) => {
      throw usageError(`${name} cannot be read: ${codeOf(error)}.`, 'Name a file, or - for standard input.');
    },
  );
  try {
    return JSON.parse(text);
  } catch {
    throw usageError(`${name} is not JSON.`, 'Correct it; nothing was written.');
  }
}

/** Whether JSON is an object. */
export const isObject = (json: unknown): json is Readonly<Record<string, unknown>> =>
  typeof json === 'object' && json !== null && !Array.isArray(json);
