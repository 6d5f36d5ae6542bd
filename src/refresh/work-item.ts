import type { FailureRecord } from '../accounts/account-state.ts';
import type { RegisteredToken } from '../accounts/registration.ts';
import type { StoredSecret } from '../accounts/secret.ts';
import type { FailureFacts } from '../oauth/outcome.ts';
import type { DueReason, PlannedAccount } from '../planning/plan.ts';
import type { Reason } from '../reason.ts';
import type { EpochSeconds } from '../time.ts';
import type { VaultError } from '../vault/secret-vault.ts';
import type { PreparedAccount } from './prepare-account.ts';
import type { AttemptResult } from './refresh-account.ts';

/** What became of one due account, so far or finally. */
export type ItemResult =
  | AttemptResult
  /** The client's credential is rejected or unusable: not this account's fault. `doubted`: looked at once more later. */
  | { readonly kind: 'credential'; readonly facts: FailureFacts; readonly doubted?: true }
  | { readonly kind: 'vault_unreadable'; readonly error: VaultError }
  /** A bug of ours met on this account; the others go on. */
  | { readonly kind: 'defect'; readonly facts: Reason }
  /** Registration removed or disabled since the listing. */
  | { readonly kind: 'gone' };

/** One due access token of a due account. */
export interface TokenWork {
  readonly token: RegisteredToken;
  readonly reason: DueReason;
  /** The refresh-token version that an earlier attempt of this sweep doubted. */
  suspectedVersion?: string;
  /** An answer of this sweep may not have been Entra's; the next such answer counts. */
  foreignSeen?: true;
  /** Not tried again in this sweep before this moment. */
  notBefore: EpochSeconds;
  result: ItemResult;
  /** No further attempt in this sweep. */
  settled: boolean;
}

/** A due account on its way through the rounds of a sweep. */
export interface WorkItem {
  readonly planned: PlannedAccount;
  readonly reason: DueReason;
  registrationSecret?: StoredSecret;
  prepared?: PreparedAccount;
  /** What is due of it; empty until the registration was read. */
  tokens: readonly TokenWork[];
  /** The attempts whose access tokens the account has published, with those of this sweep. */
  readonly published: Set<string | undefined>;
  /** Not tried again in this sweep before this moment. */
  notBefore: EpochSeconds;
  /** Of several access tokens, the worst one. */
  result: ItemResult;
  /** Set when the account was settled: no further attempt in this sweep. */
  settled: boolean;
  failure: FailureRecord | undefined;
}
