// biome-ignore lint/style/noRestrictedImports: an operator's disk, which is another matter than Azure's
import { readFile } from 'node:fs/promises';
import { parseJson } from '../json.ts';
import { errorCode } from '../reason.ts';
import { Sensitive } from '../sensitive.ts';
import { decodeText } from '../text.ts';
import { usageError } from './result.ts';
import type { Terminal } from './terminal.ts';

/**
 * The JSON of a file; `-` is the standard input. Nothing of a faulty one is quoted.
 *
 * @throws CommandError when it cannot be read or is not JSON
 */
export async function readJson(terminal: Terminal, path: string): Promise<unknown> {
  const name = path === '-' ? 'The standard input' : path;
  const text = await (path === '-' ? terminal.readInput() : readFile(path).then(decodeText)).catch(
    (error) => {
      const code = errorCode(error) ?? 'unreadable';
      throw usageError(`${name} cannot be read: ${code}.`, 'Name a file, or - for standard input.');
    },
  );
  const json = parseJson(text);
  if (json === undefined) throw usageError(`${name} is not JSON.`, 'Correct it; nothing was written.');
  return json;
}

// The library takes a tenth of a second to load, and most commands ask nothing.
const library = () => import('@inquirer/prompts');

/** Questions go where results do not: to standard error. */
const streamsOf = ({ streams }: Terminal) => ({ input: streams.input, output: streams.error });

/** Asks for a text; `fault` says what is wrong with an answer. */
export async function askText(
  terminal: Terminal,
  message: string,
  fault: (answer: string) => string | undefined,
): Promise<string> {
  const { input } = await library();
  const validate = (answer: string): true | string => fault(answer.trim()) ?? true;
  return (await input({ message, validate }, streamsOf(terminal))).trim();
}

/**
 * Asks whether to go on. Where nobody can be asked the answer must be given before, as `--yes`.
 *
 * @throws CommandError without `yes` and without a terminal
 */
export async function confirmed(terminal: Terminal, message: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (!terminal.canAsk)
    throw usageError('This must be confirmed, and there is nobody to ask.', 'Give --yes to confirm it.');
  const { confirm } = await library();
  return confirm({ message, default: false }, streamsOf(terminal));
}

/**
 * A secret from a prompt that does not show it, else from the standard input, less one line end. Never from an
 * argument: those stand in the shell's history and in the list of processes.
 */
export async function askSecret(terminal: Terminal, message: string): Promise<Sensitive> {
  if (!terminal.canAsk) return new Sensitive((await terminal.readInput()).replace(/\r?\n$/, ''));
  const { password } = await library();
  return new Sensitive(await password({ message, mask: '*' }, streamsOf(terminal)));
}
