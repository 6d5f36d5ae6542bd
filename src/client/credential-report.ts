import type { AccountState } from '../accounts/account-state.ts';
import type { AuthenticationMethod } from '../accounts/client-authentication.ts';
import { credentialEnd, readCredentialRejection } from '../accounts/credential-tags.ts';
import type { ListedSecret } from '../accounts/secret.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { Telemetry } from '../telemetry/events.ts';
import { type EpochSeconds, isoTime, secondsPerDay } from '../time.ts';
import { credentialKey } from './clients.ts';
import type { CredentialFinding } from './incident.ts';

/** An account as far as it tells of its client. */
interface CredentialUser {
  readonly client?: string;
  readonly method?: AuthenticationMethod;
  readonly credentialSecret?: string;
  readonly owner?: string;
  readonly state: AccountState;
}

/** The credential of one client, as the listing shows it. */
export interface ClientCredential {
  readonly client: string;
  readonly method: AuthenticationMethod;
  /** Absent for a client that needs no secret. */
  readonly credentialSecret?: string;
  /** Of its accounts, sorted. */
  readonly owners: readonly string[];
  /** How many accounts work with it; paused ones do not count. */
  readonly accounts: number;
  /**
   * `unknown`: neither the secret's tag or expiry attribute nor its certificate says; `missing`: there is no enabled secret of
   * that name; `none`: nothing that ends, the app's managed identity or a public client.
   */
  readonly expiry: 'known' | 'unknown' | 'missing' | 'none';
  readonly expiresAt?: EpochSeconds;
  /** When its present version was stored. */
  readonly createdAt?: EpochSeconds;
  /** Entra rejects the newest version and accepts the one before. */
  readonly fallback: boolean;
}

/** When the credential ends, as far as the listing tells. */
function expiryOf(credentialSecret: string | undefined, secret: ListedSecret | undefined) {
  if (credentialSecret === undefined) return { expiry: 'none' as const };
  if (secret?.enabled !== true) return { credentialSecret, expiry: 'missing' as const };
  const known = { credentialSecret, createdAt: secret.createdAt };
  const expiresAt = credentialEnd(secret);
  return expiresAt === undefined
    ? { ...known, expiry: 'unknown' as const }
    : { ...known, expiry: 'known' as const, expiresAt };
}

function ownersOf(accounts: readonly CredentialUser[]): string[] {
  const owners = accounts.flatMap(({ owner }) => (owner === undefined ? [] : [owner]));
  return [...new Set(owners)].sort();
}

/**
 * Whether the newest version is passed over for an older one: as this sweep found out, else as an earlier one noted.
 * A version that this sweep's requests were accepted with is not.
 */
function isPassedOver(
  client: string,
  secret: ListedSecret | undefined,
  finding: CredentialFinding | undefined,
): boolean {
  if (finding?.accepted !== undefined) return finding.accepted === 'older';
  const noted = readCredentialRejection(secret?.tags ?? {});
  return noted?.fallback === true && noted.clientId === client;
}

/**
 * The credentials that accounts work with, one for each client and secret, by client. When they end is what an
 * operator noted, Entra tells nobody: {@link credentialEnd}.
 *
 * @param findings what a sweep found out beside the listing, by {@link credentialKey}
 */
export function clientCredentials(
  accounts: readonly CredentialUser[],
  secrets: readonly ListedSecret[],
  findings: ReadonlyMap<string, CredentialFinding> = new Map(),
): ClientCredential[] {
  const byName = new Map(secrets.map((secret) => [secret.name.toLowerCase(), secret]));
  const users = accounts.flatMap((account) => {
    const { client, method, credentialSecret, state } = account;
    if (client === undefined || method === undefined || state === 'paused') return [];
    return [{ account, clientId: client, method, ...omitUndefined({ credentialSecret }) }];
  });
  return [...Map.groupBy(users, credentialKey)]
    .flatMap(([key, [first, ...others]]) => {
      if (first === undefined) return [];
      const { clientId: client, method, credentialSecret } = first;
      const all = [first, ...others].map(({ account }) => account);
      const secret = credentialSecret === undefined ? undefined : byName.get(credentialSecret.toLowerCase());
      const told = { client, method, accounts: all.length, owners: ownersOf(all) };
      const fallback = isPassedOver(client, secret, findings.get(key));
      return [{ ...told, ...expiryOf(credentialSecret, secret), fallback }];
    })
    .sort((a, b) => (a.client < b.client ? -1 : 1));
}

/** How long before its end a credential is shown as one to renew. */
export const renewalNoticeSeconds = 30 * secondsPerDay;

/** Whether somebody should look at a credential: it ends within 30 days, nobody knows when, or an older one serves. */
export function needsRenewal({ expiry, expiresAt, fallback }: ClientCredential, now: EpochSeconds): boolean {
  return (
    fallback || expiry === 'unknown' || (expiresAt !== undefined && expiresAt - now <= renewalNoticeSeconds)
  );
}

const daysBetween = (from: EpochSeconds, to: EpochSeconds): number => (to - from) / secondsPerDay;

/** One snapshot of each client credential: alert rules warn before it ends. */
export function emitClientCredentials(
  telemetry: Telemetry,
  sweepId: string,
  credentials: readonly ClientCredential[],
  now: EpochSeconds,
): void {
  for (const credential of credentials) {
    const { client, method, credentialSecret, owners, accounts, expiry, expiresAt, createdAt } = credential;
    telemetry.emit({
      name: 'ClientCredential',
      properties: {
        sweepId,
        client,
        method,
        credentialSecret,
        fallback: String(credential.fallback),
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
