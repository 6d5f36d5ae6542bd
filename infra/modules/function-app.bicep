metadata description = 'The function app on Flex Consumption. Deploy it after everything that it reads, and after its identity\'s roles.'

import { alwaysReadyInstances as AlwaysReadyInstances, tags as Tags } from 'types.bicep'

@description('Name of the app; unique in the world.')
@minLength(2)
@maxLength(60)
param name string

@description('Name of the plan.')
param planName string

@description('Region.')
param location string

@description('Tags.')
param tags Tags

@description('Resource id of the app\'s identity.')
param identityId string

@description('Client id of the app\'s identity.')
param identityClientId string

@description('Address of the blob service, with a slash at its end.')
param blobEndpoint string

@description('Container of the deployed package.')
param deploymentContainerName string

@description('Name of the Application Insights component, in this resource group.')
param componentName string

@description('Address of the vault of registrations, refresh tokens and client secrets.')
param credentialsVaultUrl string

@description('Address of the vault of access tokens.')
param tokensVaultUrl string

@description('Memory of an instance in megabytes.')
param instanceMemoryMegabytes 512 | 2048 | 4096

@description('Most instances at a time.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int

@description('Instances that are always running.')
param alwaysReady AlwaysReadyInstances[]

@description('Spread the instances over zones.')
param zoneRedundant bool

@description('Let running functions finish at a publish.')
param rollingUpdates bool

@description('When to sweep: NCRONTAB, six fields, UTC.')
param refreshSchedule string

@description('Minutes of life that a reader of an access token always finds.')
@minValue(1)
@maxValue(1440)
param minimumValidityMinutes int

@description('Accounts worked on at a time.')
@minValue(1)
@maxValue(256)
param sweepConcurrency int

@description('Secret writes a second for each vault.')
@minValue(1)
@maxValue(29)
param vaultWritesPerSecond int

@description('Days after which secrets that the app writes expire, at most.')
@minValue(2)
@maxValue(3650)
param secretExpiryDays int

@description('Token services to trust beside Microsoft\'s.')
param additionalAuthorityHosts string[]

@description('Where browsers reach the app, if not under the platform\'s host name.')
param publicUrl string

@description('Subnet for outgoing connections; empty for none.')
param subnetId string

@description('Reachable from the internet.')
param publicIngress bool

@description('The only address ranges (CIDR) that may reach the app and its deployment endpoint; empty for all.')
param allowedIpRanges string[]

@description('Client id of the app registration for the status page; empty leaves the page closed.')
param statusPageClientId string

@description('Object ids of the groups that may see the status page; empty for everybody whom the app registration lets in.')
param statusPageGroupIds string[]

@description('How many addresses, webhooks and action groups alerts go to; the doctor tells when it is none.')
@minValue(0)
@maxValue(10000)
param alertReceivers int

// Names the managed identity whose token proves the app registration, in place of a client secret (Learn, Configure
// Microsoft Entra authentication: Use a managed identity instead of a secret; a preview).
var federatedIdentitySetting = 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'
var hasStatusPage = !empty(statusPageClientId)

var settings = [
  { name: 'AzureWebJobsStorage__blobServiceUri', value: blobEndpoint }
  { name: 'AzureWebJobsStorage__credential', value: 'managedidentity' }
  { name: 'AzureWebJobsStorage__clientId', value: identityClientId }
  // The host reads a body whole before the app is asked. Beyond this it answers 500 (azure-functions-host #10519); the app
  // itself refuses what is beyond 8 KB with 413.
  { name: 'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT', value: '16384' }
  { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: component.properties.ConnectionString }
  {
    name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'
    value: 'ClientId=${identityClientId};Authorization=AAD'
  }
  { name: 'AZURE_CLIENT_ID', value: identityClientId }
  { name: 'CREDENTIALS_VAULT_URL', value: credentialsVaultUrl }
  { name: 'TOKENS_VAULT_URL', value: tokensVaultUrl }
  { name: 'REFRESH_SCHEDULE', value: refreshSchedule }
  { name: 'MINIMUM_VALIDITY_MINUTES', value: string(minimumValidityMinutes) }
  { name: 'SWEEP_CONCURRENCY', value: string(sweepConcurrency) }
  { name: 'VAULT_WRITES_PER_SECOND', value: string(vaultWritesPerSecond) }
  { name: 'SECRET_EXPIRY_DAYS', value: string(secretExpiryDays) }
  { name: 'ADDITIONAL_AUTHORITY_HOSTS', value: join(additionalAuthorityHosts, ',') }
  { name: 'PUBLIC_URL', value: publicUrl }
  { name: 'ALERT_RECEIVERS', value: string(alertReceivers) }
]
var statusPageSettings = hasStatusPage ? [{ name: federatedIdentitySetting, value: identityClientId }] : []

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true, zoneRedundant: zoneRedundant }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identityId
    publicNetworkAccess: publicIngress ? 'Enabled' : 'Disabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${blobEndpoint}${deploymentContainerName}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: { name: 'node', version: '24' }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMegabytes
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReady
      }
      // A preview (Learn, Site update strategies in Flex Consumption), which the types do not know yet.
      #disable-next-line BCP037
      siteUpdateStrategy: rollingUpdates ? { type: 'RollingUpdate' } : null
    }
    siteConfig: {
      appSettings: concat(settings, statusPageSettings)
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      ipSecurityRestrictionsDefaultAction: empty(allowedIpRanges) ? 'Allow' : 'Deny'
      ipSecurityRestrictions: [
        for (range, index) in allowedIpRanges: {
          name: 'allowed-${index}'
          ipAddress: range
          action: 'Allow'
          priority: 100 + index
        }
      ]
      scmIpSecurityRestrictionsUseMain: true
    }
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource authentication 'config' = if (hasStatusPage) {
    name: 'authsettingsV2'
    properties: {
      platform: { enabled: true }
      globalValidation: {
        // The app asks for the sign-in itself, where it is needed; everything else has a signed link or a function key of
        // its own. None of its paths is excluded: on excluded ones the platform may let a client's own
        // X-MS-CLIENT-PRINCIPAL pass, and how it matches paths is not documented. A publish calls /admin, which the
        // Functions host guards.
        requireAuthentication: false
        unauthenticatedClientAction: 'AllowAnonymous'
        excludedPaths: ['/admin/*']
      }
      httpSettings: { requireHttps: true }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            clientId: statusPageClientId
            clientSecretSettingName: federatedIdentitySetting
            openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
          }
          validation: {
            defaultAuthorizationPolicy: { allowedPrincipals: { groups: statusPageGroupIds } }
          }
        }
      }
      // The app wants to know that somebody signed in, and needs no token of theirs.
      login: { tokenStore: { enabled: false } }
    }
  }
}

@description('Resource id.')
output id string = app.id

@description('Name.')
output name string = app.name

@description('Where browsers reach the app, without a slash at its end.')
output url string = empty(publicUrl) ? 'https://${app.properties.defaultHostName}' : publicUrl
