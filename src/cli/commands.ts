import { account } from './account-commands.ts';
import { accountId, type Command, command, flag, type Parser, text, wide } from './command.ts';

/** The options of every command. */
export const commonOptions = {
  'credentials-vault': text('Name or URL of the credentials vault [CREDENTIALS_VAULT_URL]'),
  'tokens-vault': text('Name or URL of the tokens vault [TOKENS_VAULT_URL]'),
  'app-url': text('Where browsers find the app, for consent links [PUBLIC_URL]'),
  local: flag('Sample accounts on this machine instead of Azure, gone afterwards; from a checkout only'),
  json: flag('Print JSON for tools'),
  verbose: flag('Print events to standard error, too'),
};

const redirectUri = `With --browser Entra sends the browser to http://localhost/api/consent/callback, on any port. Register that
redirect URI, of type Web, with the application first: az ad app update --id <client id> --web-redirect-uris <those that
it has> http://localhost/api/consent/callback`;

const consent = command({
  command: 'consent <account>',
  describe: 'A link for the user to consent, or the whole way in a browser of this machine',
  builder: (parser: Parser) =>
    parser
      .positional('account', accountId)
      .options({
        browser: flag('Begin and end the consent on this machine; needs a redirect URI, see below'),
        port: { type: 'number', default: 0, describe: 'Port for --browser; 0 is any free one' },
      })
      .example([
        ['$0 consent ads-emea --app-url https://my-refresher.azurewebsites.net', 'A link for seven days'],
        ['$0 consent ads-emea --browser', 'When you are the user yourself'],
      ])
      .epilogue(redirectUri),
  action: async () => (await import('./actions/consent.ts')).consent,
});

const plan = command({
  command: 'plan',
  describe: 'What the next sweep would do and why; redeems nothing',
  builder: (parser: Parser) =>
    parser.options(wide).example([
      ['$0 plan', 'Which accounts the next sweep refreshes, and when it looks at the others'],
      ['$0 plan --json', 'The same for a script'],
    ]),
  action: async () => (await import('./actions/plan.ts')).plan,
});

function targetFault(account: string | undefined, all: boolean, force: boolean): string | undefined {
  if (account === undefined)
    return all ? undefined : 'Nothing says what to refresh.\nName an account, or give --all.';
  if (all) return 'An account stands beside --all.\nGive one of the two.';
  return force
    ? '--force stands beside an account.\nIt belongs to --all; one account needs none.'
    : undefined;
}

const refresh = command({
  command: 'refresh [account]',
  describe: 'Refresh one account, due or not, or all that are due',
  builder: (parser: Parser) =>
    parser
      .positional('account', { type: 'string', describe: "The account's id" })
      .options({
        ...wide,
        all: flag('All accounts that are due'),
        force: flag('With --all: although another process sweeps, as when that one has died'),
      })
      .check(({ account, all, force }) => {
        const fault = targetFault(account, all, force);
        if (fault !== undefined) throw new Error(fault);
        return true;
      })
      .example([
        ['$0 refresh ads-emea', 'See at once whether an account is mended'],
        ['$0 refresh --all', 'What the timer would do; takes minutes when retries are needed'],
      ]),
  action: async () => (await import('./actions/refresh.ts')).refresh,
});

const status = command({
  command: 'status',
  describe: 'The state of all accounts, from the listings',
  builder: (parser: Parser) =>
    parser
      .options({
        ...wide,
        account: text("Part of an account's id"),
        client: text('A client id'),
        state: text('A state, like reconsent'),
      })
      .example([
        ['$0 status', 'Everything; exits with 1 when an account needs a human'],
        ['$0 status --state reconsent --json', 'Who has to consent again, for a script'],
      ]),
  action: async () => (await import('./actions/status.ts')).status,
});

const doctor = command({
  command: 'doctor',
  describe: 'What is wrong or soon will be, each with its remedy; changes nothing, redeems nothing',
  builder: (parser: Parser) =>
    parser
      .options({
        'app-settings': text("The function app's settings as JSON, to be checked, too; - is standard input"),
      })
      .example([
        ['$0 doctor', 'Exits with 1 when something needs a human, with 3 when a vault cannot be read'],
        [
          'az functionapp config appsettings list --name my-refresher --resource-group my-group | $0 doctor --app-settings -',
          'With the settings of the deployed app',
        ],
      ]),
  action: async () => (await import('./doctor/doctor.ts')).doctor,
});

const exportAll = command({
  command: 'export',
  describe: 'All registrations as one JSON document, for review; never a token or a secret',
  builder: (parser: Parser) => parser.example('$0 export > accounts.json', 'For a repository'),
  action: async () => (await import('./actions/transfer.ts')).exportAccounts,
});

const importAll = command({
  command: 'import [file]',
  describe: 'Register and change accounts as such a document says, after showing what differs',
  builder: (parser: Parser) =>
    parser
      .positional('file', {
        type: 'string',
        // Of a lone dash the parser leaves nothing.
        coerce: (file: string) => file || '-',
        default: '-',
        describe: 'As export wrote it; - is standard input',
      })
      .options({
        'dry-run': flag('Show what differs and exit with 1 if anything does; for a pull request'),
        yes: flag('Do not ask'),
      })
      .example([
        ['$0 import accounts.json --dry-run', 'What would change'],
        ['$0 import accounts.json', 'Shows it, asks, and writes'],
      ]),
  action: async () => (await import('./actions/transfer.ts')).importAccounts,
});

/** Every command, in the order of the help. */
export const commands: Readonly<Record<string, Command>> = {
  account,
  consent,
  plan,
  refresh,
  status,
  doctor,
  export: exportAll,
  import: importAll,
};
