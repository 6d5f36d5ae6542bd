metadata description = 'A managed identity. Let nothing else use the app\'s: it reads and writes every token.'

import { tags as Tags } from 'types.bicep'

@description('Name of the identity.')
param name string

@description('Region.')
param location string

@description('Tags.')
param tags Tags

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id.')
output id string = identity.id

@description('Object id, which role assignments name.')
output principalId string = identity.properties.principalId

@description('Client id, which the app and the platform name to get tokens.')
output clientId string = identity.properties.clientId
