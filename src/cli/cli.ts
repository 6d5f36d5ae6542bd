/**
 * The room of the command line, for operators.
 *
 * In: arguments, a terminal, the settings of a deployment. Out: text or JSON, and an exit code. `commands` lists the
 * commands with their options; an action each in `actions` does the work, with the rooms of the app; `doctor` checks
 * settings, vaults and accounts.
 */

import yargs from 'yargs';
import { product } from '../http/product.ts';
import type { Run } from './command.ts';
import { commands, commonOptions } from './commands.ts';
import { type CommandResult, type ExitCode, exitCodes } from './result.ts';
import { type CommandContext, withSession } from './session.ts';
import { type Streams, Terminal } from './terminal.ts';

const scriptName = 'token-refresher';

/** What the command line is started with. */
type Surroundings = Omit<CommandContext, 'terminal'> & { readonly streams: Streams };

const exitCodeText = `Exit codes: 0 fine; 1 something needs a human; 2 wrong usage; 3 a vault could not be reached or did
not allow it. Results go to standard output, everything else to standard error.`;

function createParser(run: Run, width: number) {
  const parser = yargs()
    .scriptName(scriptName)
    .locale('en')
    .usage('$0 <command>\n\nRegister, inspect and mend the accounts of a token refresher.')
    .parserConfiguration({ 'parse-numbers': false, 'parse-positional-numbers': false })
    .options(commonOptions);
  for (const add of Object.values(commands)) add(parser, run);
  return (
    parser
      .completion('completion', 'Print a script that completes commands in bash or zsh')
      .demandCommand(1, 'Name a command.')
      .recommendCommands()
      .strict()
      .help()
      .version(product.version)
      .wrap(Math.min(110, width))
      .epilogue(exitCodeText)
      // What is wrong is thrown instead of printed, and nothing ends the process here.
      .exitProcess(false)
      .fail(false)
  );
}

function print(terminal: Terminal, { json, text }: CommandResult, asJson: boolean): void {
  const printed = asJson ? JSON.stringify(json, undefined, 2) : text;
  if (printed !== '') terminal.result(printed);
}

async function printFailure(terminal: Terminal, error: unknown, asJson: boolean): Promise<ExitCode> {
  const { explain } = await import('./explain.ts');
  const { exitCode, ...told } = explain(error);
  if (asJson) terminal.tell(JSON.stringify({ error: told }, undefined, 2));
  else terminal.tell(`${told.cause}\n${told.remedy}`);
  return exitCode;
}

/** What the parser refused; it names options and commands, never the values of options. */
function printUsageFault(terminal: Terminal, args: readonly string[], error: unknown): ExitCode {
  const words = args.filter((word) => /^[a-z]+$/.test(word)).slice(0, 1);
  const command = [scriptName, ...words.filter((word) => Object.hasOwn(commands, word))].join(' ');
  const message = error instanceof Error ? error.message : 'The command line is wrong.';
  terminal.tell(`${message}\nSee ${command} --help.`);
  return exitCodes.usage;
}

/**
 * Runs one command line and gives the exit code; throws nothing.
 *
 * @param args without the interpreter and the script
 */
export async function runCli(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { streams, ...others } = surroundings;
  const terminal = new Terminal(streams, surroundings.env);
  let exitCode: ExitCode = exitCodes.fine;
  const run: Run = async (options, action) => {
    try {
      const result = await withSession({ ...others, terminal }, options, (session) =>
        action(session, options),
      );
      print(terminal, result, options.json);
      exitCode = result.exitCode;
    } catch (error) {
      exitCode = await printFailure(terminal, error, options.json);
    }
  };
  try {
    // Help, version and completion come as text, so that they can go where everything goes.
    await createParser(run, terminal.width).parseAsync([...args], {}, (_error, _parsed, output) => {
      if (output !== '') terminal.result(output);
    });
    return exitCode;
  } catch (error) {
    return printUsageFault(terminal, args, error);
  }
}
