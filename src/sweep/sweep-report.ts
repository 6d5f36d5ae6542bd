import { type Account, wantedNames } from '../accounts/account.ts';
import { countStates } from '../accounts/account-state.ts';
import type { AuthenticationMethod } from '../accounts/client-authentication.ts';
import { refreshTokenEnd } from '../accounts/refresh-token-secret.ts';
import { type RegistrationSummary, summarize } from '../accounts/registration-summary.ts';
import type { ClientCredential } from '../client/client-credentials.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { PlannedAccount } from '../planning/plan.ts';
import { type EpochSeconds, isoTime } from '../time.ts';
import type { VaultListing } from '../vault/secret-vault.ts';
import { type Knowledge, type Stated, statedOf } from './stated.ts';
import { resultOf, type WorkItem } from './work-item.ts';

/** One of the access tokens of an account whose access tokens have names. */
export interface TokenStatus {
  readonly name: string;
  readonly accessTokenExpiresAt?: EpochSeconds;
  /** It is among those that the account's failure is about. */
  readonly failing: boolean;
}

/** One account as it stands; nothing in it is secret. */
export interface AccountStatus extends Stated {
  readonly account: string;
  readonly client?: string;
  readonly tenant?: string;
  readonly owner?: string;
  /** How its client proves itself; absent until the registration was read. */
  readonly method?: AuthenticationMethod;
  /** Absent for a client that needs no secret. */
  readonly credentialSecret?: string;
  readonly failures: number;
  readonly nextAttemptAt?: EpochSeconds;
  /** Of several access tokens the one that ends first; absent when one of them is missing. */
  readonly accessTokenExpiresAt?: EpochSeconds;
  /** Absent for an account with the one access token that has no name. */
  readonly tokens?: readonly TokenStatus[];
  /** Registered scopes that the published access tokens lack, by the listing; absent where a sweep worked on it. */
  readonly lackingScopes?: string;
  readonly refreshTokenExpiresAt?: EpochSeconds;
  /** When the secret of the registration expires; it works on, and the app writes it again before. */
  readonly registrationExpiresAt?: EpochSeconds;
  readonly refreshTokenCreatedAt?: EpochSeconds;
  readonly generation?: number;
}

/** One account at the end of a sweep. */
export interface AccountReport extends AccountStatus {
  /** What this sweep did with it: the attempt's result, or `not_due`. */
  readonly outcome: string;
  /** Why it was due, or why not. */
  readonly reason: string;
}

/** How the listing of a vault went, and what the sweep wrote to it. */
export interface VaultUsage extends Omit<VaultListing, 'secrets'> {
  /** Secret writes of this sweep. */
  readonly writes: number;
}

/** What a completed sweep did. */
export interface SweepReport {
  readonly sweepId: string;
  readonly startedAt: EpochSeconds;
  readonly durationSeconds: number;
  readonly nextSweepAt: EpochSeconds;
  readonly rounds: number;
  readonly due: number;
  readonly refreshed: number;
  /** Due accounts that the deadline left without an attempt. */
  readonly remaining: number;
  readonly accounts: readonly AccountReport[];
  readonly clientCredentials: readonly ClientCredential[];
  readonly credentialsVault: VaultUsage;
  readonly tokensVault: VaultUsage;
}

/** When the access tokens end that the account is to have, as this sweep published them or the listing shows them. */
function expiriesOf(
  { accessTokens }: Account,
  summary: RegistrationSummary | undefined,
  item: WorkItem | undefined,
): Map<string | undefined, EpochSeconds | undefined> {
  return new Map(
    wantedNames({ accessTokens, ...omitUndefined({ summary }) }).map((name) => {
      const result = item?.tokens.find((work) => work.name === name)?.result;
      const isRefreshed = result?.kind === 'refreshed';
      return [name, isRefreshed ? result.accessTokenExpiresAt : accessTokens.get(name)?.expiresAt];
    }),
  );
}

/** Of what is published under names that the account is still to have. */
function lackingOf(account: Account): string | undefined {
  const all = wantedNames(account).flatMap(
    (name) => account.accessTokens.get(name)?.lackingScopes?.split(' ') ?? [],
  );
  return [...new Set(all)].join(' ') || undefined;
}

/** The earliest; undefined when one is missing. */
function earliest(moments: readonly (EpochSeconds | undefined)[]): EpochSeconds | undefined {
  const known = moments.filter((moment) => moment !== undefined);
  return known.length < moments.length ? undefined : Math.min(...known);
}

/** The refresh token as the listing shows it, or as the last redemption of this sweep left it. */
function refreshTokenFields(known: Knowledge, { refreshToken }: Account, item: WorkItem | undefined) {
  const results = item?.tokens.flatMap(({ result }) => (result.kind === 'refreshed' ? [result] : [])) ?? [];
  const last = results.sort((a, b) => a.generation - b.generation).at(-1);
  return {
    refreshTokenExpiresAt: last ? last.refreshTokenExpiresAt : refreshToken && refreshTokenEnd(refreshToken),
    // A rotated token's age begins with this sweep; the listing is one rotation old.
    refreshTokenCreatedAt: last?.rotated ? known.startedAt : refreshToken?.createdAt,
    generation: last ? last.generation : refreshToken?.generation,
  };
}

/**
 * One account as it stands, from the listings alone or with what a sweep made of it.
 *
 * @param item its work in a sweep
 */
export function statusOf(known: Knowledge, planned: PlannedAccount, item?: WorkItem): AccountStatus {
  const { account, decision } = planned;
  const summary =
    item?.prepared === undefined ? account.summary : summarize(account.id, item.prepared.registration);
  const stated = statedOf(known, planned, item, summary);
  const failure = item === undefined ? account.failure : item.failure;
  const expiries = expiriesOf(account, summary, item);
  const tokens = summary?.tokens?.map((name) => ({
    name,
    failing: failure?.tokens?.includes(name) === true,
    ...omitUndefined({ accessTokenExpiresAt: expiries.get(name) }),
  }));
  const nextAttemptAt =
    failure?.nextAttemptAt ?? (decision.kind === 'not_due' ? decision.lookAgainAt : undefined);
  return {
    account: account.id,
    failures: failure?.failures ?? 0,
    ...omitUndefined({
      ...refreshTokenFields(known, account, item),
      accessTokenExpiresAt: earliest([...expiries.values()]),
      lackingScopes: item === undefined ? lackingOf(account) : undefined,
      registrationExpiresAt: account.registration?.expiresAt,
      tokens,
      client: summary?.clientId,
      tenant: summary?.tenant,
      owner: summary?.owner,
      method: summary?.method,
      credentialSecret: summary?.credentialSecret,
      nextAttemptAt,
    }),
    ...stated,
  };
}

/** Reports one account; `item` is its work in this sweep, absent when it was not due. */
export function reportAccount(known: Knowledge, planned: PlannedAccount, item?: WorkItem): AccountReport {
  const outcome = item === undefined ? 'not_due' : resultOf(item).kind;
  return { ...statusOf(known, planned, item), outcome, reason: planned.decision.reason };
}

type IsoTimes<T> = {
  [K in keyof T]: K extends 'since' | `${string}At` ? string | Extract<T[K], undefined> : T[K];
};

/** The same with its moments in ISO 8601: `since`, and what is called `…At`. */
export function withIsoTimes<T extends object>(fields: T): IsoTimes<T> {
  const told = Object.entries(fields).map(([name, value]) => {
    const isMoment = typeof value === 'number' && (name === 'since' || name.endsWith('At'));
    return [name, isMoment ? isoTime(value) : value];
  });
  return Object.fromEntries(told) as IsoTimes<T>;
}

/** One account as tools read it: times in ISO 8601, nothing secret, absent fields left out. */
export function accountJson<A extends AccountStatus>(account: A) {
  const { tokens } = account;
  return { ...withIsoTimes(account), ...(tokens && { tokens: tokens.map(withIsoTimes) }) };
}

/** One client's credential as tools read it. */
export const credentialJson = (credential: ClientCredential) => withIsoTimes(credential);

/** What a sweep did, as tools read it. */
export function reportJson({ credentialsVault: _, tokensVault: __, ...report }: SweepReport) {
  const { accounts, clientCredentials, ...fields } = report;
  return {
    ...withIsoTimes(fields),
    counts: countStates(accounts),
    accounts: accounts.map((account) => accountJson(account)),
    clientCredentials: clientCredentials.map(credentialJson),
  };
}
