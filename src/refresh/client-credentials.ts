import type { ListedSecret } from '../accounts/secret.ts';
import type { Telemetry } from '../telemetry/events.ts';
import { type EpochSeconds, isoTime, secondsPerDay } from '../time.ts';
import { rejectionKey } from './credential-incidents.ts';
import type { AccountStatus } from './sweep-report.ts';

/** The credential of one client, as the listing shows it. */
export interface ClientCredential {
  readonly client: string;
  readonly credentialSecret: string;
  /** Of its accounts, sorted. */
  readonly owners: readonly string[];
  /** How many accounts work with it; paused ones do not count. */
  readonly accounts: number;
  /** `unknown`: the secret has no expiry attribute; `missing`: there is no enabled secret of that name. */
  readonly expiry: 'known' | 'unknown' | 'missing';
  readonly expiresAt?: EpochSeconds;
  /** When its present version was stored. */
  readonly createdAt?: EpochSeconds;
}

function describe(accounts: readonly AccountStatus[], secret: ListedSecret | undefined) {
  const owners = accounts.flatMap(({ owner }) => (owner === undefined ? [] : [owner]));
  const told = { accounts: accounts.length, owners: [...new Set(owners)].sort() };
  if (secret?.enabled !== true) return { ...told, expiry: 'missing' } as const;
  const { createdAt, expiresAt } = secret;
  if (expiresAt === undefined) return { ...told, expiry: 'unknown', createdAt } as const;
  return { ...told, expiry: 'known', createdAt, expiresAt } as const;
}

/**
 * The credentials that accounts work with, one for each client and secret, by client. When they end stands in the
 * secret's expiry attribute: it is what an operator noted there, Entra tells nobody.
 */
export function clientCredentials(
  accounts: readonly AccountStatus[],
  secrets: readonly ListedSecret[],
): ClientCredential[] {
  const byName = new Map(secrets.map((secret) => [secret.name.toLowerCase(), secret]));
  const users = accounts.flatMap((account) => {
    const { client, credentialSecret, state } = account;
    if (client === undefined || credentialSecret === undefined || state === 'paused') return [];
    return [{ account, client, credentialSecret }];
  });
  const groups = Map.groupBy(users, (user) => rejectionKey(user.credentialSecret, user.client));
  return [...groups.values()]
    .flatMap(([first, ...others]) => {
      if (first === undefined) return [];
      const { client, credentialSecret } = first;
      const all = [first, ...others].map(({ account }) => account);
      return [{ client, credentialSecret, ...describe(all, byName.get(credentialSecret.toLowerCase())) }];
    })
    .sort((a, b) => (a.client < b.client ? -1 : 1));
}

const daysBetween = (from: EpochSeconds, to: EpochSeconds): number => (to - from) / secondsPerDay;

/** One snapshot of each client credential: alert rules warn before it ends. */
export function emitClientCredentials(
  telemetry: Telemetry,
  sweepId: string,
  credentials: readonly ClientCredential[],
  now: EpochSeconds,
): void {
  for (const { client, credentialSecret, owners, accounts, expiry, expiresAt, createdAt } of credentials) {
    telemetry.emit({
      name: 'ClientCredential',
      properties: {
        sweepId,
        client,
        credentialSecret,
        owners: owners.join(', '),
        expiry,
        expiresAt: expiresAt === undefined ? undefined : isoTime(expiresAt),
      },
      measurements: {
        accounts,
        daysLeft: expiresAt === undefined ? undefined : daysBetween(now, expiresAt),
        ageDays: createdAt === undefined ? undefined : daysBetween(createdAt, now),
      },
    });
  }
}
