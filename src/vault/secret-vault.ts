/**
 * The room of vaults: Key Vault as the app needs it.
 *
 * In: names, values and tags. Out: secrets, listings, and a `VaultError` with its remedy (`vault-remedy`), nothing else.
 * This file is the interface; `key-vault` the adapter to the SDK, with the policies of its pipeline; `identity` as whom
 * the app asks. A write needs a permit of its vault (`write-pacer`) and is repeated only after a look (`durable-write`).
 */

import type { ListedSecret, ListedVersion, SecretWrite, StoredSecret, Tags } from '../accounts/secret.ts';

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
 * - `unauthenticated`: no token for the vault could be had
 * - `token_refused`: there was a token, and the vault refused it (401, mostly one of another tenant)
 * - `forbidden`: the vault denied the operation (role, firewall, private link)
 * - `disabled`: the secret's version is disabled and gives no value
 * - `deleted`: the name belongs to a soft-deleted secret
 * - `conflict`: 409 that passes in seconds: the secret is being deleted, purged or recovered, or just was
 * - `read_only`: the vault is served by its paired region after a failover, and takes no changes
 * - `throttled`: 429, nothing was stored
 * - `intercepted`: what answered is no Key Vault, but a proxy, a firewall or a wrong address
 * - `rejected`: 400 and other refusals of the request itself
 * - `unreachable`: no answer, 5xx, or the time limit passed
 * - `incomplete_listing`: the vault's pages lead back, elsewhere, or to no end in the time that there is
 */
export type VaultErrorCode =
  | 'unauthenticated'
  | 'token_refused'
  | 'forbidden'
  | 'disabled'
  | 'deleted'
  | 'conflict'
  | 'read_only'
  | 'throttled'
  | 'intercepted'
  | 'rejected'
  | 'unreachable'
  | 'incomplete_listing';

interface VaultErrorDetails {
  readonly code: VaultErrorCode;
  readonly vaultUrl: string;
  readonly operation: VaultOperation;
  readonly secretName?: string;
  /** True when a write may have been stored although no success was heard. */
  readonly writeMayHaveHappened?: boolean;
  readonly retryAfterSeconds?: number;
  /** Of the answer, where there was one. */
  readonly status?: number;
  /** The vault's own code: the inner one like `ForbiddenByRbac` where there is one. */
  readonly vaultCode?: string;
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
  readonly status: number | undefined;
  readonly vaultCode: string | undefined;

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
    this.status = details.status;
    this.vaultCode = details.vaultCode;
  }
}

const passing: ReadonlySet<VaultErrorCode> = new Set(['throttled', 'unreachable', 'conflict', 'intercepted']);

/** Whether the same request may well be answered a little later, with nobody having done anything. */
export const isPassing = ({ code }: VaultError): boolean => passing.has(code);

const ofOneSecret: ReadonlySet<VaultErrorCode> = new Set(['rejected', 'deleted', 'disabled', 'conflict']);

/** Whether the failure says nothing about other secrets of the vault. */
export const concernsOneSecret = ({ code }: VaultError): boolean => ofOneSecret.has(code);

/** Whether no waiting changes the refusal of this secret. */
export const isFinal = (error: VaultError): boolean => concernsOneSecret(error) && !isPassing(error);

/**
 * What the refresher needs of one vault. Every method throws {@link VaultError} and nothing else, within the
 * adapter's own time limits.
 */
export interface SecretVault {
  readonly url: string;
  /**
   * Every secret of the vault, complete or not at all.
   *
   * @param limitMilliseconds after which no further page is asked for; default none
   */
  list(limitMilliseconds?: number): Promise<VaultListing>;
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

/** The vault's answer, or undefined for a secret that is gone or disabled. */
export async function readIfEnabled(
  read: () => Promise<StoredSecret | undefined>,
): Promise<StoredSecret | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof VaultError && error.code === 'disabled') return undefined;
    throw error;
  }
}

/** For calls whose failure loses nothing: an old version stays enabled, a label is written next time. */
export async function ignoringVaultErrors<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    return undefined;
  }
}
