import type { Argv, CommandModule } from 'yargs';
import type { Run } from '../cli.ts';
import type { CommonOptions, TableOptions } from '../session.ts';

/** The option of commands that print a table. */
export const withWide = <T>(parser: Argv<T>) =>
  parser.option('wide', {
    type: 'boolean',
    default: false,
    describe: 'All columns, each row in one line, however wide',
  });

export interface StatusOptions extends TableOptions {
  readonly account?: string | undefined;
  readonly client?: string | undefined;
  readonly state?: string | undefined;
}

/** The table of the status page. */
export const statusCommand = (run: Run): CommandModule<CommonOptions, StatusOptions> => ({
  command: 'status',
  describe: 'The state of all accounts, from the listings',
  builder: (parser) =>
    withWide(parser)
      .option('account', { type: 'string', nargs: 1, describe: "Part of an account's id" })
      .option('client', { type: 'string', nargs: 1, describe: 'A client id' })
      .option('state', { type: 'string', nargs: 1, describe: 'A state, like reconsent' })
      .example('$0 status', 'Everything; exits with 1 when an account needs a human')
      .example('$0 status --state reconsent --json', 'Who has to consent again, for a script'),
  handler: (options) =>
    run(options, async (...input) => (await import('../actions/status.ts')).status(...input)),
});

/** What the next sweep would do. */
export const planCommand = (run: Run): CommandModule<CommonOptions, TableOptions> => ({
  command: 'plan',
  describe: 'What the next sweep would do and why; redeems nothing',
  builder: (parser) =>
    withWide(parser)
      .example('$0 plan', 'Which accounts the next sweep refreshes, and when it looks at the others')
      .example('$0 plan --json', 'The same for a script'),
  handler: (options) => run(options, async (...input) => (await import('../actions/plan.ts')).plan(...input)),
});

export interface RefreshOptions extends TableOptions {
  readonly account?: string | undefined;
  readonly all: boolean;
  readonly force: boolean;
}

/** A sweep now. */
export const refreshCommand = (run: Run): CommandModule<CommonOptions, RefreshOptions> => ({
  command: 'refresh [account]',
  describe: 'Refresh one account, due or not, or all that are due',
  builder: (parser) =>
    withWide(parser)
      .positional('account', { type: 'string', describe: "The account's id" })
      .option('all', { type: 'boolean', default: false, describe: 'All accounts that are due' })
      .option('force', {
        type: 'boolean',
        default: false,
        describe: 'With --all: although another process sweeps, as when that one has died',
      })
      .example('$0 refresh ads-emea', 'See at once whether an account is mended')
      .example('$0 refresh --all', 'What the timer would do; takes minutes when retries are needed'),
  handler: (options) =>
    run(options, async (...input) => (await import('../actions/refresh.ts')).refresh(...input)),
});
