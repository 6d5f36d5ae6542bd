import type { Reason } from '../reason.ts';
import type { VaultError, VaultOperation } from './secret-vault.ts';

const dataActions: Record<VaultOperation, string> = {
  list: 'Microsoft.KeyVault/vaults/secrets/readMetadata/action',
  list_versions: 'Microsoft.KeyVault/vaults/secrets/readMetadata/action',
  get: 'Microsoft.KeyVault/vaults/secrets/getSecret/action',
  set: 'Microsoft.KeyVault/vaults/secrets/setSecret/action',
  update: 'Microsoft.KeyVault/vaults/secrets/update/action',
  delete: 'Microsoft.KeyVault/vaults/secrets/delete',
};

/** Who asked the vault: the function app's identity, or an operator at the command line. */
type Caller = 'app' | 'operator';

/** A vault's failure in words. */
export function vaultReason(error: VaultError, caller: Caller = 'app'): Reason {
  return { code: `vault_${error.code}`, cause: error.message, remedy: vaultRemedy(error, caller) };
}

/** What an operator does about a vault failure; names the right, the vault or the secret. */
export function vaultRemedy(error: VaultError, caller: Caller = 'app'): string {
  const { vaultUrl, secretName = '' } = error;
  switch (error.code) {
    case 'forbidden':
      return forbiddenRemedy(error, caller);
    case 'unauthenticated':
    case 'token_refused':
      return identityRemedy(error, caller);
    case 'unreachable':
    case 'intercepted':
      return routeRemedy(error, caller);
    case 'read_only':
      return `Wait for Azure: after a failover ${vaultUrl} is served by its paired region, which takes no changes. Azure Service Health tells when that ends; access tokens that are published stay usable until they expire.`;
    case 'incomplete_listing':
      return `The secrets of ${vaultUrl} could not be listed to the end. Pages that lead back or elsewhere come from something that answers in the vault's place: look at proxy, DNS and private endpoint. A listing that takes too long: remove old accounts and purge the deleted secrets of accounts that are gone, or spread the accounts over more vaults.`;
    case 'throttled':
      return `Something else uses up the request limit of ${vaultUrl}: lower VAULT_WRITES_PER_SECOND or give the other user a vault of its own.`;
    case 'deleted':
      return `Recover the soft-deleted secret "${secretName}" in ${vaultUrl} (az keyvault secret recover).`;
    case 'conflict':
      return `Wait some seconds: "${secretName}" in ${vaultUrl} is just being deleted or recovered. If it stays so, look for it among the vault's deleted secrets and recover it.`;
    case 'disabled':
      return `Enable the newest version of "${secretName}" in ${vaultUrl}, or store a new one.`;
    case 'rejected':
      return rejectedRemedy(error);
    default:
      return error.code satisfies never;
  }
}

function rightRemedy({ operation, vaultUrl }: VaultError, caller: Caller): string {
  return caller === 'operator'
    ? `Your own sign-in lacks the right ${dataActions[operation]} on ${vaultUrl} (the role Key Vault Secrets Officer has it)`
    : `Give the app's identity the right ${dataActions[operation]} on ${vaultUrl}`;
}

function forbiddenRemedy(error: VaultError, caller: Caller): string {
  const { vaultUrl } = error;
  const here = caller === 'operator' ? 'this machine' : 'the app';
  switch (error.vaultCode) {
    case 'ForbiddenByFirewall':
      return `The firewall of ${vaultUrl} keeps ${here} out: allow its outgoing address or its subnet there.`;
    case 'ForbiddenByConnection':
      return `${vaultUrl} takes requests through an approved private endpoint only: check that ${here} has one, that it is approved, and that the vault's name resolves to its private address there.`;
    case 'ForbiddenByRbac':
    case 'AccessDenied':
      return `${rightRemedy(error, caller)}; a new assignment counts after some minutes.`;
    default:
      return `${rightRemedy(error, caller)}; if it has it, look at the vault's firewall${policyRemedy(error)}.`;
  }
}

/** Azure Policy refuses with 403, too, and nobody recorded with which inner code (packer-plugin-azure #235). */
function policyRemedy({ operation }: VaultError): string {
  if (operation !== 'set' && operation !== 'update') return '';
  return ' and for an Azure Policy that refuses secrets without an expiry or with a later one than it allows (the days of SECRET_EXPIRY_DAYS must not be more than those of its maximum validity)';
}

function identityRemedy({ code, vaultUrl, vaultCode }: VaultError, caller: Caller): string {
  if (code === 'token_refused') {
    const other =
      vaultCode === 'AKV10032' ? '' : ' If they are of one tenant, look up the code in the cause (AKV…).';
    return caller === 'operator'
      ? `Your sign-in is of another tenant than ${vaultUrl}: run az login --tenant with the tenant of the vault.${other}`
      : `The app's identity is of another tenant than ${vaultUrl}: deploy both in one tenant.${other}`;
  }
  return caller === 'operator'
    ? `Nobody is signed in who gets a token for ${vaultUrl}: run az login, for the tenant of the vault.`
    : `The app's identity got no token for ${vaultUrl}: check that the managed identity is assigned to the app and AZURE_CLIENT_ID, if set, names it; if so, restart the app.`;
}

function routeRemedy({ code, vaultUrl }: VaultError, caller: Caller): string {
  const here = caller === 'operator' ? 'this machine' : 'the app';
  if (code === 'intercepted')
    return `What answered in place of ${vaultUrl} is no Key Vault: look at the proxy (HTTPS_PROXY, NO_PROXY) and the firewall on the way from ${here}, at what DNS and private link make of the name there, and at the name itself.`;
  const name = caller === 'operator' ? 'the name' : 'the setting';
  return `Check that ${vaultUrl} exists and can be reached from ${here}: ${name}, DNS, private endpoint, firewall, proxy.`;
}

function rejectedRemedy({ operation, status, vaultCode, vaultUrl, secretName = '' }: VaultError): string {
  // Without a status nothing was sent: it was this side that found the value or the name unfit.
  if (operation === 'set' && (status === undefined || status === 400 || status === 413))
    return `Key Vault cannot hold this value in "${secretName}": see the cause.`;
  if (vaultCode === 'SecretNotFound')
    return `Look whether somebody removed "${secretName}" from ${vaultUrl}, and store it again if so.`;
  return `${vaultUrl} refused a request that a Key Vault answers: check that it is the address of one (https://<name>.vault.azure.net) and see the cause.`;
}
