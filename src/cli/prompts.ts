import { Sensitive } from '../sensitive.ts';
import { usageError } from './result.ts';
import type { Terminal } from './terminal.ts';

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
