import type { VaultError, VaultOperation } from '../vault/secret-vault.ts';

const dataActions: Record<VaultOperation, string> = {
  list: 'Microsoft.KeyVault/vaults/secrets/readMetadata/action',
  list_versions: 'Microsoft.KeyVault/vaults/secrets/readMetadata/action',
  get: 'Microsoft.KeyVault/vaults/secrets/getSecret/action',
  set: 'Microsoft.KeyVault/vaults/secrets/setSecret/action',
  update: 'Microsoft.KeyVault/vaults/secrets/update/action',
  delete: 'Microsoft.KeyVault/vaults/secrets/delete',
};

/** Who asked the vault: the function app's identity, or an operator at the command line. */
export type Caller = 'app' | 'operator';

/** What an operator does about a vault failure; names the right, the vault or the secret. */
export function vaultRemedy(error: VaultError, caller: Caller = 'app'): string {
  switch (error.code) {
    case 'forbidden':
      if (caller === 'operator')
        return `Your own sign-in lacks the right ${dataActions[error.operation]} on ${error.vaultUrl} (the role Key Vault Secrets Officer has it); if it has it, look at the vault's firewall and whether the vault is read-only after a regional failover.`;
      return `Give the app's identity the right ${dataActions[error.operation]} on ${error.vaultUrl}; if it has it, look at the vault's firewall and whether the vault is read-only after a regional failover.`;
    case 'unauthenticated':
      if (caller === 'operator')
        return `Nobody is signed in who gets a token for ${error.vaultUrl}: run az login, for the tenant of the vault.`;
      return `The app's identity got no token for ${error.vaultUrl}: check that the managed identity is assigned to the app and AZURE_CLIENT_ID names it.`;
    case 'unreachable':
      if (caller === 'operator')
        return `Check that ${error.vaultUrl} exists and can be reached from this machine: the name, DNS, private endpoint, firewall.`;
      return `Check that ${error.vaultUrl} exists and can be reached from the app: the setting, DNS, private endpoint, firewall.`;
    case 'throttled':
      return `Something else uses up the request limit of ${error.vaultUrl}: lower VAULT_WRITES_PER_SECOND or give the other user a vault of its own.`;
    case 'deleted':
      return `Recover or purge the soft-deleted secret "${error.secretName ?? ''}" in ${error.vaultUrl}.`;
    case 'disabled':
      return `Enable the newest version of "${error.secretName ?? ''}" in ${error.vaultUrl}, or store a new one.`;
    case 'rejected':
      return `Key Vault cannot hold this value in "${error.secretName ?? ''}": see the cause.`;
    default:
      return error.code satisfies never;
  }
}
