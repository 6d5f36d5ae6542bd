import { trustInThisProcess } from '../../local/key-vault/loopback-certificate.ts';
import { openApp, startApp } from '../../local/run-app.ts';
import { sweep } from '../../src/app/invocations.ts';
import { answerParent } from './child-process.ts';

interface AppRequest {
  readonly appSettings: Readonly<Record<string, string>>;
  readonly certificate: string;
}

/** One sweep as the app's process saw it. */
export interface SweepFigures {
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly elapsedMilliseconds: number;
  /** Of all threads of the app's process, from its first call on. */
  readonly cpuMilliseconds: number;
  readonly refreshed: number;
  readonly rounds: number;
  readonly listingMilliseconds: number;
}

/** The composed app of this checkout: its first sweep in a new process, as after a cold start. */
async function runSweep({ appSettings, certificate }: AppRequest): Promise<SweepFigures> {
  trustInThisProcess(certificate);
  Object.assign(process.env, appSettings);
  const startedAt = Date.now();
  const cpuBefore = process.cpuUsage();
  const request = { trigger: 'timer', invocationId: crypto.randomUUID(), pastDue: false } as const;
  const answer = await sweep(request, () => {});
  if (answer.kind !== 'ended') throw new Error('joined another sweep');
  const { report } = answer;
  const { user, system } = process.cpuUsage(cpuBefore);
  const { credentialsVault, tokensVault } = report;
  return {
    startedAt,
    elapsedMilliseconds: Date.now() - startedAt,
    cpuMilliseconds: (user + system) / 1000,
    refreshed: report.accounts.filter(({ outcome }) => outcome === 'refreshed').length,
    rounds: report.rounds,
    listingMilliseconds: Math.max(credentialsVault.durationMilliseconds, tokensVault.durationMilliseconds),
  };
}

/** The functions of this checkout behind the stand-in for the platform, as after a cold start. */
async function serve({ appSettings, certificate }: AppRequest): Promise<{ readonly url: string }> {
  trustInThisProcess(certificate);
  const host = await startApp(appSettings, () => {});
  const { url } = await openApp(host);
  return { url };
}

const procedures = { runSweep, serve };
export type AppProcedures = typeof procedures;
answerParent(procedures);
