import type { TokenCredential } from '@azure/identity';
import { type KeyVaultSecret, SecretClient, type SecretProperties } from '@azure/keyvault-secrets';
import { latestExpiry, maximumValueBytes } from '../accounts/secret.ts';
import { Sensitive } from '../sensitive.ts';
import {
  type ListedSecret,
  type SecretPatch,
  type SecretVault,
  type SecretWrite,
  type StoredSecret,
  VaultError,
  type VaultListing,
  type VaultOperation,
} from './secret-vault.ts';
import { toVaultError } from './vault-errors.ts';
import { throttleRetryPolicy, writeOncePolicy } from './write-policies.ts';

export interface KeyVaultOptions {
  readonly vaultUrl: string;
  readonly credential: TokenCredential;
  /** Accept http on a loopback address, as the local environment needs it; default false. */
  readonly allowLoopbackHttp?: boolean;
  /** Limit of one read, write or page, its repeats included; default 10,000. */
  readonly callLimitMilliseconds?: number;
  /** First pause after a 429 without Retry-After; default 1,000. */
  readonly throttlePauseMilliseconds?: number;
}

const secretNamePattern = /^[0-9a-zA-Z-]{1,127}$/;
/** Pinned: the SDK's default moves with its version, and emulators and sovereign clouds lag behind. */
const serviceVersion = '7.6';

function createClient(options: KeyVaultOptions): SecretClient {
  const { vaultUrl, credential, allowLoopbackHttp = false } = options;
  return new SecretClient(vaultUrl, credential, {
    serviceVersion,
    // Both are needed for plain http; configuration allows it for loopback literals only.
    ...(allowLoopbackHttp
      ? { allowInsecureConnection: true, disableChallengeResourceVerification: true }
      : {}),
    retryOptions: { maxRetries: 4, retryDelayInMs: 500, maxRetryDelayInMs: 4000 },
    additionalPolicies: [
      { position: 'perRetry', policy: throttleRetryPolicy(options.throttlePauseMilliseconds) },
      { position: 'perRetry', policy: writeOncePolicy() },
    ],
  });
}

const epochSeconds = (date: Date | undefined): number => Math.floor((date?.getTime() ?? 0) / 1000);

function toListed(properties: SecretProperties): ListedSecret {
  const { name, enabled, createdOn, updatedOn, expiresOn, contentType, tags } = properties;
  return {
    name,
    enabled: enabled ?? true,
    createdAt: epochSeconds(createdOn),
    updatedAt: epochSeconds(updatedOn),
    tags: tags ?? {},
    ...(contentType === undefined ? {} : { contentType }),
    ...(expiresOn === undefined ? {} : { expiresAt: epochSeconds(expiresOn) }),
  };
}

function toStored(secret: KeyVaultSecret): StoredSecret {
  const { properties, value } = secret;
  return { ...toListed(properties), version: properties.version ?? '', value: new Sensitive(value ?? '') };
}

/**
 * One Key Vault through the official SDK: one client per vault and process, its first call awaited alone (the
 * SDK loses the body of parallel first writes), every call under a time limit, writes never repeated inside.
 */
export class KeyVault implements SecretVault {
  readonly url: string;
  readonly #client: SecretClient;
  readonly #callLimitMilliseconds: number;
  #warm: Promise<void> | undefined;

  constructor(options: KeyVaultOptions) {
    this.url = options.vaultUrl;
    this.#client = createClient(options);
    this.#callLimitMilliseconds = options.callLimitMilliseconds ?? 10_000;
  }

  async list(): Promise<VaultListing> {
    await this.#warmUp();
    const startedAt = performance.now();
    const secrets: ListedSecret[] = [];
    let pages = 0;
    let emptyPages = 0;
    await this.#call('list', undefined, async () => {
      const iterator = this.#client.listPropertiesOfSecrets().byPage();
      for (;;) {
        // The SDK hands a signal to the first page only; the limit is kept here for each.
        const page = await this.#limited(iterator.next());
        if (page.done === true) return;
        pages += 1;
        if (page.value.length === 0) emptyPages += 1;
        for (const properties of page.value) secrets.push(toListed(properties));
      }
    });
    return { secrets, pages, emptyPages, durationMilliseconds: performance.now() - startedAt };
  }

  async get(name: string, version?: string): Promise<StoredSecret | undefined> {
    this.#checkName('get', name);
    await this.#warmUp();
    try {
      const options = { abortSignal: this.#limit(), ...(version === undefined ? {} : { version }) };
      return toStored(await this.#client.getSecret(name, options));
    } catch (error) {
      if ((error as { statusCode?: unknown }).statusCode === 404) return undefined;
      throw toVaultError({ vaultUrl: this.url, operation: 'get', secretName: name }, error);
    }
  }

  async set(name: string, write: SecretWrite): Promise<string> {
    this.#checkWrite(name, write);
    await this.#warmUp();
    return this.#call('set', name, async () => {
      const { value, contentType, tags, expiresAt } = write;
      const { properties } = await this.#client.setSecret(name, value.reveal(), {
        contentType,
        tags: { ...tags },
        enabled: true,
        abortSignal: this.#limit(),
        ...(expiresAt === undefined ? {} : { expiresOn: new Date(expiresAt * 1000) }),
      });
      return properties.version ?? '';
    });
  }

  async update(name: string, version: string, patch: SecretPatch): Promise<void> {
    this.#checkName('update', name);
    await this.#warmUp();
    await this.#call('update', name, async () => {
      const { tags, enabled } = patch;
      await this.#client.updateSecretProperties(name, version, {
        abortSignal: this.#limit(),
        ...(tags === undefined ? {} : { tags: { ...tags } }),
        ...(enabled === undefined ? {} : { enabled }),
      });
    });
  }

  /** One awaited call before anything runs in parallel; a failed one is tried again by the next caller. */
  #warmUp(): Promise<void> {
    this.#warm ??= this.#call('list', undefined, async () => {
      await this.#limited(this.#client.listPropertiesOfSecrets().byPage({ maxPageSize: 1 }).next());
    }).catch((error: unknown) => {
      this.#warm = undefined;
      throw error;
    });
    return this.#warm;
  }

  async #call<T>(operation: VaultOperation, name: string | undefined, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      const target = { vaultUrl: this.url, operation, ...(name === undefined ? {} : { secretName: name }) };
      throw toVaultError(target, error);
    }
  }

  #limit(): AbortSignal {
    return AbortSignal.timeout(this.#callLimitMilliseconds);
  }

  /** For calls that do not obey a signal: the caller stops waiting. */
  async #limited<T>(promise: Promise<T>): Promise<T> {
    const signal = this.#limit();
    return Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      }),
    ]);
  }

  #checkName(operation: VaultOperation, name: string): void {
    if (secretNamePattern.test(name)) return;
    // The SDK would encode a slash into the path and ask for another secret.
    const detail = 'a secret name is 1 to 127 of 0-9 a-z A-Z -';
    throw new VaultError({ code: 'rejected', vaultUrl: this.url, operation, secretName: name, detail });
  }

  #checkWrite(name: string, write: SecretWrite): void {
    this.#checkName('set', name);
    const detail = writeFault(write);
    if (detail === undefined) return;
    throw new VaultError({
      code: 'rejected',
      vaultUrl: this.url,
      operation: 'set',
      secretName: name,
      detail,
    });
  }
}

/** Why Key Vault could not hold this version, or undefined. */
export function writeFault({ value, expiresAt }: SecretWrite): string | undefined {
  const size = value.byteLength;
  if (size > maximumValueBytes)
    return `${size} bytes, Key Vault holds at most ${maximumValueBytes} in one secret`;
  if (size === 0) return 'an empty value';
  if (expiresAt !== undefined && expiresAt > latestExpiry) return 'an expiry after 2038-01-19T03:14:07Z';
  return undefined;
}
