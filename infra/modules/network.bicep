metadata description = 'A network of its own for the app, with private endpoints\' subnet, DNS zones and one outgoing address.'

import { tags as Tags } from 'types.bicep'

@description('Suffix of the names.')
param suffix string

@description('Region.')
param location string

@description('Tags.')
param tags Tags

@description('Address range of the network, /25 or larger.')
param addressPrefix string

@description('Also make a zone for the app\'s own private endpoint.')
param appZone bool

// A subnet of Flex Consumption takes no underscore in its name, and nothing else may stand in it.
var appSubnetName = 'app'
var endpointsSubnetName = 'private-endpoints'

var appZoneNames = {
  AzureChinaCloud: 'privatelink.chinacloudsites.cn'
  AzureCloud: 'privatelink.azurewebsites.net'
  AzureUSGovernment: 'privatelink.azurewebsites.us'
}
var vaultZoneName = replace(environment().suffixes.keyvaultDns, '.vault.', 'privatelink.vaultcore.')
var blobZoneName = 'privatelink.blob.${environment().suffixes.storage}'
var zoneNames = concat([vaultZoneName, blobZoneName], appZone ? [appZoneNames[environment().name]] : [])

resource securityGroup 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: 'nsg-${suffix}'
  location: location
  tags: tags
}

// Entra is reached over the internet. New subnets have no way out of their own any more, and Conditional Access can name
// this address.
resource outgoingAddress 'Microsoft.Network/publicIPAddresses@2025-05-01' = {
  name: 'pip-${suffix}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

resource gateway 'Microsoft.Network/natGateways@2025-05-01' = {
  name: 'ng-${suffix}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIpAddresses: [{ id: outgoingAddress.id }] }
}

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: 'vnet-${suffix}'
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressPrefix] }
    subnets: [
      {
        name: appSubnetName
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 0)
          defaultOutboundAccess: false
          natGateway: { id: gateway.id }
          networkSecurityGroup: { id: securityGroup.id }
          delegations: [{ name: 'flex', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: endpointsSubnetName
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 1)
          defaultOutboundAccess: false
          privateEndpointNetworkPolicies: 'Enabled'
          networkSecurityGroup: { id: securityGroup.id }
        }
      }
    ]
  }

  resource appSubnet 'subnets' existing = {
    name: appSubnetName
  }

  resource endpointsSubnet 'subnets' existing = {
    name: endpointsSubnetName
  }
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for zoneName in zoneNames: {
    name: zoneName
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (zoneName, index) in zoneNames: {
    parent: zones[index]
    name: network.name
    location: 'global'
    tags: tags
    properties: { registrationEnabled: false, virtualNetwork: { id: network.id } }
  }
]

@description('Resource id of the app\'s subnet.')
output appSubnetId string = network::appSubnet.id

@description('Resource id of the private endpoints\' subnet.')
output endpointsSubnetId string = network::endpointsSubnet.id

@description('Resource id of the vaults\' zone.')
output vaultZoneId string = zones[0].id

@description('Resource id of the blob service\'s zone.')
output blobZoneId string = zones[1].id

@description('Resource id of the app\'s zone; empty without one.')
output appZoneId string = appZone ? zones[2].id : ''

@description('The address that Entra sees.')
output outgoingAddress string = outgoingAddress.properties.ipAddress
