import yargs from 'yargs';
import { product } from '../http/product.ts';
import type { Clock } from '../time.ts';
import { accountCommands } from './commands/account.ts';
import { consentCommand } from './commands/consent.ts';
import { doctorCommand } from './commands/doctor.ts';
import { planCommand, refreshCommand, statusCommand } from './commands/sweeps.ts';
import { exportCommand, importCommand } from './commands/transfer.ts';
import { type ExitCode, exitCodes, type Result } from './result.ts';
import type { CommandContext, CommonOptions, LocalSurroundings } from './session.ts';
import { type Streams, Terminal } from './terminal.ts';

export const scriptName = 'token-refresher';

export interface Surroundings {
  readonly streams: Streams;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly startLocal?: () => Promise<LocalSurroundings>;
}

/** Runs what a command does, and prints what came of it. */
export type Run = <O extends CommonOptions>(
  options: O,
  action: (context: CommandContext, options: O) => Promise<Result>,
) => Promise<void>;

const exitCodeText = `Exit codes: 0 fine; 1 something needs a human; 2 wrong usage; 3 a vault could not be reached or did
not allow it. Results go to standard output, everything else to standard error.`;

function createParser(run: Run, width: number) {
  return (
    yargs()
      .scriptName(scriptName)
      .locale('en')
      .usage('$0 <command>\n\nRegister, inspect and mend the accounts of a token refresher.')
      .parserConfiguration({ 'parse-numbers': false, 'parse-positional-numbers': false })
      .option('credentials-vault', {
        type: 'string',
        nargs: 1,
        describe: 'Name or URL of the credentials vault [CREDENTIALS_VAULT_URL]',
      })
      .option('tokens-vault', {
        type: 'string',
        nargs: 1,
        describe: 'Name or URL of the tokens vault [TOKENS_VAULT_URL]',
      })
      .option('app-url', {
        type: 'string',
        nargs: 1,
        describe: 'Where browsers find the app, for consent links [PUBLIC_URL]',
      })
      .option('local', {
        type: 'boolean',
        default: false,
        describe: 'Sample accounts on this machine instead of Azure, gone afterwards; from a checkout only',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON for tools' })
      .option('verbose', {
        type: 'boolean',
        default: false,
        describe: 'Print events to standard error, too',
      })
      .command(accountCommands(run))
      .command(consentCommand(run))
      .command(planCommand(run))
      .command(refreshCommand(run))
      .command(statusCommand(run))
      .command(doctorCommand(run))
      .command(exportCommand(run))
      .command(importCommand(run))
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

function print(terminal: Terminal, { json, text }: Result, asJson: boolean): void {
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
  const known = ['account', 'consent', 'plan', 'refresh', 'status', 'doctor', 'export', 'import'];
  const command = [scriptName, ...words.filter((word) => known.includes(word))].join(' ');
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
      const result = await action({ ...others, terminal }, options);
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
