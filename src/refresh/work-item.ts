import type { FailureRecord } from '../accounts/account-state.ts';
import type { StoredSecret } from '../accounts/secret.ts';
import type { FailureFacts } from '../oauth/outcome.ts';
import type { DueReason, PlannedAccount } from '../planning/plan.ts';
import type { EpochSeconds } from '../time.ts';
import type { VaultError } from '../vault/secret-vault.ts';
import type { PreparedAccount } from './prepare-account.ts';
import type { AttemptResult } from './refresh-account.ts';

/** What became of one due account, so far or finally. */
export type ItemResult =
  | AttemptResult
  /** The client's credential is rejected or unusable: not this account's fault. */
  | { readonly kind: 'credential'; readonly facts: FailureFacts }
  | { readonly kind: 'vault_unreadable'; readonly error: VaultError }
  /** A bug of ours met on this account; the others go on. */
  | { readonly kind: 'defect'; readonly facts: FailureFacts }
  /** Registration removed or disabled since the listing. */
  | { readonly kind: 'gone' };

/** A due account on its way through the rounds of a sweep. */
export interface WorkItem {
  readonly planned: PlannedAccount;
  readonly reason: DueReason;
  registrationSecret?: StoredSecret;
  prepared?: PreparedAccount;
  suspectedVersion?: string;
  /** Not tried again in this sweep before this moment. */
  notBefore: EpochSeconds;
  result: ItemResult;
  /** Set when the account was settled: no further attempt in this sweep. */
  settled: boolean;
  failure: FailureRecord | undefined;
}
