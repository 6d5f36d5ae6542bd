import Table from 'cli-table3';
import type { RaisedAlert } from './alerts.ts';
import type { AccountSnapshot } from './event-lines.ts';

/** What a reader of the table wants to know first: what is wrong, else why it was or was not refreshed. */
function why({ code, cause, reason }: AccountSnapshot): string {
  if (cause === undefined) return reason.replaceAll('_', ' ');
  return code?.startsWith('AADSTS') ? `${code}: ${cause}` : cause;
}

/** No colours, no lines between rows: what is read is the text. */
const plain = {
  style: { head: [], border: [] },
  chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  wordWrap: true,
};

/** The table's text with a line below its head. */
function drawn(table: InstanceType<typeof Table>): string {
  const [top = '', head = '', ...rows] = table.toString().split('\n');
  const line = top.replace('┌', '├').replaceAll('┬', '┼').replace('┐', '┤');
  return [top, head, line, ...rows].join('\n');
}

/** The accounts after a sweep as a table for a terminal; times are UTC. */
export function accountsTable(snapshots: readonly AccountSnapshot[]): string {
  const table = new Table({
    ...plain,
    head: ['account', 'state', 'outcome', 'why', 'valid until', 'gen.'],
    colWidths: [14, 17, 17, 44, 13, 6],
  });
  for (const snapshot of snapshots) {
    table.push([
      snapshot.account,
      snapshot.state.replaceAll('_', ' '),
      snapshot.outcome.replaceAll('_', ' '),
      why(snapshot),
      snapshot.accessTokenExpiresAt?.slice(11, 16) ?? '–',
      String(snapshot.generation ?? '–'),
    ]);
  }
  return drawn(table);
}

/** Alerts as a table for a terminal. */
export function alertsTable(alerts: readonly RaisedAlert[]): string {
  const table = new Table({
    ...plain,
    head: ['sev', 'alert', 'who', 'why', 'how it ends'],
    colWidths: [5, 15, 38, 30, 31],
  });
  for (const { severity, title, who, why: cause, how } of alerts)
    table.push([severity, title, who, cause, how]);
  return drawn(table);
}
