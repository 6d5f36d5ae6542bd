import {
  type ListedSecret,
  type ListedVersion,
  type SecretWrite,
  type StoredSecret,
  secretNameFault,
  writeFault,
} from '../../src/accounts/secret.ts';
import type { Clock } from '../../src/time.ts';
import { outOfTime } from '../../src/vault/pipeline-policies.ts';
import {
  type SecretPatch,
  type SecretVault,
  VaultError,
  type VaultListing,
  type VaultOperation,
} from '../../src/vault/secret-vault.ts';
import {
  GivenUpError,
  isReadOnlyRefusal,
  refused,
  toVaultError,
  unanswered,
} from '../../src/vault/vault-errors.ts';
import { firstPage, type Page, type PageCursor } from './paging.ts';
import type { SecretVersion } from './secret-history.ts';
import { ConnectionFault, VaultFaults } from './vault-faults.ts';
import { KeyVaultRefusal } from './vault-refusal.ts';
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
  /** Gets the token for a request, or throws a {@link GivenUpError}. Default: there always is one. */
  readonly signIn?: () => Promise<void>;
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
  readonly #signIn: (() => Promise<void>) | undefined;
  readonly #sleep = (milliseconds: number): Promise<void> => this.#clock.sleep(milliseconds);

  constructor(options: InMemoryVaultOptions) {
    this.url = options.url ?? 'https://in-memory.vault.azure.net';
    this.state = options.state;
    this.faults = options.faults ?? new VaultFaults();
    this.#clock = options.clock ?? options.state.clock;
    this.#latencyMilliseconds = options.latencyMilliseconds;
    this.#signIn = options.signIn;
    this.#timeLimitMilliseconds = options.timeLimitMilliseconds ?? 10_000;
  }

  async list(limitMilliseconds = Number.POSITIVE_INFINITY): Promise<VaultListing> {
    const startedAt = this.#clock.nowMilliseconds();
    const isLate = (): boolean => this.#clock.nowMilliseconds() - startedAt > limitMilliseconds;
    const pages = await this.#pages((cursor) => {
      if (isLate()) throw this.#vaultError('list', undefined, outOfTime(limitMilliseconds));
      return this.#request('list', undefined, () => this.state.list(cursor));
    });
    return {
      secrets: pages.flatMap((page) => page.map(listed)),
      pages: pages.length,
      emptyPages: pages.filter((page) => page.length === 0).length,
      durationMilliseconds: this.#clock.nowMilliseconds() - startedAt,
    };
  }

  async versions(name: string): Promise<readonly ListedVersion[]> {
    this.#refuse('list_versions', name, secretNameFault(name));
    const pages = await this.#pages((cursor) =>
      this.#request('list_versions', name, () => this.state.listVersions(name, cursor)),
    );
    return pages.flatMap((page) => page.map((secret) => ({ ...listed(secret), version: secret.version })));
  }

  async #pages(
    read: (cursor: PageCursor) => Promise<Page<SecretVersion>>,
  ): Promise<(readonly SecretVersion[])[]> {
    const pages: (readonly SecretVersion[])[] = [];
    for (let next: PageCursor | undefined = firstPage; next !== undefined; ) {
      const cursor: PageCursor = next;
      const page: Page<SecretVersion> = await read(cursor);
      pages.push(page.items);
      next = page.next;
    }
    return pages;
  }

  async get(name: string, version?: string): Promise<StoredSecret | undefined> {
    this.#refuse('get', name, secretNameFault(name));
    try {
      return stored(await this.#attempt('get', name, () => this.state.get(name, version)));
    } catch (error) {
      if (error instanceof KeyVaultRefusal && error.status === 404) return undefined;
      throw this.#vaultError('get', name, error);
    }
  }

  async set(name: string, write: SecretWrite): Promise<string> {
    this.#refuse('set', name, secretNameFault(name) ?? writeFault(write));
    const made = await this.#request('set', name, () => this.state.set(name, write));
    return made.version;
  }

  async update(name: string, version: string, patch: SecretPatch): Promise<void> {
    this.#refuse('update', name, secretNameFault(name));
    await this.#request('update', name, () => this.state.update(name, version, patch));
  }

  async #request<T>(operation: VaultOperation, name: string | undefined, answer: () => T): Promise<T> {
    try {
      return await this.#attempt(operation, name, answer);
    } catch (error) {
      throw this.#vaultError(operation, name, error);
    }
  }

  async #attempt<T>(operation: VaultOperation, name: string | undefined, answer: () => T): Promise<T> {
    await this.#signIn?.();
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
      const hangs = error instanceof ConnectionFault && error.kind === 'hang';
      if (hangs) await this.#clock.sleep(this.#timeLimitMilliseconds);
      throw error;
    }
  }

  /** What the error becomes in the Key Vault adapter; anything else is a bug and passes. */
  #vaultError(operation: VaultOperation, name: string | undefined, error: unknown): unknown {
    const target = { vaultUrl: this.url, operation, ...(name === undefined ? {} : { secretName: name }) };
    if (error instanceof ConnectionFault) return unanswered(target, error.kind);
    if (error instanceof GivenUpError) return toVaultError(target, error);
    if (!(error instanceof KeyVaultRefusal)) return error;
    const { status, code, innerCode, retryAfterSeconds, message } = error;
    const isReadOnly = isReadOnlyRefusal(status, message);
    return refused(target, { status, vaultCode: innerCode ?? code, retryAfterSeconds, isReadOnly });
  }

  /** Refuses what the Key Vault adapter does not send. */
  #refuse(operation: VaultOperation, secretName: string, detail: string | undefined): void {
    if (detail === undefined) return;
    throw new VaultError({ code: 'rejected', vaultUrl: this.url, operation, secretName, detail });
  }
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
