import { countStates } from '../accounts/account-state.ts';
import type { ClientCredential } from '../client/client-credentials.ts';
import { type EpochSeconds, isoTime } from '../time.ts';
import type { AccountReport, AccountStatus, SweepReport } from './sweep-report.ts';

const time = (moment: EpochSeconds | undefined): string | undefined =>
  moment === undefined ? undefined : isoTime(moment);

/** One account as tools read it: times in ISO 8601, nothing secret, absent fields left out. */
export function accountJson<A extends AccountStatus>(account: A) {
  return {
    ...account,
    since: time(account.since),
    nextAttemptAt: time(account.nextAttemptAt),
    accessTokenExpiresAt: time(account.accessTokenExpiresAt),
    tokens: account.tokens?.map((token) => ({
      ...token,
      accessTokenExpiresAt: time(token.accessTokenExpiresAt),
    })),
    refreshTokenExpiresAt: time(account.refreshTokenExpiresAt),
    registrationExpiresAt: time(account.registrationExpiresAt),
    refreshTokenCreatedAt: time(account.refreshTokenCreatedAt),
  };
}

/** One client's credential as tools read it. */
export function credentialJson(credential: ClientCredential) {
  return { ...credential, expiresAt: time(credential.expiresAt), createdAt: time(credential.createdAt) };
}

/** What a sweep did, as tools read it. */
export function reportJson(report: SweepReport) {
  const { sweepId, durationSeconds, rounds, due, refreshed, remaining, accounts, clientCredentials } = report;
  return {
    sweepId,
    startedAt: isoTime(report.startedAt),
    durationSeconds,
    nextSweepAt: isoTime(report.nextSweepAt),
    rounds,
    due,
    refreshed,
    remaining,
    counts: countStates(accounts),
    accounts: accounts.map((account: AccountReport) => accountJson(account)),
    clientCredentials: clientCredentials.map(credentialJson),
  };
}
