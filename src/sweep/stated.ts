import { type Account, wantedNames } from '../accounts/account.ts';
import { accountIdFault } from '../accounts/account-id.ts';
import type { AccountState } from '../accounts/account-state.ts';
import { isOfOtherClient } from '../accounts/refresh-token-secret.ts';
import { isPinEnded, type RegistrationSummary } from '../accounts/registration-summary.ts';
import { credentialKey } from '../client/clients.ts';
import type { CredentialFinding, Incident } from '../client/incident.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { NotDueReason, PlannedAccount } from '../planning/plan.ts';
import type { Reason } from '../reason.ts';
import type { Result } from '../refresh/results.ts';
import type { EpochSeconds } from '../time.ts';
import { resultOf, type WorkItem } from './work-item.ts';

/** A state with what explains it, and since when that is so. */
export interface Stated extends Partial<Reason> {
  readonly state: AccountState;
  readonly since?: EpochSeconds;
}

const told = (state: AccountState, { code, cause, remedy, since, traceId }: Incident): Stated => ({
  state,
  code,
  cause,
  remedy,
  ...omitUndefined({ since, traceId }),
});

/** A token of the client before is not sent for the one that is registered now. */
function pendingState({ refreshToken }: Account, summary: RegistrationSummary | undefined): Stated {
  if (!refreshToken || !summary || !isOfOtherClient(refreshToken, summary.clientId)) return pendingConsent;
  return {
    state: 'pending_consent',
    code: 'client_changed',
    cause: `The refresh token was issued to the client ${refreshToken.clientId}, the registration now names ${summary.clientId}; it is not sent.`,
    remedy: 'Let the user consent for the new client, or set clientId back.',
  };
}

const pendingConsent: Stated = {
  state: 'pending_consent',
  code: 'pending_consent',
  cause: 'The account is registered and nobody has consented yet.',
  remedy: 'Let the user consent, or store a refresh token for it.',
};

function notDueState(
  account: Account,
  reason: NotDueReason,
  summary: RegistrationSummary | undefined,
): Stated {
  switch (reason) {
    case 'account_id_invalid':
      return {
        state: 'configuration',
        code: reason,
        cause: accountIdFault(account.id) ?? '',
        remedy: 'Register the account under another id and disable this secret.',
      };
    case 'orphaned':
      return {
        state: 'orphaned',
        code: reason,
        cause: `There is no registration "account-${account.id}" for these tokens.`,
        remedy: 'Register the account, or delete its refresh-token and access-token secrets.',
      };
    case 'refresh_token_disabled':
      return {
        state: 'configuration',
        code: reason,
        cause: `The newest version of "refresh-token-${account.id}" is disabled.`,
        remedy: 'Enable it, consent again, or disable the registration to pause the account.',
      };
    case 'pending_consent':
      return pendingState(account, summary);
    case 'paused':
      return { state: 'paused' };
    case 'backing_off':
    case 'fresh':
      return { state: 'healthy' };
    default:
      return reason satisfies never;
  }
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

/** A due account before the sweep that it waits for. */
function waitingState(account: Account, now: EpochSeconds): Stated {
  if (account.refreshToken === undefined) return pendingConsent;
  return hasValidToken(account, now) ? { state: 'healthy' } : awaitingSweep;
}

function resultState(
  account: Account,
  result: Result,
  now: EpochSeconds,
  summary: RegistrationSummary | undefined,
): Stated {
  switch (result.kind) {
    case 'pending_consent':
      return pendingState(account, summary);
    case 'gone':
      return { state: 'paused' };
    case 'not_started':
      return hasValidToken(account, now) ? { state: 'healthy' } : notReached;
    case 'credential': {
      if (!('doubted' in result) || hasValidToken(account, now)) return { state: 'healthy' };
      return told('retrying', result.facts);
    }
    default:
      return { state: 'healthy' };
  }
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

/** The incident of the account's credential. */
function incident(
  known: Knowledge,
  account: Account,
  summary: RegistrationSummary | undefined,
): Stated | undefined {
  if (summary === undefined) return undefined;
  const finding = known.findings.get(credentialKey(summary));
  const noted = finding?.accepted === undefined ? account.credentialRejection : undefined;
  const rejection = finding?.incident ?? noted;
  return rejection && told('credential', rejection);
}

/** Whether the registration has another login hint than the pinned user consented under, by their hashes in the tags. */
export function hasOtherHint({ refreshToken }: Account, summary: RegistrationSummary | undefined): boolean {
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

/** What is known of an account, with what is to be said of one that is well. */
export function statedOf(
  known: Knowledge,
  planned: PlannedAccount,
  item: WorkItem | undefined,
  summary: RegistrationSummary | undefined,
): Stated {
  const stated = stateOf(known, planned, item, summary);
  const { account } = planned;
  if (stated.state !== 'healthy' || !hasOtherHint(account, summary)) return stated;
  const hint = item?.prepared?.registration.loginHint ?? known.loginHints?.get(account.id);
  return { ...stated, ...hintChange(account, hint) };
}

/** A verdict on the account itself outweighs its client's incident, which outweighs everything that passes. */
function stateOf(
  known: Knowledge,
  { account, decision }: PlannedAccount,
  item: WorkItem | undefined,
  summary: RegistrationSummary | undefined,
): Stated {
  const failure = item === undefined ? account.failure : item.failure;
  if (decision.kind === 'not_due' && decision.reason !== 'fresh' && decision.reason !== 'backing_off') {
    return notDueState(account, decision.reason, summary);
  }
  if (failure !== undefined && failure.state !== 'retrying') return told(failure.state, failure);
  const struck =
    item !== undefined && resultOf(item).kind === 'refreshed' ? undefined : incident(known, account, summary);
  if (struck !== undefined) return struck;
  if (failure !== undefined) return told(failure.state, failure);
  if (item !== undefined) return resultState(account, resultOf(item), known.now, summary);
  return decision.kind === 'due' ? waitingState(account, known.now) : { state: 'healthy' };
}
