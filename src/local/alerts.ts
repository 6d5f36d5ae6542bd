import type { AccountSnapshot } from './event-lines.ts';

/** An alert that the snapshots of one sweep would raise. */
export interface RaisedAlert {
  /** 1 is the most urgent. */
  readonly severity: 1 | 2 | 3;
  readonly who: string;
  readonly why: string;
  readonly how: string;
}

function accountAlert(severity: 1 | 2 | 3, snapshot: AccountSnapshot): RaisedAlert {
  const { account, owner, code, cause = '', remedy = '' } = snapshot;
  return {
    severity,
    who: owner === undefined ? account : `${account} (${owner})`,
    why: code === undefined ? cause : `${code}: ${cause}`,
    how: remedy,
  };
}

/** One incident, however many accounts stand behind the client. */
function credentialAlerts(snapshots: readonly AccountSnapshot[]): RaisedAlert[] {
  const byClient = Map.groupBy(
    snapshots.filter(({ state }) => state === 'credential'),
    ({ client, credentialSecret }) => `${client} ${credentialSecret}`,
  );
  return [...byClient.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const accounts = [first, ...others].map(({ account }) => account).join(', ');
    const who = `${accounts}: client ${first.client}`;
    return [{ ...accountAlert(1, first), who }];
  });
}

/** The alerts of a sweep's account states: one per account, or one per client where the client is at fault. */
export function alertsOf(snapshots: readonly AccountSnapshot[]): RaisedAlert[] {
  const alerts = credentialAlerts(snapshots);
  for (const snapshot of snapshots) {
    if (snapshot.state === 'reconsent') alerts.push(accountAlert(1, snapshot));
    if (snapshot.state === 'configuration' || snapshot.state === 'policy')
      alerts.push(accountAlert(2, snapshot));
    if (snapshot.state === 'orphaned') alerts.push(accountAlert(3, snapshot));
  }
  return alerts.sort((a, b) => a.severity - b.severity);
}
