import {
  type AccessToken,
  AzureCliCredential,
  AzureDeveloperCliCredential,
  AzurePowerShellCredential,
  ChainedTokenCredential,
  EnvironmentCredential,
  ManagedIdentityCredential,
  type TokenCredential,
} from '@azure/identity';
import { omitUndefined } from '../omit-undefined.ts';
import { Sensitive } from '../sensitive.ts';
import type { Clock } from '../time.ts';
import { UndiciHttpClient } from './http-client.ts';
import { type SecretVault, VaultError } from './secret-vault.ts';
import { codeWord, GivenUpError } from './vault-errors.ts';

/** As whom this process asks vaults and Azure Monitor. */
interface ProcessCredential extends TokenCredential {
  /** In words, whose sign-in gave the last token; undefined before the first. */
  readonly used: string | undefined;
}

interface ProcessCredentialOptions {
  /** Whether the process is the function app; it is its managed identity then and nobody else, whatever is set beside. */
  readonly inAzure: boolean;
  /** Of a user-assigned managed identity; default: the system-assigned one. */
  readonly managedIdentityClientId?: string;
}

const managedIdentity = (clientId: string | undefined): ManagedIdentityCredential =>
  new ManagedIdentityCredential({ httpClient: new UndiciHttpClient(), ...omitUndefined({ clientId }) });

/**
 * The app's managed identity in Azure; elsewhere an operator's sign-in, the first that there is of: a service principal
 * in the environment, Azure CLI, Azure Developer CLI, Azure PowerShell. Not `DefaultAzureCredential`: it lets
 * `AZURE_CLIENT_SECRET` or `AZURE_TOKEN_CREDENTIALS` among the app settings decide who the app is, and does not tell
 * whom it took (Learn, Credential chains in the Azure Identity library for JavaScript).
 */
export function createProcessCredential(options: ProcessCredentialOptions): ProcessCredential {
  const { inAzure, managedIdentityClientId: clientId } = options;
  let used: string | undefined;
  const told = (words: string, credential: TokenCredential): TokenCredential => ({
    async getToken(scopes, request) {
      const token = await credential.getToken(scopes, request);
      used = words;
      return token;
    },
  });
  const chosen = inAzure
    ? told('managed identity', managedIdentity(clientId))
    : new ChainedTokenCredential(
        told(
          'service principal of the environment (AZURE_CLIENT_ID)',
          new EnvironmentCredential({ httpClient: new UndiciHttpClient() }),
        ),
        told('Azure CLI (az login)', new AzureCliCredential()),
        told('Azure Developer CLI (azd auth login)', new AzureDeveloperCliCredential()),
        told('Azure PowerShell (Connect-AzAccount)', new AzurePowerShellCredential()),
      );
  return {
    getToken: (scopes, request) => chosen.getToken(scopes, request),
    get used() {
      return used;
    },
  };
}

/** A credential that never gives nothing. */
interface LimitedCredential extends TokenCredential {
  getToken(...request: Parameters<TokenCredential['getToken']>): Promise<AccessToken>;
}

/**
 * A credential that gives a token within the limit or throws {@link GivenUpError}. The managed identity's own
 * repeats take about 5 s, and neither they nor a hanging endpoint obey an abort signal.
 */
export function limitedCredential(credential: TokenCredential, limitMilliseconds: number): LimitedCredential {
  return {
    async getToken(scopes, options) {
      const token = await withinLimit(credential.getToken(scopes, options), limitMilliseconds);
      if (token === null) throw new GivenUpError('unauthenticated', 'no token');
      return token;
    },
  };
}

async function withinLimit<T>(promise: Promise<T>, limitMilliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new GivenUpError('unauthenticated', 'no token in time')),
      limitMilliseconds,
    );
  });
  try {
    return await Promise.race([promise, limit]);
  } catch (error) {
    throw error instanceof GivenUpError ? error : new GivenUpError('unauthenticated', nameOf(error));
  } finally {
    clearTimeout(timer);
  }
}

const nameOf = (error: unknown): string => codeWord(error instanceof Error && error.name) ?? 'no token';

/** Longer than the identity endpoint takes with the SDK's own repeats. */
const identityLimitMilliseconds = 10_000;

/**
 * Tokens of the app's managed identity and of no other: a developer's own login cannot stand for the client. The SDK
 * keeps them until shortly before their end.
 *
 * @param clientId of a user-assigned identity; default: the system-assigned one
 */
export function createIdentityToken(clientId?: string): (audience: string) => Promise<Sensitive> {
  const limited = limitedCredential(managedIdentity(clientId), identityLimitMilliseconds);
  return async (audience) => {
    const { token } = await limited.getToken(`${audience}/.default`);
    return new Sensitive(token);
  };
}

/**
 * How long a request waits for the app's identity in all, in seconds, but for its last try. The endpoint of a process
 * that has just started was seen to refuse, hang or fail for up to 20 s (azure-functions-host #10189).
 */
const patienceSeconds = 40;
const longestPauseSeconds = 8;

/** Without a token nothing was asked of anybody, so asking again repeats nothing. */
function isTokenMissing(error: unknown): boolean {
  if (error instanceof GivenUpError) return error.vaultErrorCode === 'unauthenticated';
  return error instanceof VaultError && error.code === 'unauthenticated';
}

/** The patience of one request with the app's identity: what it does not get a token for is done again, 1, 2, 4, 8 s apart. */
export class IdentityPatience {
  readonly #clock: Clock;
  readonly #untilMilliseconds: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#untilMilliseconds = clock.nowMilliseconds() + patienceSeconds * 1000;
  }

  /** @throws whatever the last try threw */
  async wait<T>(action: () => Promise<T>): Promise<T> {
    for (let pauseSeconds = 1; ; pauseSeconds = Math.min(pauseSeconds * 2, longestPauseSeconds)) {
      try {
        return await action();
      } catch (error) {
        const resumesAt = this.#clock.nowMilliseconds() + pauseSeconds * 1000;
        if (!isTokenMissing(error) || resumesAt > this.#untilMilliseconds) throw error;
        await this.#clock.sleep(pauseSeconds * 1000);
      }
    }
  }
}

/** The same vault, asked with patience. @param patience of one call; give the same one for all calls of a request */
export function patientVault(vault: SecretVault, patience: () => IdentityPatience): SecretVault {
  return {
    url: vault.url,
    list: (limit) => patience().wait(() => vault.list(limit)),
    get: (name, version) => patience().wait(() => vault.get(name, version)),
    versions: (name) => patience().wait(() => vault.versions(name)),
    set: (name, write) => patience().wait(() => vault.set(name, write)),
    update: (name, version, patch) => patience().wait(() => vault.update(name, version, patch)),
  };
}
