import { ConfigurationError } from '../config.ts';
import type { ConsentEnvironment } from '../consent/consent-routes.ts';
import { signingKeyName } from '../consent/signing-key.ts';
import type { PageResponse } from '../http/page.ts';
import type { Reason } from '../reason.ts';
import { runSweep, type SweepAnswer, WholeSweeps } from '../sweep/sweep.ts';
import { SweepAbortedError } from '../sweep/sweep-error.ts';
import { type SweepRequest, summaryLine } from '../sweep/sweep-report.ts';
import { isoTime } from '../time.ts';
import { VaultError } from '../vault/secret-vault.ts';
import { vaultReason } from '../vault/vault-remedy.ts';
import {
  type AppEnvironment,
  answerLimitSeconds,
  type Log,
  requestEnvironment,
  sweepEnvironment,
} from './environment.ts';

/** Why the app cannot answer, for the people who run it. */
export interface Fault extends Reason {
  /** 500: the app is set up wrongly. 503: a vault failed. */
  readonly status: 500 | 503;
}

/** The fault behind an error; undefined for a bug, of whose message nobody knows what it quotes. */
export function faultOf(error: unknown): Fault | undefined {
  if (error instanceof ConfigurationError) {
    const remedy = 'Correct the app settings named in the cause.';
    return { status: 500, code: error.code, cause: error.message, remedy };
  }
  if (error instanceof SweepAbortedError) return { status: 503, ...error.reason };
  return error instanceof VaultError ? { status: 503, ...vaultReason(error) } : undefined;
}

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

function consentEnvironmentFor(settings: NodeJS.ProcessEnv, write: Log): ConsentEnvironment {
  const environment = requestEnvironment(settings, write);
  const { publicUrl } = environment;
  if (publicUrl !== undefined) return { ...environment, publicUrl };
  const message =
    'is missing: the URL at which browsers reach the app, like https://my-app.azurewebsites.net';
  throw new ConfigurationError([{ setting: 'PUBLIC_URL', message }]);
}

/**
 * Answers a request of a consent, its telemetry sent before it returns. Wrong settings and a vault that fails go to
 * the log in full, where operators look, and to `refuse`, which decides how much of them the one who asked is told.
 */
export async function withConsent(
  answer: (environment: ConsentEnvironment) => Promise<PageResponse>,
  refuse: (fault: Fault) => PageResponse,
  write: Log,
  settings = process.env,
): Promise<PageResponse> {
  try {
    const environment = consentEnvironmentFor(settings, write);
    try {
      return await answer(environment);
    } finally {
      await environment.telemetry.flush();
    }
  } catch (error) {
    const fault = faultOf(error);
    if (fault === undefined) throw error;
    write(`Consent is not possible: ${fault.code}: ${fault.cause} ${fault.remedy}`);
    return refuse(fault);
  }
}
