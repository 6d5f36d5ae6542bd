import type { Argv, CommandModule } from 'yargs';
import type { Run } from '../cli.ts';
import type { CommonOptions, TableOptions } from '../session.ts';
import { camelCased } from './camel-cased.ts';
import { type FieldOptions, fieldOptions } from './field-options.ts';
import { withWide } from './sweeps.ts';

export interface OneAccount extends CommonOptions {
  readonly account: string;
}

export interface AddOptions extends OneAccount, FieldOptions {
  readonly setCredential: boolean;
  readonly credentialExpires?: string | undefined;
  readonly dryRun: boolean;
}

export interface UpdateOptions extends AddOptions {
  readonly unset?: readonly string[] | undefined;
  readonly newUser: boolean;
}

export interface RemoveOptions extends OneAccount {
  readonly delete: boolean;
  readonly yes: boolean;
}

type Examples = readonly (readonly [command: string, description: string])[];

function withAccount<T>(parser: Argv<T>, examples: Examples) {
  const named = parser.positional('account', {
    type: 'string',
    demandOption: true,
    describe: "The account's id: 1 to 64 of a-z 0-9 -",
  });
  return examples.reduce((built, [command, text]) => built.example(`$0 account ${command}`, text), named);
}

function withFields<T>(parser: Argv<T>, examples: Examples) {
  return fieldOptions(withAccount(parser, examples))
    .option('set-credential', {
      type: 'boolean',
      default: false,
      describe: 'Store the client secret (or PEM), too: asked for without echo, or read from standard input',
    })
    .option('credential-expires', { type: 'string', nargs: 1, describe: 'When it ends, like 2027-05-01' })
    .option('dry-run', { type: 'boolean', default: false, describe: 'Check and show, and write nothing' });
}

const add = (run: Run): CommandModule<CommonOptions, AddOptions> => ({
  command: 'add <account>',
  describe: 'Register an account, and get its consent link',
  builder: (parser) =>
    camelCased<AddOptions>(
      withFields(parser, [
        ['add ads-emea', 'Asks for what is needed'],
        [
          'add ads-emea --tenant consumers --client-id 6731de76-14a6-49ae-97bc-6eba6914391e --secret-name client-secret-ads --scope https://ads.microsoft.com/msads.manage --login-hint ads@contoso.com',
          'Takes it from options',
        ],
        ['add ads-emea --file account-ads-emea.json', 'Takes it from a file'],
      ]),
    ),
  handler: (options) =>
    run(options, async (...input) => (await import('../actions/account-write.ts')).add(...input)),
});

const update = (run: Run): CommandModule<CommonOptions, UpdateOptions> => ({
  command: 'update <account>',
  describe: 'Change the registration of an account',
  builder: (parser) =>
    camelCased<UpdateOptions>(
      withFields(parser, [
        ['update ads-emea --owner team-ads', 'Changes one field'],
        ['update ads-emea --unset description', 'Takes one out'],
        ['update ads-emea --set-credential --credential-expires 2027-05-01', "Renews its client's secret"],
        ['update ads-emea --set-credential < client.pem', "Renews its client's certificate"],
      ])
        .option('unset', { type: 'string', array: true, describe: 'Fields to take out' })
        .option('new-user', {
          type: 'boolean',
          default: false,
          describe:
            'The next consent may be of another user, whom login-hint names; until then the present one stays',
        }),
    ),
  handler: (options) =>
    run(options, async (...input) => (await import('../actions/account-write.ts')).update(...input)),
});

const show = (run: Run): CommandModule<CommonOptions, OneAccount> => ({
  command: 'show <account>',
  describe: 'One account: registration, state and the age of its tokens, never a token',
  builder: (parser) => withAccount(parser, [['show ads-emea', 'What is known of it']]),
  handler: (options) =>
    run(options, async (...input) => (await import('../actions/account-read.ts')).show(...input)),
});

const list = (run: Run): CommandModule<CommonOptions, TableOptions> => ({
  command: 'list',
  describe: 'All accounts with state and client; with --wide tenant and owner, too',
  builder: (parser) => withWide(parser).example('$0 account list --json', 'For a script'),
  handler: (options) =>
    run(options, async (...input) => (await import('../actions/account-read.ts')).list(...input)),
});

const pause = (run: Run): CommandModule<CommonOptions, OneAccount> => ({
  command: 'pause <account>',
  describe: 'Leave an account alone until it is resumed',
  builder: (parser) =>
    withAccount(parser, [['pause ads-emea', 'Its access token is published until it ends']]),
  handler: (options) =>
    run(options, async (...input) => (await import('../actions/account-life.ts')).pause(...input)),
});

const resume = (run: Run): CommandModule<CommonOptions, OneAccount> => ({
  command: 'resume <account>',
  describe: 'End a pause, or take back a remove without --delete',
  builder: (parser) => withAccount(parser, [['resume ads-emea', 'The next sweep looks at it again']]),
  handler: (options) =>
    run(options, async (...input) => (await import('../actions/account-life.ts')).resume(...input)),
});

const remove = (run: Run): CommandModule<CommonOptions, RemoveOptions> => ({
  command: 'remove <account>',
  describe: 'Disable the secrets of an account; with --delete delete them',
  builder: (parser) =>
    withAccount(parser, [
      ['remove ads-emea', 'Can be taken back with: account resume'],
      ['remove ads-emea --delete --yes', 'For a script; needs your own right to delete secrets'],
    ])
      .option('delete', {
        type: 'boolean',
        default: false,
        describe: 'Delete them; the vault keeps them recoverable for its retention time',
      })
      .option('yes', { type: 'boolean', default: false, describe: 'Do not ask' }),
  handler: (options) =>
    run(options, async (...input) => (await import('../actions/account-life.ts')).remove(...input)),
});

/** `account …`: the registrations. */
export const accountCommands = (run: Run): CommandModule<CommonOptions, CommonOptions> => ({
  command: 'account',
  describe: 'Register, show, change, pause and remove accounts',
  builder: (parser) =>
    parser
      .command(add(run))
      .command(show(run))
      .command(list(run))
      .command(update(run))
      .command(pause(run))
      .command(resume(run))
      .command(remove(run))
      .demandCommand(1, 'Name what to do with an account.'),
  handler: () => {},
});
