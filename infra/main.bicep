metadata name = 'Entra token refresher'
metadata description = 'The function app with its two key vaults, storage, monitoring and alerts, in one resource group.'

targetScope = 'subscription'

import {
  alertWebhook as AlertWebhook
  alwaysReadyInstances as AlwaysReadyInstances
  tags as Tags
  tokenReader as TokenReader
} from 'modules/types.bicep'

// Where and how it is called

@description('Name of this deployment, as in refresher-prod. Part of the resources\' names, there in small letters, with a hyphen for what is neither letter nor digit.')
@minLength(2)
@maxLength(30)
param environmentName string

@description('Region. Flex Consumption must exist there.')
@metadata({ azd: { type: 'location' } })
param location string = deployment().location

@description('Resource group; empty for rg-<environmentName>, with a hyphen for what is neither letter nor digit.')
@maxLength(90)
param resourceGroupName string = ''

@description('Make the resource group, or bring it to this template\'s tags and region. Off: it must exist and stays as it is.')
param createResourceGroup bool = true

@description('Further tags of every resource.')
param tags Tags = {}

// What it does

@description('When to sweep: NCRONTAB, six fields, UTC, ticks at least 5 minutes apart.')
@minLength(11)
param refreshSchedule string = '0 */30 * * * *'

@description('Minutes of life that a reader of an access token always finds; a registration can ask for its own.')
@minValue(1)
@maxValue(1440)
param minimumValidityMinutes int = 10

@description('Accounts worked on at a time.')
@minValue(1)
@maxValue(256)
param sweepConcurrency int = 32

@description('Secret writes a second for each vault. Key Vault takes 300 in 10 s from everybody together.')
@minValue(1)
@maxValue(29)
param vaultWritesPerSecond int = 29

@description('Days after which secrets that the app writes expire, at most: no more than an Azure Policy on the vaults allows.')
@minValue(2)
@maxValue(3650)
param secretExpiryDays int = 90

@description('Host names of token services to trust beside Microsoft\'s public, US government, China and sovereign clouds.')
param additionalAuthorityHosts string[] = []

@description('Where browsers reach the app if it has a domain of its own, as in https://tokens.contoso.com; empty for the platform\'s host name.')
param publicUrl string = ''

// Who may do what

@description('Who may read all access tokens: Key Vault Secrets User on the tokens vault.')
param tokenReaders TokenReader[] = []

@description('Client id of the app registration with which people sign in to the status page; empty leaves the page closed.')
param statusPageClientId string = ''

@description('Object ids of the groups that may see the status page; empty for everybody whom the app registration lets in.')
param statusPageGroupIds string[] = []

@description('Resource id of an existing role with exactly the four secret actions, where deployments may not define roles; empty to define it.')
param appRoleId string = ''

@description('Refuse to delete the vaults.')
param lockVaults bool = true

// Capacity

@description('Memory of an instance in megabytes.')
param instanceMemoryMegabytes 512 | 2048 | 4096 = 2048

@description('Most instances at a time. Sweeps need one; the rest serves pages.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances that are always running, and paid for. Neither sweeps nor pages need one; they spare users a cold start.')
param alwaysReady AlwaysReadyInstances[] = []

@description('Keep storage in three zones and spread instances over them, where the region has zones. An alwaysReady group then needs two instances.')
param zoneRedundant bool = false

@description('Let running functions finish at a publish, where otherwise they are ended: a sweep that is cut off leaves its work to the next one. A preview of Flex Consumption.')
param rollingUpdates bool = false

// Network

@description('Reach storage and vaults through private endpoints only. Registering accounts and reading tokens then work from inside the network only.')
param privateNetworking bool = false

@description('Address range of the network, /25 or larger, if there is one.')
param networkAddressPrefix string = '10.90.0.0/24'

@description('Reach the app from the internet. Off: through a private endpoint (with privateNetworking), else not at all; users who consent must get there too.')
param publicIngress bool = true

@description('The only address ranges (CIDR) that may reach the app and its deployment endpoint; empty for all.')
param allowedIpRanges string[] = []

// Monitoring

@description('Days for which the workspace keeps data. Application Insights\' tables are free for 90, the audit log for 31.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90

@description('Gigabytes a day after which the workspace takes nothing more; -1 for no limit. What is dropped raises no alert.')
@minValue(-1)
@maxValue(1000)
param logDailyCapGigabytes int = -1

@description('E-mail addresses that alerts go to.')
param alertEmails string[]

@description('Webhooks that alerts go to; they prove their caller with Entra.')
param alertWebhooks AlertWebhook[] = []

@description('Resource ids of action groups of your own that alerts go to, for pagers, chats and webhooks with a key. An alert rule takes five, and one is made here.')
@maxLength(4)
param alertActionGroupIds string[] = []

@description('Where on-call engineers read docs/runbook.md, as in https://git.contoso.com/refresher/docs/runbook.md.')
param runbookUrl string = 'docs/runbook.md'

// azd takes names with dots, underscores, capitals and parentheses, which function apps, workspaces and subnets do not
// (Learn, Naming rules and restrictions for Azure resources).
var letters = map(range(0, length(environmentName)), i => substring(environmentName, i, 1))
var allowed = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
var words = filter(
  split(join(map(letters, c => contains(allowed, c) ? c : '-'), ''), '-'),
  word => !empty(word)
)
var name = empty(words)
  ? fail('environmentName must hold a letter from a to z or a digit: resources are named after it.')
  : join(words, '-')
var prefix = toLower(name)

var groupLetters = map(range(0, length(resourceGroupName)), i => substring(resourceGroupName, i, 1))
var refused = filter(groupLetters, c => contains(' !"#$%&\'*+,/:;<=>?@[\\]^`{|}~', c))
var givenGroupName = empty(refused) && !endsWith(resourceGroupName, '.')
  ? resourceGroupName
  : fail('resourceGroupName may hold letters, digits, hyphens, underscores, parentheses and dots, and not end with a dot.')
// In the token too, so its capitals stay: another token would be other vaults.
var groupName = empty(givenGroupName) ? 'rg-${name}' : givenGroupName
var token = toLower(uniqueString(subscription().id, groupName, environmentName, location))
var allTags = union({ 'azd-env-name': environmentName, application: 'entra-token-refresher' }, tags)
var receiverCount = length(alertEmails) + length(alertWebhooks) + length(alertActionGroupIds)
var deploymentContainerName = 'deployments'
var workspaceName = 'log-${prefix}'
var componentName = 'appi-${prefix}'

resource newGroup 'Microsoft.Resources/resourceGroups@2025-04-01' = if (createResourceGroup) {
  name: groupName
  location: location
  tags: allTags
}

module identity 'modules/identity.bicep' = {
  scope: resourceGroup(groupName)
  params: { name: 'id-${prefix}', location: location, tags: allTags }
  dependsOn: [newGroup]
}

module alertsIdentity 'modules/identity.bicep' = {
  scope: resourceGroup(groupName)
  params: { name: 'id-${prefix}-alerts', location: location, tags: allTags }
  dependsOn: [newGroup]
}

module secretsRole 'modules/secrets-role.bicep' = if (empty(appRoleId)) {
  scope: resourceGroup(groupName)
  params: { roleName: 'Entra token refresher secrets (${environmentName}-${token})' }
  dependsOn: [newGroup]
}

module monitoring 'modules/monitoring.bicep' = {
  scope: resourceGroup(groupName)
  params: {
    workspaceName: workspaceName
    componentName: componentName
    location: location
    tags: allTags
    retentionDays: logRetentionDays
    dailyCapGigabytes: logDailyCapGigabytes
    appPrincipalId: identity.outputs.principalId
  }
}

module storage 'modules/storage.bicep' = {
  scope: resourceGroup(groupName)
  params: {
    name: 'st${token}'
    location: location
    tags: allTags
    zoneRedundant: zoneRedundant
    privateOnly: privateNetworking
    appPrincipalId: identity.outputs.principalId
    deploymentContainerName: deploymentContainerName
  }
}

module credentialsVault 'modules/vault.bicep' = {
  scope: resourceGroup(groupName)
  params: {
    name: 'kv-cred-${token}'
    location: location
    tags: allTags
    softDeleteRetentionDays: 90
    purgeProtection: true
    privateOnly: privateNetworking
    appPrincipalId: identity.outputs.principalId
    appRoleId: empty(appRoleId) ? secretsRole!.outputs.id : appRoleId
    workspaceId: monitoring.outputs.workspaceId
    lock: lockVaults
  }
}

// Purging stays possible here: it is how an access token's secret with too many versions is renewed, and the next sweep
// publishes the token anew.
module tokensVault 'modules/vault.bicep' = {
  scope: resourceGroup(groupName)
  params: {
    name: 'kv-tok-${token}'
    location: location
    tags: allTags
    softDeleteRetentionDays: 7
    purgeProtection: false
    privateOnly: privateNetworking
    appPrincipalId: identity.outputs.principalId
    appRoleId: empty(appRoleId) ? secretsRole!.outputs.id : appRoleId
    readers: tokenReaders
    workspaceId: monitoring.outputs.workspaceId
    lock: lockVaults
  }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  scope: resourceGroup(groupName)
  params: {
    suffix: prefix
    location: location
    tags: allTags
    addressPrefix: networkAddressPrefix
    appZone: !publicIngress
  }
  dependsOn: [newGroup]
}

module credentialsVaultEndpoint 'modules/private-endpoint.bicep' = if (privateNetworking) {
  scope: resourceGroup(groupName)
  params: {
    name: 'pe-${prefix}-credentials'
    location: location
    tags: allTags
    subnetId: network!.outputs.endpointsSubnetId
    targetId: credentialsVault.outputs.id
    groupId: 'vault'
    zoneId: network!.outputs.vaultZoneId
  }
}

module tokensVaultEndpoint 'modules/private-endpoint.bicep' = if (privateNetworking) {
  scope: resourceGroup(groupName)
  params: {
    name: 'pe-${prefix}-tokens'
    location: location
    tags: allTags
    subnetId: network!.outputs.endpointsSubnetId
    targetId: tokensVault.outputs.id
    groupId: 'vault'
    zoneId: network!.outputs.vaultZoneId
  }
}

module storageEndpoint 'modules/private-endpoint.bicep' = if (privateNetworking) {
  scope: resourceGroup(groupName)
  params: {
    name: 'pe-${prefix}-storage'
    location: location
    tags: allTags
    subnetId: network!.outputs.endpointsSubnetId
    targetId: storage.outputs.id
    groupId: 'blob'
    zoneId: network!.outputs.blobZoneId
  }
}

// Comes after the role assignments, which its parameters' modules make: Flex Consumption looks into the deployment
// container as the app's identity.
module functionApp 'modules/function-app.bicep' = {
  scope: resourceGroup(groupName)
  params: {
    name: 'func-${prefix}-${token}'
    planName: 'plan-${prefix}'
    location: location
    tags: allTags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    blobEndpoint: storage.outputs.blobEndpoint
    deploymentContainerName: deploymentContainerName
    componentName: componentName
    credentialsVaultUrl: credentialsVault.outputs.uri
    tokensVaultUrl: tokensVault.outputs.uri
    instanceMemoryMegabytes: instanceMemoryMegabytes
    maximumInstanceCount: maximumInstanceCount
    alwaysReady: alwaysReady
    zoneRedundant: zoneRedundant
    rollingUpdates: rollingUpdates
    refreshSchedule: refreshSchedule
    minimumValidityMinutes: minimumValidityMinutes
    sweepConcurrency: sweepConcurrency
    vaultWritesPerSecond: vaultWritesPerSecond
    secretExpiryDays: secretExpiryDays
    additionalAuthorityHosts: additionalAuthorityHosts
    publicUrl: publicUrl
    subnetId: privateNetworking ? network!.outputs.appSubnetId : ''
    publicIngress: publicIngress
    allowedIpRanges: allowedIpRanges
    statusPageClientId: statusPageClientId
    statusPageGroupIds: statusPageGroupIds
    alertReceivers: receiverCount
  }
  dependsOn: [credentialsVaultEndpoint, tokensVaultEndpoint, storageEndpoint]
}

module appEndpoint 'modules/private-endpoint.bicep' = if (privateNetworking && !publicIngress) {
  scope: resourceGroup(groupName)
  params: {
    name: 'pe-${prefix}-app'
    location: location
    tags: allTags
    subnetId: network!.outputs.endpointsSubnetId
    targetId: functionApp.outputs.id
    groupId: 'sites'
    zoneId: network!.outputs.appZoneId
  }
}

module alerts 'modules/alerts.bicep' = {
  scope: resourceGroup(groupName)
  params: {
    prefix: prefix
    location: location
    tags: allTags
    workspaceName: workspaceName
    statusPageUrl: '${functionApp.outputs.url}/api/status'
    runbookUrl: runbookUrl
    identityId: alertsIdentity.outputs.id
    identityPrincipalId: alertsIdentity.outputs.principalId
    emails: alertEmails
    webhooks: alertWebhooks
    actionGroupIds: alertActionGroupIds
  }
}

module workbook 'modules/workbook.bicep' = {
  scope: resourceGroup(groupName)
  params: {
    title: 'Token refresher (${environmentName})'
    location: location
    tags: allTags
    workspaceId: monitoring.outputs.workspaceId
  }
}

@description('Region, under the name that azd uses.')
output AZURE_LOCATION string = location

@description('Tenant, under the name that azd uses.')
output AZURE_TENANT_ID string = tenant().tenantId

@description('Resource group, under the name that azd uses.')
output AZURE_RESOURCE_GROUP string = groupName

@description('Name of the function app.')
output FUNCTION_APP_NAME string = functionApp.outputs.name

@description('Where browsers reach the app.')
output APP_URL string = functionApp.outputs.url

@description('Redirect URI to register with the applications that users consent to.')
output CONSENT_REDIRECT_URI string = '${functionApp.outputs.url}/api/consent/callback'

@description('Status page.')
output STATUS_PAGE_URL string = '${functionApp.outputs.url}/api/status'

@description('Redirect URI to register with the app registration of the status page.')
output STATUS_PAGE_REDIRECT_URI string = '${functionApp.outputs.url}/.auth/login/aad/callback'

@description('Who is told of alerts.')
output ALERTS_GO_TO string = receiverCount == 0
  ? 'NOBODY: name somebody in ALERT_EMAILS or ALERT_ACTION_GROUP_IDS and deploy again.'
  : 'e-mail addresses: ${length(alertEmails)}, webhooks: ${length(alertWebhooks)}, action groups: ${length(alertActionGroupIds)}'

@description('Object id of the app\'s identity: the subject of the status page\'s federated credential.')
output APP_PRINCIPAL_ID string = identity.outputs.principalId

@description('Name of the vault of registrations, refresh tokens and client secrets.')
output CREDENTIALS_VAULT_NAME string = credentialsVault.outputs.name

@description('Name of the vault of access tokens.')
output TOKENS_VAULT_NAME string = tokensVault.outputs.name

@description('The address that token services see, with privateNetworking; else empty.')
output OUTGOING_ADDRESS string = privateNetworking ? network!.outputs.outgoingAddress : ''
