import type { CommandModule } from 'yargs';
import type { Run } from '../cli.ts';
import type { CommonOptions } from '../session.ts';
import { camelCased } from './camel-cased.ts';

export interface ImportOptions extends CommonOptions {
  readonly file: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

/** The registrations as one file. */
export const exportCommand = (run: Run): CommandModule<CommonOptions, CommonOptions> => ({
  command: 'export',
  describe: 'All registrations as one JSON document, for review; never a token or a secret',
  builder: (parser) => parser.example('$0 export > accounts.json', 'For a repository'),
  handler: (options) =>
    run(options, async (...input) => (await import('../actions/transfer.ts')).exportAccounts(...input)),
});

/** The way back. */
export const importCommand = (run: Run): CommandModule<CommonOptions, ImportOptions> => ({
  command: 'import [file]',
  describe: 'Register and change accounts as such a document says, after showing what differs',
  builder: (parser) =>
    camelCased<ImportOptions>(
      parser
        .positional('file', {
          type: 'string',
          // Of a lone dash the parser leaves nothing.
          coerce: (file: string) => file || '-',
          default: '-',
          describe: 'As export wrote it; - is standard input',
        })
        .option('dry-run', {
          type: 'boolean',
          default: false,
          describe: 'Show what differs and exit with 1 if anything does; for a pull request',
        })
        .option('yes', { type: 'boolean', default: false, describe: 'Do not ask' })
        .example('$0 import accounts.json --dry-run', 'What would change')
        .example('$0 import accounts.json', 'Shows it, asks, and writes'),
    ),
  handler: (options) =>
    run(options, async (...input) => (await import('../actions/transfer.ts')).importAccounts(...input)),
});
