import { type AccountFinding, seriousness } from '../accounts/account-state.ts';
import type { CredentialFailure } from '../client/client.ts';
import { concernsScopesOnly } from '../oauth/error-catalogue.ts';
import type { FailureFacts } from '../oauth/outcome.ts';
import { type Retry, retryAt } from '../planning/rounds.ts';
import type { Reason } from '../reason.ts';
import type { EpochSeconds } from '../time.ts';
import { isFinal, type VaultError } from '../vault/secret-vault.ts';
import { vaultReason } from '../vault/vault-remedy.ts';
import type { AttemptResult } from './refresh-account.ts';

/** What became of one access token that was due, or of its account before it came to that; so far, or finally. */
export type Result =
  | AttemptResult
  | CredentialFailure
  | { readonly kind: 'vault_unreadable'; readonly error: VaultError }
  /** A bug of ours met on this account; the others go on. */
  | { readonly kind: 'defect'; readonly facts: Reason }
  /** Registration removed or disabled since the listing. */
  | { readonly kind: 'gone' };

interface Row {
  /**
   * Who would meet the same again. After `nobody` and `token` the account's other access tokens are asked for all the
   * same; after everything else its turn is over.
   */
  readonly concerns: 'nobody' | 'token' | 'account' | 'client' | 'vault';
  /** When the same sweep tries again, unless it is lasting. */
  readonly retry: Retry;
  /** What the account's state learns of it. */
  readonly finding: AccountFinding['kind'];
  /** What the state learns instead when it is lasting. */
  readonly lasting?: AccountFinding['kind'];
}

/** All that follows from a result. Of two that teach the state the same, the lower one counts as the worse. */
const rows: Readonly<Record<Result['kind'], Row>> = {
  refreshed: { concerns: 'nobody', retry: 'never', finding: 'refreshed' },
  superseded: { concerns: 'nobody', retry: 'never', finding: 'nothing_found' },
  not_started: { concerns: 'account', retry: 'never', finding: 'nothing_found' },
  gone: { concerns: 'account', retry: 'never', finding: 'nothing_found' },
  pending_consent: { concerns: 'account', retry: 'never', finding: 'nothing_found' },
  credential: { concerns: 'client', retry: 'next_round', finding: 'nothing_found' },
  malformed: { concerns: 'token', retry: 'next_round', finding: 'passing' },
  throttled: { concerns: 'account', retry: 'next_round', finding: 'passing' },
  transient: { concerns: 'account', retry: 'next_round', finding: 'passing' },
  unknown_outcome: { concerns: 'account', retry: 'next_round', finding: 'passing' },
  // Once a refresh token is known to be refused for its scopes only, it concerns the access token.
  reconsent: {
    concerns: 'account',
    retry: 'confirmation',
    finding: 'reconsent_suspected',
    lasting: 'reconsent_proven',
  },
  policy: { concerns: 'token', retry: 'never', finding: 'policy' },
  configuration: { concerns: 'token', retry: 'never', finding: 'configuration' },
  not_published: { concerns: 'token', retry: 'never', finding: 'passing', lasting: 'configuration' },
  vault_unreadable: { concerns: 'vault', retry: 'next_round', finding: 'passing', lasting: 'unusable' },
  defect: { concerns: 'account', retry: 'never', finding: 'passing' },
  unusable: { concerns: 'account', retry: 'never', finding: 'unusable' },
  other_user: { concerns: 'account', retry: 'never', finding: 'configuration' },
  not_stored: { concerns: 'vault', retry: 'never', finding: 'passing', lasting: 'configuration' },
};
const order = Object.keys(rows);

const otherUser: Reason = {
  code: 'user_mismatch',
  cause: 'Entra answered for another user than the one this account belongs to; nothing was stored.',
  remedy: 'Consent again as the expected user, or correct "user" in the registration.',
};

/** Whether no further try of this sweep changes it: a proven death, a rejection beyond doubt, a refusal of the vault. */
function isLasting(result: Result): boolean {
  if (result.kind === 'credential') return !('doubted' in result);
  if ('proven' in result) return result.proven;
  return 'error' in result && (result.error.code === 'forbidden' || isFinal(result.error));
}

/** Whom a result concerns; a refusal of the scopes alone says nothing about the grant. */
export function concernOf(result: Result): Row['concerns'] {
  const isOfScopes = result.kind === 'reconsent' && concernsScopesOnly(result.facts);
  return isOfScopes ? 'token' : rows[result.kind].concerns;
}

/** When this sweep may try again after a result; undefined when it must not. */
export function retryAtOf(result: Result, now: EpochSeconds): EpochSeconds | undefined {
  const retry = isLasting(result) ? 'never' : rows[result.kind].retry;
  return retryAt(retry, now, result.kind === 'throttled' ? result.retryAfterSeconds : undefined);
}

/** Why it is so; undefined for what is no failure. */
export function reasonOf(result: Result): (Reason & Pick<FailureFacts, 'claims'>) | undefined {
  if (result.kind === 'other_user') return otherUser;
  if ('error' in result) return vaultReason(result.error);
  return 'facts' in result ? result.facts : undefined;
}

function findingKindOf(result: Result): AccountFinding['kind'] {
  const { finding, lasting = finding } = rows[result.kind];
  return isLasting(result) ? lasting : finding;
}

/** What the account's state learns of a result. */
export function findingOf(result: Result): AccountFinding {
  const kind = findingKindOf(result);
  const reason = reasonOf(result);
  if (kind === 'refreshed') return { kind };
  if (kind === 'nothing_found' || reason === undefined) return { kind: 'nothing_found' };
  return { kind, ...reason };
}

/** Of the results of an account's access tokens the one that stands for the account: the first of the worst. */
export function worstOf(results: readonly [Result, ...Result[]]): Result {
  const rank = (result: Result): number =>
    seriousness(findingKindOf(result)) * order.length + order.indexOf(result.kind);
  return results.reduce((worst, next) => (rank(next) > rank(worst) ? next : worst));
}
