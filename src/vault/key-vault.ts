import type { TokenCredential } from '@azure/identity';
import { type KeyVaultSecret, SecretClient, type SecretProperties } from '@azure/keyvault-secrets';
import {
  type ListedSecret,
  type ListedVersion,
  type SecretWrite,
  type StoredSecret,
  secretNameFault,
  writeFault,
} from '../accounts/secret.ts';
import { isLoopbackHost } from '../http/origin.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { Sensitive } from '../sensitive.ts';
import { UndiciHttpClient } from './http-client.ts';
import { limitedCredential } from './identity.ts';
import {
  callLimitPolicy,
  following,
  listingPolicy,
  PageTrail,
  refusalPolicy,
  throttleRetryPolicy,
  writeOncePolicy,
} from './pipeline-policies.ts';
import {
  type SecretPatch,
  type SecretVault,
  VaultError,
  type VaultListing,
  type VaultOperation,
} from './secret-vault.ts';
import { RefusedError, toVaultError } from './vault-errors.ts';

export interface KeyVaultOptions {
  readonly vaultUrl: string;
  readonly credential: TokenCredential;
  /** Accept a vault on a loopback address, as the local environment has it; default false. */
  readonly allowLoopback?: boolean;
  /** Limit of one read, write or page, its repeats included; default 10,000. */
  readonly callLimitMilliseconds?: number;
  /** First pause after a 429 without Retry-After; default 1,000. */
  readonly throttlePauseMilliseconds?: number;
}

/** Pinned: the SDK's default moves with its version, and emulators and sovereign clouds lag behind. */
const serviceVersion = '7.6';

/** The official SDK's client, with time limits, pauses and refusals as everything here expects them. */
function createClient(options: KeyVaultOptions): SecretClient {
  const { vaultUrl, allowLoopback = false } = options;
  const { callLimitMilliseconds = 10_000, throttlePauseMilliseconds = 1000 } = options;
  const credential = limitedCredential(options.credential, callLimitMilliseconds);
  const throttleRetry = throttleRetryPolicy({
    firstPauseMilliseconds: throttlePauseMilliseconds,
    limitMilliseconds: callLimitMilliseconds,
  });
  return new SecretClient(vaultUrl, credential, {
    serviceVersion,
    httpClient: new UndiciHttpClient(),
    // A loopback address is no part of the vault domain that the challenge names.
    disableChallengeResourceVerification: allowLoopback && isLoopbackHost(new URL(vaultUrl).hostname),
    retryOptions: { maxRetries: 4, retryDelayInMs: 500, maxRetryDelayInMs: 4000 },
    additionalPolicies: [
      { position: 'perCall', policy: listingPolicy() },
      { position: 'perCall', policy: callLimitPolicy(callLimitMilliseconds) },
      { position: 'perCall', policy: refusalPolicy() },
      { position: 'perRetry', policy: throttleRetry },
      { position: 'perRetry', policy: writeOncePolicy() },
    ],
  });
}

const epochSeconds = (date: Date | undefined): number => Math.floor((date?.getTime() ?? 0) / 1000);

/** The SDK hands a null of the answer on, against its types; here it is absent. */
function toListed(properties: SecretProperties): ListedSecret {
  const { name, enabled, createdOn, updatedOn, expiresOn, contentType, tags } = properties;
  return {
    name,
    enabled: enabled ?? true,
    createdAt: epochSeconds(createdOn),
    updatedAt: epochSeconds(updatedOn),
    tags: tags ?? {},
    ...omitUndefined({
      contentType: contentType ?? undefined,
      expiresAt: expiresOn ? epochSeconds(expiresOn) : undefined,
    }),
  };
}

/** What every answer of Key Vault holds; the SDK takes any 200 for one. */
function required(text: string | undefined): string {
  if (typeof text !== 'string') throw new TypeError('The answer is not one of Key Vault.');
  return text;
}

function toStored({ properties, value }: KeyVaultSecret): StoredSecret {
  const version = required(properties.version);
  return { ...toListed(properties), version, value: new Sensitive(required(value)) };
}

const isNotFound = (error: unknown): boolean =>
  error instanceof RefusedError && error.status === 404 && error.vaultCode === 'SecretNotFound';

/**
 * One Key Vault through the official SDK: one client per vault and process, its first call awaited alone (before
 * keyvault-common 2.1.1, parallel first writes lose their bodies or send them unauthenticated), every call under a
 * time limit, writes never repeated inside.
 */
export class KeyVault implements SecretVault {
  readonly url: string;
  readonly #client: SecretClient;
  #warm: Promise<void> | undefined;

  constructor(options: KeyVaultOptions) {
    this.url = options.vaultUrl;
    this.#client = createClient(options);
  }

  async list(limitMilliseconds = Number.POSITIVE_INFINITY): Promise<VaultListing> {
    await this.#warmUp();
    const trail = new PageTrail(limitMilliseconds);
    const secrets: ListedSecret[] = [];
    let pages = 0;
    let emptyPages = 0;
    const read = async (): Promise<void> => {
      for await (const page of this.#client.listPropertiesOfSecrets().byPage()) {
        pages += 1;
        if (page.length === 0) emptyPages += 1;
        for (const properties of page) secrets.push(toListed(properties));
      }
    };
    await this.#call('list', undefined, () => following(trail, read));
    return { secrets, pages, emptyPages, durationMilliseconds: trail.durationMilliseconds };
  }

  get(name: string, version?: string): Promise<StoredSecret | undefined> {
    return this.#ask('get', name, async () => {
      try {
        return toStored(await this.#client.getSecret(name, omitUndefined({ version })));
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    });
  }

  versions(name: string): Promise<readonly ListedVersion[]> {
    const read = async (): Promise<ListedVersion[]> => {
      const versions: ListedVersion[] = [];
      for await (const properties of this.#client.listPropertiesOfSecretVersions(name))
        versions.push({ ...toListed(properties), version: required(properties.version) });
      return versions;
    };
    return this.#ask('list_versions', name, () => following(new PageTrail(Number.POSITIVE_INFINITY), read));
  }

  set(name: string, write: SecretWrite): Promise<string> {
    const { value, contentType, tags, expiresAt } = write;
    const send = async (): Promise<string> => {
      const { properties } = await this.#client.setSecret(name, value.reveal(), {
        contentType,
        tags: { ...tags },
        enabled: true,
        ...omitUndefined({ expiresOn: expiresAt === undefined ? undefined : new Date(expiresAt * 1000) }),
      });
      return required(properties.version);
    };
    return this.#ask('set', name, send, secretNameFault(name) ?? writeFault(write));
  }

  update(name: string, version: string, { tags, enabled }: SecretPatch): Promise<void> {
    return this.#ask('update', name, async () => {
      const changes = omitUndefined({ tags: tags && { ...tags }, enabled });
      await this.#client.updateSecretProperties(name, version, changes);
    });
  }

  /** One awaited call before anything runs in parallel; a failed one is tried again by the next caller. */
  #warmUp(): Promise<void> {
    this.#warm ??= this.#call('list', undefined, async () => {
      await this.#client.listPropertiesOfSecrets().byPage({ maxPageSize: 1 }).next();
    }).catch((error: VaultError) => {
      // Any other refusal came behind the challenge, which is all that has to be over.
      if (!['unauthenticated', 'unreachable', 'intercepted'].includes(error.code)) return;
      this.#warm = undefined;
      throw error;
    });
    return this.#warm;
  }

  /** Asks about one secret; refuses what must not be sent. */
  async #ask<T>(
    operation: VaultOperation,
    secretName: string,
    action: () => Promise<T>,
    fault = secretNameFault(secretName),
  ): Promise<T> {
    if (fault !== undefined)
      throw new VaultError({ code: 'rejected', vaultUrl: this.url, operation, secretName, detail: fault });
    await this.#warmUp();
    return this.#call(operation, secretName, action);
  }

  async #call<T>(operation: VaultOperation, name: string | undefined, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      const target = { vaultUrl: this.url, operation, ...omitUndefined({ secretName: name }) };
      throw toVaultError(target, error);
    }
  }
}

/**
 * Deletes secrets of one Key Vault, for operators at the command line with rights of their own; the app has none to
 * delete, and no use for it.
 */
export class SecretDeletion {
  readonly url: string;
  readonly #client: SecretClient;

  constructor(options: KeyVaultOptions) {
    this.url = options.vaultUrl;
    this.#client = createClient(options);
  }

  /**
   * Deletes a secret with all its versions. A vault with soft-delete, which is every vault today, keeps it recoverable
   * for its retention time and takes some seconds; nobody waits for that here.
   *
   * @throws VaultError
   */
  async delete(name: string): Promise<void> {
    const target = { vaultUrl: this.url, operation: 'delete', secretName: name } as const;
    const fault = secretNameFault(name);
    if (fault !== undefined) throw new VaultError({ ...target, code: 'rejected', detail: fault });
    try {
      await this.#client.beginDeleteSecret(name);
    } catch (error) {
      throw toVaultError(target, error);
    }
  }
}
