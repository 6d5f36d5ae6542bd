import type { CommandModule } from 'yargs';
import type { Run } from '../cli.ts';
import type { CommonOptions } from '../session.ts';

export interface DoctorOptions extends CommonOptions {
  readonly appSettings?: string | undefined;
}

/** What is wrong, or soon will be. */
export const doctorCommand = (run: Run): CommandModule<CommonOptions, DoctorOptions> => ({
  command: 'doctor',
  describe: 'What is wrong or soon will be, each with its remedy; changes nothing, redeems nothing',
  builder: (parser) =>
    parser
      .option('app-settings', {
        type: 'string',
        nargs: 1,
        describe: "The function app's settings as JSON, to be checked, too; - is standard input",
      })
      .example('$0 doctor', 'Exits with 1 when something needs a human, with 3 when a vault cannot be read')
      .example(
        'az functionapp config appsettings list --name my-refresher --resource-group my-group | $0 doctor --app-settings -',
        'With the settings of the deployed app',
      ),
  handler: (options) =>
    run(options, async (...input) => (await import('../doctor/doctor.ts')).doctor(...input)),
});
