import type { CommandModule } from 'yargs';
import type { Run } from '../cli.ts';
import type { CommonOptions } from '../session.ts';

export interface ConsentOptions extends CommonOptions {
  readonly account: string;
  readonly browser: boolean;
  readonly port: number;
}

const redirectUri = `With --browser Entra sends the browser to http://localhost/api/consent/callback, on any port. Register that
redirect URI, of type Web, with the application first: az ad app update --id <client id> --web-redirect-uris <those that
it has> http://localhost/api/consent/callback`;

/** The user's consent. */
export const consentCommand = (run: Run): CommandModule<CommonOptions, ConsentOptions> => ({
  command: 'consent <account>',
  describe: 'A link for the user to consent, or the whole way in a browser of this machine',
  builder: (parser) =>
    parser
      .positional('account', { type: 'string', demandOption: true, describe: "The account's id" })
      .option('browser', {
        type: 'boolean',
        default: false,
        describe: 'Begin and end the consent on this machine; needs a redirect URI, see below',
      })
      .option('port', { type: 'number', default: 0, describe: 'Port for --browser; 0 is any free one' })
      .example(
        '$0 consent ads-emea --app-url https://my-refresher.azurewebsites.net',
        'A link for seven days',
      )
      .example('$0 consent ads-emea --browser', 'When you are the user yourself')
      .epilogue(redirectUri),
  handler: (options) =>
    run(options, async (...input) => (await import('../actions/consent.ts')).consent(...input)),
});
