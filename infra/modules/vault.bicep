metadata description = 'A key vault with who may use it, what it logs, and its lock.'

import { tags as Tags, tokenReader as TokenReader } from 'types.bicep'

@description('Name of the vault; unique in the world, also among deleted vaults.')
@minLength(3)
@maxLength(24)
param name string

@description('Region.')
param location string

@description('Tags.')
param tags Tags

@description('Days for which a deleted secret or vault can be recovered. Fixed when the vault is created.')
@minValue(7)
@maxValue(90)
param softDeleteRetentionDays int

@description('Nobody can purge before the retention ends. It cannot be switched off again.')
param purgeProtection bool

@description('Reachable through the private endpoint only.')
param privateOnly bool

@description('Object id of the app\'s identity.')
param appPrincipalId string

@description('Resource id of the role that the app gets.')
param appRoleId string

@description('Who may read the values of all secrets of this vault.')
param readers TokenReader[] = []

@description('Resource id of the workspace that keeps the audit log.')
param workspaceId string

@description('Refuse to delete the vault.')
param lock bool

var keyVaultSecretsUser = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  '4633458b-17de-408a-b874-0445c86b69e6'
)

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: softDeleteRetentionDays
    // Absent where it is not wanted: Key Vault refuses false.
    enablePurgeProtection: purgeProtection ? true : null
    enabledForDeployment: false
    enabledForDiskEncryption: false
    enabledForTemplateDeployment: false
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    networkAcls: { bypass: 'None', defaultAction: privateOnly ? 'Deny' : 'Allow' }
  }
}

resource appAssignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, appPrincipalId, appRoleId)
  properties: {
    roleDefinitionId: appRoleId
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource readerAssignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for reader in readers: {
    scope: vault
    name: guid(vault.id, reader.principalId, keyVaultSecretsUser)
    properties: {
      roleDefinitionId: keyVaultSecretsUser
      principalId: reader.principalId
      principalType: reader.principalType
    }
  }
]

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'audit'
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [{ categoryGroup: 'audit', enabled: true }]
  }
}

resource deletionLock 'Microsoft.Authorization/locks@2020-05-01' = if (lock) {
  scope: vault
  name: 'do-not-delete'
  properties: { level: 'CanNotDelete', notes: 'Holds tokens that only a consent of each user brings back.' }
}

@description('Resource id.')
output id string = vault.id

@description('Name.')
output name string = vault.name

@description('Address, as in https://name.vault.azure.net/.')
output uri string = vault.properties.vaultUri
