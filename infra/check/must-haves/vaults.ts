import type { Resource } from '../arm/expand.ts';
import { at, isList } from '../arm/value.ts';
import {
  absentOr,
  demand,
  everyOne,
  extensions,
  is,
  isGiven,
  learn,
  type MustHave,
  projectRule,
  type TemplateFinding,
  type View,
  vaultsOf,
} from './must-have.ts';

const vault = 'Microsoft.KeyVault/vaults';

/** Findings at the vault that an app setting names. */
function atVault(
  role: 'credentials' | 'tokens',
  check: (found: Resource) => TemplateFinding[],
): (view: View) => TemplateFinding[] {
  return (view) => {
    const found = vaultsOf(view)[role];
    return found === undefined ? [] : check(found);
  };
}

/** Both roles of a vault are taken by vaults of this deployment, and not by the same one. */
function twoVaults(view: View): TemplateFinding[] {
  const { credentials, tokens } = vaultsOf(view);
  const missing = (setting: string): TemplateFinding => ({
    at: ['resources'],
    message: `the setting ${setting} is not the address of a vault of this deployment`,
  });
  if (credentials === undefined) return [missing('CREDENTIALS_VAULT_URL')];
  if (tokens === undefined) return [missing('TOKENS_VAULT_URL')];
  return credentials === tokens
    ? [{ at: tokens.pointer, message: 'both vault settings name the same vault' }]
    : [];
}

/** Findings at each vault that has no extension of the type which passes. */
function eachVaultHas(
  type: string,
  what: string,
  passes: (extension: Resource) => boolean,
): (view: View) => TemplateFinding[] {
  return (view) =>
    Object.values(vaultsOf(view))
      .filter((each): each is Resource => each !== undefined)
      .filter((each) => !extensions(view, type, each).some(passes))
      .map((each) => ({ at: each.pointer, message: `the vault "${each.name}" has no ${what}` }));
}

function isAuditLog({ body }: Resource): boolean {
  const logs = at(body, 'properties', 'logs');
  const kinds = ['audit', 'allLogs', 'AuditEvent'];
  const logged = (isList(logs) ? logs : []).some(
    (log) =>
      at(log, 'enabled') === true &&
      kinds.some((kind) => at(log, 'categoryGroup') === kind || at(log, 'category') === kind),
  );
  return logged && isGiven.holds(at(body, 'properties', 'workspaceId'));
}

export const vaultMustHaves: readonly MustHave[] = [
  {
    rule: 'two-vaults',
    must: 'Credentials and access tokens lie in two vaults.',
    because: 'readers of access tokens must never reach a refresh token',
    source: projectRule,
    each: twoVaults,
  },
  {
    rule: 'vault-rbac',
    must: 'Both vaults are role-based.',
    because: 'access policies know no single actions and let a Contributor give themselves access',
    source: learn('key-vault/general/rbac-access-policy'),
    each: everyOne(vault, 'properties.enableRbacAuthorization', is(true)),
  },
  {
    rule: 'vault-purge-protection',
    must: 'The credentials vault is protected from purging.',
    because: 'a purged refresh token is gone, and its user must consent again',
    source: learn('key-vault/general/soft-delete-overview'),
    each: atVault('credentials', (found) => demand(found, ['properties', 'enablePurgeProtection'], is(true))),
  },
  {
    rule: 'vault-purge-protection-false',
    must: 'No vault has purge protection set to false.',
    because: 'Key Vault refuses false: leave it out instead',
    source: learn('templates/microsoft.keyvault/vaults'),
    each: everyOne(vault, 'properties.enablePurgeProtection', absentOr(is(true))),
  },
  {
    rule: 'vault-soft-delete-credentials',
    must: 'What is deleted in the credentials vault can be recovered for 90 days.',
    because: 'a refresh token lives for 90 days',
    source: 'https://learn.microsoft.com/entra/identity-platform/refresh-tokens',
    each: atVault('credentials', (found) =>
      demand(found, ['properties', 'softDeleteRetentionInDays'], is(90)),
    ),
  },
  {
    rule: 'vault-soft-delete-tokens',
    must: 'What is deleted in the tokens vault can be recovered for 7 days.',
    because: 'an access token lives for 90 minutes, and the name of a vault is blocked for as long',
    source: 'https://learn.microsoft.com/entra/identity-platform/access-tokens',
    each: atVault('tokens', (found) => demand(found, ['properties', 'softDeleteRetentionInDays'], is(7))),
  },
  {
    rule: 'vault-soft-delete-on',
    must: 'Soft delete is on.',
    because: 'without it a deleted secret is gone at once',
    source: learn('key-vault/general/soft-delete-overview'),
    each: everyOne(vault, 'properties.enableSoftDelete', absentOr(is(true))),
  },
  ...['enabledForDeployment', 'enabledForTemplateDeployment', 'enabledForDiskEncryption'].map((member) => ({
    rule: `vault-${member}`,
    must: `No vault has ${member}.`,
    because: 'it lets other services of Azure read secrets past the roles',
    source: learn('templates/microsoft.keyvault/vaults'),
    each: everyOne(vault, `properties.${member}`, absentOr(is(false))),
  })),
  {
    rule: 'vault-audit',
    must: 'Both vaults send their audit log to the workspace.',
    because: 'it is the only record of who read or wrote a token',
    source: learn('key-vault/general/logging'),
    each: eachVaultHas('Microsoft.Insights/diagnosticSettings', 'audit log in a workspace', isAuditLog),
  },
  {
    rule: 'vault-lock',
    must: 'By default both vaults have a lock against deletion.',
    because: 'deleting the credentials vault by accident costs every consent',
    source: learn('azure-resource-manager/management/lock-resources'),
    byDefault: eachVaultHas(
      'Microsoft.Authorization/locks',
      'lock CanNotDelete',
      ({ body }) => at(body, 'properties', 'level') === 'CanNotDelete',
    ),
  },
];
