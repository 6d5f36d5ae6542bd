import { accountId, type Command, command, flag, type Parser, texts, wide } from './command.ts';
import { fieldOptions } from './field-options.ts';

const add = command({
  command: 'add <account>',
  describe: 'Register an account, and get its consent link',
  builder: (parser: Parser) =>
    parser
      .positional('account', accountId)
      .options(fieldOptions)
      .example([
        ['$0 account add ads-emea', 'Asks for what is needed'],
        [
          '$0 account add ads-emea --tenant consumers --client-id 6731de76-14a6-49ae-97bc-6eba6914391e --secret-name client-secret-ads --scope https://ads.microsoft.com/msads.manage --login-hint ads@contoso.com',
          'Takes it from options',
        ],
        ['$0 account add ads-emea --file account-ads-emea.json', 'Takes it from a file'],
      ]),
  action: async () => (await import('./actions/account-write.ts')).add,
});

const update = command({
  command: 'update <account>',
  describe: 'Change the registration of an account',
  builder: (parser: Parser) =>
    parser
      .positional('account', accountId)
      .options({
        ...fieldOptions,
        unset: texts('Fields to take out'),
        'new-user': flag(
          'The next consent may be of another user, whom login-hint names; until then the present one stays',
        ),
      })
      .example([
        ['$0 account update ads-emea --owner team-ads', 'Changes one field'],
        ['$0 account update ads-emea --unset description', 'Takes one out'],
        [
          '$0 account update ads-emea --set-credential --credential-expires 2027-05-01',
          "Renews its client's secret",
        ],
        ['$0 account update ads-emea --set-credential < client.pem', "Renews its client's certificate"],
      ]),
  action: async () => (await import('./actions/account-write.ts')).update,
});

const show = command({
  command: 'show <account>',
  describe: 'One account: registration, state and the age of its tokens, never a token',
  builder: (parser: Parser) =>
    parser.positional('account', accountId).example('$0 account show ads-emea', 'What is known of it'),
  action: async () => (await import('./actions/account-read.ts')).show,
});

const list = command({
  command: 'list',
  describe: 'All accounts with state and client; with --wide tenant and owner, too',
  builder: (parser: Parser) => parser.options(wide).example('$0 account list --json', 'For a script'),
  action: async () => (await import('./actions/account-read.ts')).list,
});

const pause = command({
  command: 'pause <account>',
  describe: 'Leave an account alone until it is resumed',
  builder: (parser: Parser) =>
    parser
      .positional('account', accountId)
      .example('$0 account pause ads-emea', 'Its access token is published until it ends'),
  action: async () => (await import('./actions/account-life.ts')).pause,
});

const resume = command({
  command: 'resume <account>',
  describe: 'End a pause, or take back a remove without --delete',
  builder: (parser: Parser) =>
    parser
      .positional('account', accountId)
      .example('$0 account resume ads-emea', 'The next sweep looks at it again'),
  action: async () => (await import('./actions/account-life.ts')).resume,
});

const remove = command({
  command: 'remove <account>',
  describe: 'Disable the secrets of an account; with --delete delete them',
  builder: (parser: Parser) =>
    parser
      .positional('account', accountId)
      .options({
        delete: flag('Delete them; the vault keeps them recoverable for its retention time'),
        yes: flag('Do not ask'),
      })
      .example([
        ['$0 account remove ads-emea', 'Can be taken back with: account resume'],
        ['$0 account remove ads-emea --delete --yes', 'For a script; needs your own right to delete secrets'],
      ]),
  action: async () => (await import('./actions/account-life.ts')).remove,
});

/** `account …`: the registrations. */
export const account: Command = (above, run) =>
  above.command({
    command: 'account',
    describe: 'Register, show, change, pause and remove accounts',
    builder: (parser) => {
      for (const each of [add, show, list, update, pause, resume, remove]) each(parser, run);
      return parser.demandCommand(1, 'Name what to do with an account.');
    },
    handler: () => {},
  });
