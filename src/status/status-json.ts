import { byUrgency, countStates, needsHuman } from '../accounts/account-state.ts';
import { json } from '../http/answers.ts';
import type { PageResponse } from '../http/page.ts';
import { accountJson, withIsoTimes } from '../sweep/sweep-report.ts';
import { isoTime } from '../time.ts';
import { credentialsToRenew } from './credentials-table.ts';
import { type Filter, matches } from './filter.ts';
import type { StatusSnapshot } from './snapshot.ts';

/** The status for tools: counts of all accounts, and those that the filter lets through, most urgent first. */
export function statusFields(snapshot: StatusSnapshot, filter: Filter) {
  const { lastSweep, accounts } = snapshot;
  return {
    asOf: isoTime(snapshot.asOf),
    nextSweepAt: isoTime(snapshot.nextSweepAt),
    overdue: snapshot.overdue,
    lastSweep: lastSweep && { ...lastSweep, completedAt: isoTime(lastSweep.completedAt) },
    counts: countStates(accounts),
    needsHuman: accounts.filter(needsHuman).length,
    accounts: byUrgency(accounts)
      .filter((account) => matches(filter, account))
      .map((account) => ({ ...accountJson(account), needsHuman: needsHuman(account) })),
    clientCredentials: credentialsToRenew(snapshot, filter).map(withIsoTimes),
  };
}

/** The same as the answer to a request. */
export const statusJson = (snapshot: StatusSnapshot, filter: Filter): PageResponse =>
  json(200, statusFields(snapshot, filter));
