import type { ArgumentsCamelCase, Argv } from 'yargs';
import type { CommandResult } from './result.ts';
import type { CommonOptions, Session } from './session.ts';

/** Does what a command says. */
type Action<O> = (session: Session, options: O) => Promise<CommandResult>;

/** Runs what a command does, and prints what came of it. */
export type Run = <O extends CommonOptions>(options: O, action: Action<O>) => Promise<void>;

/** A parser that knows the options of every command. */
export type Parser = Argv<CommonOptions>;

interface Definition<O extends CommonOptions> {
  readonly command: string;
  readonly describe: string;
  readonly builder: (parser: Parser) => Argv<O>;
  /** What it does, loaded when it is wanted: help is to be there at once. */
  readonly action: () => Promise<Action<NoInfer<ArgumentsCamelCase<O>>>>;
}

/** Adds a command to a parser. */
export type Command = (parser: Parser, run: Run) => unknown;

/** A command as it is written down. */
export const command =
  <O extends CommonOptions>({ action, ...others }: Definition<O>): Command =>
  (parser, run) =>
    parser.command({
      ...others,
      handler: (options) => run(options, async (...given) => (await action())(...given)),
    });

/** An option with a text. */
export const text = (describe: string) => ({ type: 'string', nargs: 1, describe }) as const;
/** An option with one text or several. */
export const texts = (describe: string) => ({ type: 'string', array: true, describe }) as const;
/** An option without a value. */
export const flag = (describe: string) => ({ type: 'boolean', default: false, describe }) as const;
export const accountId = {
  type: 'string',
  demandOption: true,
  describe: "The account's id: 1 to 64 of a-z 0-9 -",
} as const;
export const wide = { wide: flag('All columns, each row in one line, however wide') };
