import { type Account, wantedNames } from '../accounts/account.ts';
import { accountIdFault } from '../accounts/account-id.ts';
import type { AccountState } from '../accounts/account-state.ts';
import type { AuthenticationMethod } from '../accounts/client-authentication.ts';
import { isOfOtherClient, refreshTokenEnd } from '../accounts/refresh-token-secret.ts';
import { isPinEnded, summarize } from '../accounts/registration-summary.ts';
import { credentialKey } from '../client/clients.ts';
import type { CredentialFinding, Incident } from '../client/incident.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { Decision, NotDueReason, PlannedAccount } from '../planning/plan.ts';
import type { Reason } from '../reason.ts';
import type { Result } from '../refresh/results.ts';
import type { EpochSeconds } from '../time.ts';
import { resultOf, type WorkItem } from './work-item.ts';

/** A state with what explains it, and since when that is so. */
interface Stated extends Partial<Reason> {
  readonly state: AccountState;
  readonly since?: EpochSeconds;
}

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

/** What is known about accounts beside the listings. */
export interface Knowledge {
  readonly now: EpochSeconds;
  /** When tokens that a sweep brought were young. */
  readonly startedAt: EpochSeconds;
  /** What was found out about credentials since the listing, by {@link credentialKey}. */
  readonly findings: ReadonlyMap<string, CredentialFinding>;
  /** Login hints by account, of those that {@link hasOtherHint}; absent where nobody has read the registration. */
  readonly loginHints?: ReadonlyMap<string, string>;
}

const told = (state: AccountState, { code, cause, remedy, since, traceId }: Incident): Stated => ({
  state,
  code,
  cause,
  remedy,
  ...omitUndefined({ since, traceId }),
});

const pendingConsent: Stated = {
  state: 'pending_consent',
  code: 'pending_consent',
  cause: 'The account is registered and nobody has consented yet.',
  remedy: 'Let the user consent, or store a refresh token for it.',
};

/** A token of the client before is not sent for the one that is registered now. */
function pendingState({ refreshToken, summary }: Account): Stated {
  if (!refreshToken || !summary || !isOfOtherClient(refreshToken, summary.clientId)) return pendingConsent;
  return {
    state: 'pending_consent',
    code: 'client_changed',
    cause: `The refresh token was issued to the client ${refreshToken.clientId}, the registration now names ${summary.clientId}; it is not sent.`,
    remedy: 'Let the user consent for the new client, or set clientId back.',
  };
}

/** Why an account is not planned at all, by its id. */
const notDueStates = {
  account_id_invalid: (id: string) => ({
    state: 'configuration' as const,
    cause: accountIdFault(id) ?? '',
    remedy: 'Register the account under another id and disable this secret.',
  }),
  orphaned: (id: string) => ({
    state: 'orphaned' as const,
    cause: `There is no registration "account-${id}" for these tokens.`,
    remedy: 'Register the account, or delete its refresh-token and access-token secrets.',
  }),
  refresh_token_disabled: (id: string) => ({
    state: 'configuration' as const,
    cause: `The newest version of "refresh-token-${id}" is disabled.`,
    remedy: 'Enable it, consent again, or disable the registration to pause the account.',
  }),
};

function notDueState(account: Account, reason: Exclude<NotDueReason, 'fresh' | 'backing_off'>): Stated {
  if (reason === 'pending_consent') return pendingState(account);
  if (reason === 'paused') return { state: 'paused' };
  return { code: reason, ...notDueStates[reason](account.id) };
}

const notReached: Stated = {
  state: 'retrying',
  code: 'not_reached',
  cause: 'The sweep ended before it came to this account, and no valid access token is published.',
  remedy: 'Wait, the next sweep tries again; if it lasts, raise SWEEP_CONCURRENCY or sweep more often.',
};

const awaitingSweep: Stated = {
  state: 'retrying',
  code: 'awaiting_sweep',
  cause: 'No valid access token is published, and no sweep has come to this account since.',
  remedy: 'Wait, the next sweep refreshes it; if that has not come, look at the last sweep.',
};

/** Of several access tokens, whether each is valid. */
function hasValidToken(account: Account, now: EpochSeconds): boolean {
  return wantedNames(account).every((name) => {
    const secret = account.accessTokens.get(name);
    return secret?.enabled === true && (secret.expiresAt ?? 0) > now;
  });
}

/**
 * A due account about which neither a failure nor an incident says anything.
 *
 * @param result absent before the sweep that it waits for
 */
function dueState(account: Account, result: Result | undefined, now: EpochSeconds): Stated {
  if (result?.kind === 'gone') return { state: 'paused' };
  const isPending = result ? result.kind === 'pending_consent' : account.refreshToken === undefined;
  if (isPending) return pendingState(account);
  if (hasValidToken(account, now)) return { state: 'healthy' };
  if (result === undefined) return awaitingSweep;
  if (result.kind === 'not_started') return notReached;
  return 'doubted' in result ? told('retrying', result.facts) : { state: 'healthy' };
}

/** The incident of the account's credential. */
function incident({ findings }: Knowledge, { summary, credentialRejection }: Account): Stated | undefined {
  if (summary === undefined) return undefined;
  const finding = findings.get(credentialKey(summary));
  const noted = finding?.accepted === undefined ? credentialRejection : undefined;
  const rejection = finding?.incident ?? noted;
  return rejection && told('credential', rejection);
}

/** A verdict on the account itself outweighs its client's incident, which outweighs everything that passes. */
function stateOf(known: Knowledge, account: Account, decision: Decision, result: Result | undefined): Stated {
  const { failure } = account;
  if (decision.kind === 'not_due' && decision.reason !== 'fresh' && decision.reason !== 'backing_off')
    return notDueState(account, decision.reason);
  const judged = failure && told(failure.state, failure);
  const struck = result?.kind === 'refreshed' ? undefined : incident(known, account);
  const weightiest = judged?.state === 'retrying' ? (struck ?? judged) : (judged ?? struck);
  if (weightiest !== undefined) return weightiest;
  return decision.kind === 'due' ? dueState(account, result, known.now) : { state: 'healthy' };
}

/** Whether the registration has another login hint than the pinned user consented under, by their hashes in the tags. */
export function hasOtherHint({ refreshToken, summary }: Account): boolean {
  const [now, before] = [summary?.loginHintHash, refreshToken?.loginHintHash];
  return now !== undefined && before !== undefined && refreshToken?.user !== undefined && now !== before;
}

/**
 * Refreshes go on for the pinned user, whom the registration no longer names.
 *
 * @param hint what it names now, where somebody has read it
 */
function hintChange({ id, registration, refreshToken }: Account, hint: string | undefined): Reason {
  const change = hint === undefined ? '"loginHint" was changed' : `"loginHint" is now ${hint}`;
  const pinned = `the tokens stay those of the user with object id ${refreshToken?.user?.objectId}, who consented under another one`;
  const isEnded = isPinEnded(registration?.tags ?? {}, refreshToken ?? {});
  return {
    code: 'login_hint_changed',
    cause: `${change}; ${pinned}${isEnded ? ', until the next consent' : ''}.`,
    remedy: isEnded
      ? `Let ${hint ?? 'the user whom it names'} consent: the next consent may be another user's.`
      : `For another user: account update ${id} --new-user, then let that user consent. For the same one under a new name: let the user consent once more.`,
  };
}

/** When the access tokens end that the account is to have, as this sweep published them or the listing shows them. */
function expiriesOf(account: Account, item: WorkItem | undefined) {
  return new Map(
    wantedNames(account).map((name) => {
      const result = item?.tokens.find((work) => work.name === name)?.result;
      const isRefreshed = result?.kind === 'refreshed';
      return [name, isRefreshed ? result.accessTokenExpiresAt : account.accessTokens.get(name)?.expiresAt];
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

/** The account with what a sweep read of its registration and found out about it. */
function afterSweep({ failure: _, ...account }: Account, { prepared, failure }: WorkItem): Account {
  const summary = prepared && summarize(account.id, prepared.registration);
  return { ...account, ...omitUndefined({ failure, summary }) };
}

/**
 * One account as it stands, from the listings alone or with what a sweep made of it.
 *
 * @param item its work in a sweep
 */
export function statusOf(known: Knowledge, planned: PlannedAccount, item?: WorkItem): AccountStatus {
  const { decision } = planned;
  const account = item === undefined ? planned.account : afterSweep(planned.account, item);
  const { id, summary, failure, registration } = account;
  const stated = stateOf(known, account, decision, item && resultOf(item));
  const loginHint = item?.prepared?.registration.loginHint ?? known.loginHints?.get(id);
  const hint =
    stated.state === 'healthy' && hasOtherHint(account) ? hintChange(account, loginHint) : undefined;
  const expiries = expiriesOf(account, item);
  const tokens = summary?.tokens?.map((name) => ({
    name,
    failing: failure?.tokens?.includes(name) === true,
    ...omitUndefined({ accessTokenExpiresAt: expiries.get(name) }),
  }));
  const lookAgainAt = decision.kind === 'not_due' ? decision.lookAgainAt : undefined;
  return {
    account: id,
    failures: failure?.failures ?? 0,
    ...omitUndefined({
      ...refreshTokenFields(known, account, item),
      accessTokenExpiresAt: earliest([...expiries.values()]),
      lackingScopes: item === undefined ? lackingOf(account) : undefined,
      registrationExpiresAt: registration?.expiresAt,
      tokens,
      client: summary?.clientId,
      tenant: summary?.tenant,
      owner: summary?.owner,
      method: summary?.method,
      credentialSecret: summary?.credentialSecret,
      nextAttemptAt: failure?.nextAttemptAt ?? lookAgainAt,
    }),
    ...stated,
    ...hint,
  };
}
