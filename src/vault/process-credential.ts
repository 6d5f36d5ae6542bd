import {
  AzureCliCredential,
  AzureDeveloperCliCredential,
  AzurePowerShellCredential,
  ChainedTokenCredential,
  EnvironmentCredential,
  ManagedIdentityCredential,
  type TokenCredential,
} from '@azure/identity';
import { omitUndefined } from '../omit-undefined.ts';
import { UndiciHttpClient } from './http-client.ts';

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

/**
 * The app's managed identity in Azure; elsewhere an operator's sign-in, the first that there is of: a service principal
 * in the environment, Azure CLI, Azure Developer CLI, Azure PowerShell. Not `DefaultAzureCredential`: it lets
 * `AZURE_CLIENT_SECRET` or `AZURE_TOKEN_CREDENTIALS` among the app settings decide who the app is, and does not tell
 * whom it took (Learn, Credential chains in the Azure Identity library for JavaScript).
 */
export function createProcessCredential(options: ProcessCredentialOptions): ProcessCredential {
  const { inAzure, managedIdentityClientId: clientId } = options;
  const httpClient = new UndiciHttpClient();
  let used: string | undefined;
  const told = (words: string, credential: TokenCredential): TokenCredential => ({
    async getToken(scopes, request) {
      const token = await credential.getToken(scopes, request);
      used = words;
      return token;
    },
  });
  const chosen = inAzure
    ? told('managed identity', new ManagedIdentityCredential({ httpClient, ...omitUndefined({ clientId }) }))
    : new ChainedTokenCredential(
        told(
          'service principal of the environment (AZURE_CLIENT_ID)',
          new EnvironmentCredential({ httpClient }),
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
