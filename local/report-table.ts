import { framed } from '../src/cli/table.ts';
import type { RaisedAlert } from './alerts.ts';
import type { AccountSnapshot } from './event-lines.ts';

/** What a reader of the table wants to know first: what is wrong, else why it was or was not refreshed. */
function why({ code, cause, reason }: AccountSnapshot): string {
  if (cause === undefined) return reason.replaceAll('_', ' ');
  return code?.startsWith('AADSTS') ? `${code}: ${cause}` : cause;
}

/** The accounts after a sweep as a table for a terminal; times are UTC. */
export function accountsTable(snapshots: readonly AccountSnapshot[]): string {
  const columns = [
    { head: 'account', width: 12 },
    { head: 'state', width: 15 },
    { head: 'outcome', width: 15 },
    { head: 'why', width: 42 },
    { head: 'valid until', width: 11 },
    { head: 'gen.', width: 4 },
  ];
  const rows = snapshots.map((snapshot) => [
    snapshot.account,
    snapshot.state.replaceAll('_', ' '),
    snapshot.outcome.replaceAll('_', ' '),
    why(snapshot),
    snapshot.accessTokenExpiresAt?.slice(11, 16) ?? '–',
    String(snapshot.generation ?? '–'),
  ]);
  return framed(columns, rows);
}

/** Alerts as a table for a terminal. */
export function alertsTable(alerts: readonly RaisedAlert[]): string {
  const columns = [
    { head: 'sev', width: 3 },
    { head: 'alert', width: 13 },
    { head: 'who', width: 36 },
    { head: 'why', width: 28 },
    { head: 'how it ends', width: 29 },
  ];
  const rows = alerts.map(({ severity, title, who, why: cause, how }) => [
    String(severity),
    title,
    who,
    cause,
    how,
  ]);
  return framed(columns, rows);
}
