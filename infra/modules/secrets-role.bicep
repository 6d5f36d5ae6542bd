metadata description = 'The role that the app has at its vaults. No built-in role has just these actions: Key Vault Secrets Officer can also delete and purge.'

@description('Name of the role; unique in the tenant.')
param roleName string

resource secretsRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'entra-token-refresher-secrets')
  properties: {
    roleName: roleName
    description: 'List, read, write and tag the secrets of a key vault; delete none.'
    type: 'CustomRole'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        actions: []
        notActions: []
        dataActions: [
          'Microsoft.KeyVault/vaults/secrets/readMetadata/action'
          'Microsoft.KeyVault/vaults/secrets/getSecret/action'
          'Microsoft.KeyVault/vaults/secrets/setSecret/action'
          'Microsoft.KeyVault/vaults/secrets/update/action'
        ]
        notDataActions: []
      }
    ]
  }
}

@description('Resource id of the role.')
output id string = secretsRole.id
