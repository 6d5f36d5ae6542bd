import type { ListedSecret, ListedVersion, SecretWrite, StoredSecret, Tags } from '../accounts/secret.ts';

export type { ListedSecret, ListedVersion, SecretWrite, StoredSecret, Tags };

/** A change of attributes. `tags`, when given, replace the whole map. */
export interface SecretPatch {
  readonly tags?: Tags;
  readonly enabled?: boolean;
}

export interface VaultListing {
  readonly secrets: readonly ListedSecret[];
  readonly pages: number;
  readonly emptyPages: number;
  readonly durationMilliseconds: number;
}

/** `delete` is an operator's: the app has no right to it. */
export type VaultOperation = 'list' | 'list_versions' | 'get' | 'set' | 'update' | 'delete';

/**
 * - `unauthenticated`: no token for the vault could be had, or the vault refused it
 * - `forbidden`: the vault denied the operation (role, firewall, or read-only after a regional failover)
 * - `disabled`: the secret's version is disabled and gives no value
 * - `deleted`: the name belongs to a soft-deleted secret
 * - `throttled`: 429, nothing was stored
 * - `rejected`: 400 and other refusals of the request itself
 * - `unreachable`: no answer, 5xx, or the time limit passed
 */
export type VaultErrorCode =
  | 'unauthenticated'
  | 'forbidden'
  | 'disabled'
  | 'deleted'
  | 'throttled'
  | 'rejected'
  | 'unreachable';

export interface VaultErrorDetails {
  readonly code: VaultErrorCode;
  readonly vaultUrl: string;
  readonly operation: VaultOperation;
  readonly secretName?: string;
  /** True when a write may have been stored although no success was heard. */
  readonly writeMayHaveHappened?: boolean;
  readonly retryAfterSeconds?: number;
  /** A short, secret-free addition: HTTP status, the vault's own error code. */
  readonly detail?: string;
}

/**
 * A vault that could not do what was asked. The message names vault, operation and secret, never a value. There is
 * no `cause`: the SDK's error holds the request, with value and bearer token, and `util.inspect` prints causes.
 */
export class VaultError extends Error {
  override readonly name = 'VaultError';
  readonly code: VaultErrorCode;
  readonly vaultUrl: string;
  readonly operation: VaultOperation;
  readonly secretName: string | undefined;
  readonly writeMayHaveHappened: boolean;
  readonly retryAfterSeconds: number | undefined;

  constructor(details: VaultErrorDetails) {
    const what =
      details.secretName === undefined ? details.operation : `${details.operation} ${details.secretName}`;
    const extra = details.detail === undefined ? '' : ` (${details.detail})`;
    super(`${details.vaultUrl}: ${what}: ${details.code}${extra}`);
    this.code = details.code;
    this.vaultUrl = details.vaultUrl;
    this.operation = details.operation;
    this.secretName = details.secretName;
    this.writeMayHaveHappened = details.writeMayHaveHappened ?? false;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/**
 * What the refresher needs of one vault. Every method throws {@link VaultError} and nothing else, within the
 * adapter's own time limits.
 */
export interface SecretVault {
  readonly url: string;
  /** Every secret of the vault, complete or not at all. */
  list(): Promise<VaultListing>;
  /** The newest version, or the named one; undefined when there is none. Throws `disabled` for a disabled one. */
  get(name: string, version?: string): Promise<StoredSecret | undefined>;
  /**
   * Every version of one secret, disabled ones too, in no order; none for a missing secret. Only for secrets that get
   * few versions: of one with thousands it takes minutes.
   */
  versions(name: string): Promise<readonly ListedVersion[]>;
  /** Makes a new version and gives its id. Never repeated inside: the caller knows how to read back. */
  set(name: string, write: SecretWrite): Promise<string>;
  /** Changes attributes of the named version; makes no version. */
  update(name: string, version: string, patch: SecretPatch): Promise<void>;
}
