import { byUrgency } from '../../accounts/account-state.ts';
import { omitUndefined } from '../../omit-undefined.ts';
import { countsText, duration } from '../../status/words.ts';
import { runSweep } from '../../sweep/sweep.ts';
import { type AccountReport, reportJson, type SweepReport } from '../../sweep/sweep-report.ts';
import { withProgress } from '../progress.ts';
import { checkId, noAccount } from '../registrations.ts';
import { type CommandResult, resultOf } from '../result.ts';
import type { Session, TableOptions } from '../session.ts';
import { type Column, table } from '../table.ts';
import { accountColumns, ifWide, why } from './account-columns.ts';

interface RefreshOptions extends TableOptions {
  readonly account?: string | undefined;
  readonly all: boolean;
  readonly force: boolean;
}

const words = (code: string): string => code.replaceAll('_', ' ');

const columns: readonly Column<AccountReport>[] = [
  accountColumns.account,
  accountColumns.state,
  { head: 'outcome', cell: ({ outcome }) => words(outcome) },
  ifWide(accountColumns.validUntil),
  ifWide(accountColumns.client),
  ifWide(accountColumns.owner),
  { ...accountColumns.why, cell: (account) => why(account, words(account.reason)) },
];

function reportText({ terminal }: Session, report: SweepReport, wide: boolean): string {
  const { accounts, due, refreshed, remaining, durationSeconds } = report;
  const missed = remaining === 0 ? '' : ` ${remaining} were not reached.`;
  const summary = `${refreshed} of ${due} due accounts refreshed in ${duration(durationSeconds)}.${missed} ${countsText(accounts)}`;
  const drawn = accounts.length === 0 ? [] : [table(terminal, columns, byUrgency(accounts), wide)];
  return [...drawn, terminal.sentences(summary)].join('\n');
}

/** Fine is what the one who asked hopes for: the account works, or every account does or rests as it was told to. */
function isFine({ accounts, remaining }: SweepReport, one: boolean): boolean {
  if (one) return accounts.every(({ outcome }) => outcome === 'refreshed');
  return remaining === 0 && accounts.every(({ state }) => state === 'healthy' || state === 'paused');
}

/** Somebody sits and waits: a vault that does not answer them is told soon. */
const preparationSeconds = 60;

/** A sweep now, of one account or of all: the timer's code and pace. */
export async function refresh(session: Session, options: RefreshOptions): Promise<CommandResult> {
  const { account, force } = options;
  if (account !== undefined) checkId(account);
  const { environment, terminal } = session;
  const request = {
    trigger: 'on_demand',
    invocationId: environment.createId(),
    pastDue: false,
    preparationSeconds,
    force,
    ...omitUndefined({ account }),
  } as const;
  const what = account === undefined ? 'Refreshing what is due' : `Refreshing ${account}`;
  const { atPace } = await import('../../app/environment.ts');
  const paced = account === undefined ? atPace(environment, 'sweep') : environment;
  const report = await withProgress(terminal, what, runSweep(paced, request));
  if (account !== undefined && report.accounts.length === 0) throw noAccount(account);
  const text = reportText(session, report, options.wide);
  return resultOf(isFine(report, account !== undefined), reportJson(report), text);
}
