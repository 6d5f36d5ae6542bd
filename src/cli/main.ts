import { enableCompileCache } from 'node:module';
import { systemClock } from '../time.ts';
import type { LocalSurroundings } from './session.ts';

/**
 * Runs the command line of this process and ends it once everything is written.
 *
 * @param startLocal what `--local` works on; absent where there is no local environment
 */
export async function main(startLocal?: () => Promise<LocalSurroundings>): Promise<void> {
  // Before anything large is loaded; the next start is quicker.
  enableCompileCache();
  const { runCli } = await import('./cli.ts');
  const { stdin: input, stdout: output, stderr: error, env } = process;
  const streams = { input, output, error };
  // A reader that went away, like head, must not end a sweep between a redemption and its writes.
  for (const stream of [output, error]) stream.on('error', () => {});
  const surroundings = { streams, env, clock: systemClock };
  const exitCode = await runCli(
    process.argv.slice(2),
    startLocal === undefined ? surroundings : { ...surroundings, startLocal },
  );
  process.exitCode = exitCode;
  // Kept-alive connections would hold the process for seconds.
  output.write('', () => error.write('', () => process.exit()));
}
