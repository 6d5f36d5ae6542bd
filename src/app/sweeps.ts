import { signingKeyName } from '../consent/signing-key.ts';
import { runSweep } from '../sweep/sweep.ts';
import { type SweepRequest, summaryLine } from '../sweep/sweep-events.ts';
import { type SweepAnswer, WholeSweeps } from '../sweep/whole-sweeps.ts';
import { isoTime } from '../time.ts';
import { type AppEnvironment, answerLimitSeconds, type Log, sweepEnvironment } from './environment.ts';

/** Those of this process. */
const wholeSweeps = new WholeSweeps();

/** The key of consent links, which nobody else renews as long as nobody asks for a link. */
async function keepSigningKeyFresh({ signingKeys }: AppEnvironment, write: Log): Promise<void> {
  const ended = await signingKeys.keepFresh();
  if (ended !== undefined)
    write(`${signingKeyName} expired at ${isoTime(ended)}, signs on, and could not be renewed.`);
}

/**
 * A sweep with the app settings, its telemetry sent before it returns; of all accounts only one at a time in a process.
 *
 * @throws ConfigurationError when settings are wrong, with every fault
 * @throws SweepAbortedError when a vault failed the sweep as a whole
 * @throws SweepRunningError when another process sweeps all accounts, and this sweep was asked for without force
 */
export async function sweep(request: SweepRequest, write: Log, settings = process.env): Promise<SweepAnswer> {
  const environment = await sweepEnvironment(settings, request, write);
  try {
    const answer =
      request.account === undefined
        ? await wholeSweeps.ask(environment, request, answerLimitSeconds)
        : ({ kind: 'ended', report: await runSweep(environment, request) } as const);
    if (answer.kind === 'ended') write(summaryLine(answer.report));
    if (request.trigger === 'timer') await keepSigningKeyFresh(environment, write);
    return answer;
  } finally {
    await environment.telemetry.flush();
  }
}
