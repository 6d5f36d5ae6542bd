/**
 * The room of Key Vault: a model of secrets, their versions and soft deletion.
 *
 * In: operations on secrets, and faults to make (`vault-faults`). Out: what the service would answer, or a
 * `KeyVaultRefusal` with status, code and words of the wire. This file holds the state; `key-vault-emulator` serves
 * it over HTTPS as the SDK expects it, `in-memory-vault` is the app's own interface on it without a network;
 * `managed-identity` gives the tokens.
 */

import { randomUUID } from 'node:crypto';
import { type Clock, nowSeconds } from '../../src/time.ts';
import { checkExpiryPolicy, type ExpiryPolicy } from './expiry-policy.ts';
import { firstPage, maximumPageSize, type Page, type PageCursor, pageOf } from './paging.ts';
import {
  changedVersion,
  newVersion,
  type SecretChange,
  SecretHistory,
  type SecretInput,
  type SecretVersion,
} from './secret-history.ts';
import { checkAttributes, checkName, checkValue } from './secret-rules.ts';
import { type RequestLimit, SlidingWindow } from './sliding-window.ts';
import {
  type DeletedSecret,
  defaultSoftDelete,
  SoftDeletedSecrets,
  type SoftDeleteSettings,
} from './soft-delete.ts';
import {
  deletedSecretNotFound,
  nameConflict,
  secretDisabled,
  secretNotFound,
  throttled,
} from './vault-refusal.ts';
import type { VaultWireOperation } from './vault-request.ts';

export interface VaultStateOptions {
  readonly clock: Clock;
  /** Default: 32 random hex digits. */
  readonly createVersionId?: () => string;
  readonly softDelete?: Partial<SoftDeleteSettings>;
  /** For making secrets. Default: none; the service's own are {@link serviceLimits}. */
  readonly writeLimit?: RequestLimit;
  /** For everything else. Default: none. */
  readonly otherLimit?: RequestLimit;
  /** The size of each page of one listing, at most 25; 0 gives an empty page. Default: always 25. */
  readonly pageSizes?: (pageIndex: number) => number;
  /** For long simulations: older versions are forgotten. Default: all are kept, as the service does. */
  readonly keptVersions?: number;
  /** Default: none. */
  readonly expiryPolicy?: ExpiryPolicy;
}

/** All versions of every secret, by name, in order of creation. */
interface VaultSnapshot {
  readonly active: ReadonlyMap<string, readonly SecretVersion[]>;
  readonly deleted: ReadonlyMap<string, readonly SecretVersion[]>;
}

/**
 * The secrets of one vault and Key Vault's rules for them, without a wire: every method throws
 * {@link VaultRefusal} where the service refuses. Limits count only what passes {@link VaultState.admit}.
 */
export class VaultState {
  readonly clock: Clock;
  readonly softDelete: SoftDeleteSettings;
  /** Azure Policy can come upon a vault at any time; what is there stays. */
  expiryPolicy: ExpiryPolicy | undefined;
  readonly #createVersionId: () => string;
  readonly #keptVersions: number;
  readonly #pageSizes: (pageIndex: number) => number;
  readonly #writes: SlidingWindow | undefined;
  readonly #others: SlidingWindow | undefined;
  readonly #secrets = new Map<string, SecretHistory>();
  readonly #deleted: SoftDeletedSecrets;
  #sortedKeys: readonly string[] | undefined;

  constructor(options: VaultStateOptions) {
    this.clock = options.clock;
    this.softDelete = { ...defaultSoftDelete, ...options.softDelete };
    this.expiryPolicy = options.expiryPolicy;
    this.#deleted = new SoftDeletedSecrets(this.softDelete);
    this.#createVersionId = options.createVersionId ?? randomVersionId;
    this.#keptVersions = options.keptVersions ?? Number.POSITIVE_INFINITY;
    this.#pageSizes = options.pageSizes ?? (() => maximumPageSize);
    this.#writes = options.writeLimit && new SlidingWindow(options.writeLimit);
    this.#others = options.otherLimit && new SlidingWindow(options.otherLimit);
  }

  /** Counts a request against the limits; throws 429 beyond them. Every request of an adapter passes here. */
  admit(operation: VaultWireOperation): void {
    const window = operation === 'set' ? this.#writes : this.#others;
    if (window?.admit(this.clock.nowMilliseconds()) === false) throw throttled();
  }

  /** Makes a new version, and the secret if there is none. */
  set(name: string, input: SecretInput): SecretVersion {
    checkName(name);
    checkValue(input.value);
    checkAttributes(input);
    const key = this.#settledKey(name);
    this.#refuseIfDeleted(key, name);
    const present = this.#secrets.get(key);
    const made = present?.name ?? name;
    const version = newVersion(made, this.#createVersionId(), input, nowSeconds(this.clock));
    checkExpiryPolicy(this.expiryPolicy, version);
    const history = present ?? this.#insert(key, new SecretHistory(name));
    history.add(version);
    history.keepNewest(this.#keptVersions);
    return version;
  }

  /** The newest version, or the named one, with its value; refuses a disabled one. */
  get(name: string, version?: string): SecretVersion {
    const found = this.find(name, version);
    if (found === undefined) throw secretNotFound(nameOrId(name, version));
    if (!found.enabled) throw secretDisabled();
    return found;
  }

  /** As {@link VaultState.get}, but also a disabled one, and undefined when there is none. */
  find(name: string, version?: string): SecretVersion | undefined {
    const history = this.#secrets.get(this.#settledKey(name));
    return version === undefined || version === '' ? history?.newest : history?.get(version);
  }

  /** Changes attributes of the named version; an empty version is the newest. */
  update(name: string, version: string, change: SecretChange): SecretVersion {
    checkAttributes(change);
    const found = this.find(name, version);
    if (found === undefined) throw secretNotFound(nameOrId(name, version));
    const changed = changedVersion(found, change, nowSeconds(this.clock));
    checkExpiryPolicy(this.expiryPolicy, changed);
    this.#secrets.get(keyOf(name))?.replace(changed);
    return changed;
  }

  /** One page of the newest versions, disabled ones too, in the order of upper-case names. */
  list(cursor: PageCursor = firstPage, maxResults = maximumPageSize): Page<SecretVersion> {
    this.#settle();
    this.#sortedKeys ??= [...this.#secrets.keys()].sort();
    return this.#page(this.#sortedKeys, cursor, maxResults, (key) => this.#secrets.get(key)?.newest);
  }

  /** One page of a secret's versions, in the order of their ids; empty for a missing secret. */
  listVersions(name: string, cursor: PageCursor = firstPage, maxResults = maximumPageSize) {
    const versions = this.versionsOf(name).map((version) => version.version);
    return this.#page(versions.sort(), cursor, maxResults, (version) => this.find(name, version));
  }

  /** Begins the deletion, which takes a while. */
  delete(name: string): DeletedSecret {
    const key = this.#settledKey(name);
    const history = this.#secrets.get(key);
    if (history === undefined) throw secretNotFound(name);
    this.#remove(key);
    this.#deleted.add(key, history, this.clock.nowMilliseconds());
    return this.#deletedSecret(key, name);
  }

  /** What a deleted secret is kept as, from when its deletion is over. */
  getDeleted(name: string): DeletedSecret {
    const key = this.#settledKey(name);
    if (this.#phase(key) !== 'deleted') throw deletedSecretNotFound(name);
    return this.#deletedSecret(key, name);
  }

  /** For tests: begins the recovery, which takes a while. What is still being deleted or recovered refuses it with 409. */
  recover(name: string): void {
    const key = this.#settledKey(name);
    if (this.#phase(key) !== 'deleted') this.#refuseIfDeleted(key, name);
    if (this.#deleted.get(key) === undefined) throw deletedSecretNotFound(name);
    this.#deleted.recover(key, this.clock.nowMilliseconds());
  }

  /** For tests: a secret's versions in the order of their creation, whatever their state; never refused. */
  versionsOf(name: string): readonly SecretVersion[] {
    return this.#secrets.get(this.#settledKey(name))?.inOrderOfCreation() ?? [];
  }

  /** For tests: everything the vault holds at this moment. */
  snapshot(): VaultSnapshot {
    this.#settle();
    const contents = (histories: Iterable<SecretHistory>) =>
      new Map([...histories].map((history) => [history.name, history.inOrderOfCreation()]));
    return { active: contents(this.#secrets.values()), deleted: contents(this.#deleted.histories()) };
  }

  #settledKey(name: string): string {
    this.#settle();
    return keyOf(name);
  }

  #settle(): void {
    for (const [key, history] of this.#deleted.settle(this.clock.nowMilliseconds())) {
      this.#insert(key, history);
    }
  }

  #insert(key: string, history: SecretHistory): SecretHistory {
    this.#secrets.set(key, history);
    this.#sortedKeys = undefined;
    return history;
  }

  #remove(key: string): void {
    this.#secrets.delete(key);
    this.#sortedKeys = undefined;
  }

  #phase(key: string) {
    return this.#deleted.phase(key, this.clock.nowMilliseconds());
  }

  #deletedSecret(key: string, name: string): DeletedSecret {
    const deleted = this.#deleted.get(key);
    if (deleted === undefined) throw deletedSecretNotFound(name);
    return deleted;
  }

  #refuseIfDeleted(key: string, name: string): void {
    const phase = this.#phase(key);
    if (phase !== undefined) throw nameConflict(name, phase);
  }

  #page<T>(
    keys: readonly string[],
    cursor: PageCursor,
    maxResults: number,
    lookUp: (key: string) => T | undefined,
  ): Page<T> {
    const size = Math.min(maximumPageSize, maxResults, this.#pageSizes(cursor.pageIndex));
    const { items, ...rest } = pageOf(keys, cursor, size);
    return { items: items.map(lookUp).filter((item) => item !== undefined), ...rest };
  }
}

function randomVersionId(): string {
  return randomUUID().replaceAll('-', '');
}

/**
 * Names are compared without regard to letter case (Key Vault: About keys, secrets and certificates). assumed: a secret
 * keeps the spelling it was first set with.
 */
function keyOf(name: string): string {
  return name.toUpperCase();
}

function nameOrId(name: string, version: string | undefined): string {
  return version === undefined || version === '' ? name : `${name}/${version}`;
}
