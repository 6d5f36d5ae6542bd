import { byUrgency, needsHuman } from '../../accounts/account-state.ts';
import { advice, credentialsToRenew } from '../../status/credentials-table.ts';
import { type Filter, matches, parseFilter } from '../../status/filter.ts';
import type { StatusSnapshot } from '../../status/snapshot.ts';
import { statusFields } from '../../status/status-json.ts';
import { countsText, distance, duration } from '../../status/words.ts';
import { type CommandResult, resultOf, usageError } from '../result.ts';
import type { Session, TableOptions } from '../session.ts';
import { table } from '../table.ts';
import { accountColumns, ifWide, shortTime } from './account-columns.ts';

interface StatusOptions extends TableOptions {
  readonly account?: string | undefined;
  readonly client?: string | undefined;
  readonly state?: string | undefined;
}

function filterOf({ account, client, state }: StatusOptions): Filter {
  const query = new URLSearchParams({ account: account ?? '', client: client ?? '', state: state ?? '' });
  const filter = parseFilter(query);
  if ('cause' in filter) throw usageError(filter.cause, filter.remedy);
  return filter;
}

function sweepText({ lastSweep, overdue, asOf, nextSweepAt }: StatusSnapshot): string {
  const next = `Next sweep ${shortTime(nextSweepAt)} UTC (${distance(nextSweepAt, asOf)}).`;
  if (lastSweep === undefined) return `No sweep has been completed yet. ${next}`;
  const { completedAt, accounts, refreshed, failing, durationSeconds } = lastSweep;
  const last = `Last sweep ${distance(completedAt, asOf)}: ${accounts} accounts, ${refreshed} refreshed, ${failing} failing, in ${duration(durationSeconds)}.`;
  const silent = overdue
    ? '\nThe timer is silent: look at the function refreshTokens, and sweep at once with "refresh --all".'
    : '';
  return `${last} ${next}${silent}`;
}

/** The client credentials that somebody should look at. */
function credentialLines(snapshot: StatusSnapshot, filter: Filter): string[] {
  return credentialsToRenew(snapshot, filter).map((credential) => {
    const { client, credentialSecret = '', expiresAt } = credential;
    const end = expiresAt === undefined ? 'at an unknown time' : distance(expiresAt, snapshot.asOf);
    return `Client ${client}: "${credentialSecret}" ends ${end}. ${advice(credential)}`;
  });
}

const { account, state, validUntil, nextAttempt, client, tenant, owner, why } = accountColumns;
const columns = [account, state, validUntil, ...[nextAttempt, client, tenant, owner].map(ifWide), why];

function statusText({ terminal }: Session, snapshot: StatusSnapshot, filter: Filter, wide: boolean): string {
  const shown = byUrgency(snapshot.accounts).filter((each) => matches(filter, each));
  const sentences = [
    countsText(snapshot.accounts),
    ...credentialLines(snapshot, filter),
    sweepText(snapshot),
  ].map((each) => terminal.sentences(each));
  return [...(shown.length === 0 ? [] : [table(terminal, columns, shown, wide), '']), ...sentences].join(
    '\n',
  );
}

/** The state of all accounts: 1 when one that is shown needs a human, or the timer is silent. */
export async function status(session: Session, options: StatusOptions): Promise<CommandResult> {
  const filter = filterOf(options);
  const snapshot = await session.snapshot();
  const urgent = snapshot.accounts.some((account) => matches(filter, account) && needsHuman(account));
  const text = statusText(session, snapshot, filter, options.wide);
  return resultOf(!urgent && !snapshot.overdue, statusFields(snapshot, filter), text);
}
