import type { Clock } from '../../time.ts';
import {
  type ListedSecret,
  type SecretPatch,
  type SecretVault,
  type SecretWrite,
  type StoredSecret,
  VaultError,
  type VaultErrorCode,
  type VaultListing,
  type VaultOperation,
} from '../../vault/secret-vault.ts';
import { firstPage, type Page } from './paging.ts';
import type { SecretVersion } from './secret-history.ts';
import { ConnectionFault, VaultFaults } from './vault-faults.ts';
import { VaultRefusal } from './vault-refusal.ts';
import type { VaultState } from './vault-state.ts';

export interface InMemoryVaultOptions {
  readonly state: VaultState;
  /** Default: none. */
  readonly faults?: VaultFaults;
  /** For latency, delays and time limits. Default: the state's. */
  readonly clock?: Clock;
  /** Of one request; a listing makes one for each page. Default: none. */
  readonly latencyMilliseconds?: () => number;
  /** After which an answer that does not come is given up. Default: 10,000. */
  readonly timeLimitMilliseconds?: number;
  /** Default: `https://in-memory.vault.azure.net`. */
  readonly url?: string;
}

/** A {@link SecretVault} in this process: the emulator's state and faults without HTTP and without the SDK. */
export class InMemoryVault implements SecretVault {
  readonly url: string;
  readonly state: VaultState;
  readonly faults: VaultFaults;
  readonly #clock: Clock;
  readonly #latencyMilliseconds: (() => number) | undefined;
  readonly #timeLimitMilliseconds: number;
  readonly #sleep = (milliseconds: number): Promise<void> => this.#clock.sleep(milliseconds);

  constructor(options: InMemoryVaultOptions) {
    this.url = options.url ?? 'https://in-memory.vault.azure.net';
    this.state = options.state;
    this.faults = options.faults ?? new VaultFaults();
    this.#clock = options.clock ?? options.state.clock;
    this.#latencyMilliseconds = options.latencyMilliseconds;
    this.#timeLimitMilliseconds = options.timeLimitMilliseconds ?? 10_000;
  }

  async list(): Promise<VaultListing> {
    const startedAt = this.#clock.nowMilliseconds();
    const secrets: ListedSecret[] = [];
    let pages = 0;
    let emptyPages = 0;
    for (let page: Page<SecretVersion> = { items: [], next: firstPage }; page.next !== undefined; ) {
      const cursor = page.next;
      page = await this.#request('list', undefined, () => this.state.list(cursor));
      for (const secret of page.items) secrets.push(listed(secret));
      pages += 1;
      if (page.items.length === 0) emptyPages += 1;
    }
    return { secrets, pages, emptyPages, durationMilliseconds: this.#clock.nowMilliseconds() - startedAt };
  }

  async get(name: string, version?: string): Promise<StoredSecret | undefined> {
    const answer = () =>
      this.state.find(name, version) === undefined ? undefined : this.state.get(name, version);
    try {
      const found = await this.#request('get', name, answer);
      return found === undefined ? undefined : stored(found);
    } catch (error) {
      if (error instanceof VaultError && isNotFound(error.cause)) return undefined;
      throw error;
    }
  }

  async set(name: string, write: SecretWrite): Promise<string> {
    const made = await this.#request('set', name, () => this.state.set(name, write));
    return made.version;
  }

  async update(name: string, version: string, patch: SecretPatch): Promise<void> {
    await this.#request('update', name, () => this.state.update(name, version, patch));
  }

  async #request<T>(operation: VaultOperation, name: string | undefined, answer: () => T): Promise<T> {
    const latency = this.#latencyMilliseconds?.() ?? 0;
    if (latency > 0) await this.#clock.sleep(latency);
    const request = name === undefined ? { operation } : { operation, name };
    const commit = () => {
      this.state.admit(operation);
      return answer();
    };
    try {
      return await this.faults.enact(request, commit, this.#sleep);
    } catch (error) {
      if (error instanceof ConnectionFault && error.kind === 'hang') {
        await this.#clock.sleep(this.#timeLimitMilliseconds);
      }
      throw this.#vaultError(error, operation, name);
    }
  }

  /** What the SDK's errors become in the Key Vault adapter; anything else is a bug and passes. */
  #vaultError(error: unknown, operation: VaultOperation, name: string | undefined): unknown {
    const where = { vaultUrl: this.url, operation, ...(name === undefined ? {} : { secretName: name }) };
    const isWrite = operation === 'set' || operation === 'update';
    if (error instanceof ConnectionFault) {
      const detail = error.kind;
      return new VaultError({
        ...where,
        code: 'unreachable',
        writeMayHaveHappened: isWrite,
        detail,
        cause: error,
      });
    }
    if (!(error instanceof VaultRefusal)) return error;
    const code = vaultErrorCode(error);
    return new VaultError({
      ...where,
      code,
      writeMayHaveHappened: isWrite && code === 'unreachable',
      detail: `HTTP ${error.status} ${error.innerCode ?? error.code}`,
      ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
      cause: error,
    });
  }
}

function vaultErrorCode({ status, innerCode }: VaultRefusal): VaultErrorCode {
  if (status === 401) return 'unauthenticated';
  if (status === 403) return innerCode === 'SecretDisabled' ? 'disabled' : 'forbidden';
  if (status === 409) return 'deleted';
  if (status === 429) return 'throttled';
  return status === 408 || status >= 500 ? 'unreachable' : 'rejected';
}

function isNotFound(cause: unknown): boolean {
  return cause instanceof VaultRefusal && cause.status === 404;
}

function listed(secret: SecretVersion): ListedSecret {
  const { name, tags, enabled, createdAt, updatedAt, contentType, expiresAt } = secret;
  return {
    name,
    tags,
    enabled,
    createdAt,
    updatedAt,
    ...(contentType === undefined ? {} : { contentType }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

function stored(secret: SecretVersion): StoredSecret {
  return { ...listed(secret), version: secret.version, value: secret.value };
}
