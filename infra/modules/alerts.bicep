metadata description = 'The alert rules of alerts/rules.json with their queries, whom they tell, and a rule for the rules.'

import { alertWebhook as AlertWebhook, tags as Tags } from 'types.bicep'

@description('Prefix of the names.')
param prefix string

@description('Region of the workspace.')
param location string

@description('Tags.')
param tags Tags

@description('Name of the workspace, in this resource group.')
param workspaceName string

@description('Address of the status page.')
param statusPageUrl string

@description('Address of the runbook; alerts add #name-of-the-rule.')
param runbookUrl string

@description('Resource id of the identity with which the rules read the workspace; without one they would have the rights of whoever deployed them last.')
param identityId string

@description('Object id of that identity.')
param identityPrincipalId string

@description('E-mail addresses to tell.')
param emails string[]

@description('Webhooks to tell.')
param webhooks AlertWebhook[]

@description('Resource ids of further action groups to trigger.')
param actionGroupIds string[]

var logAnalyticsReader = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  '73c42c96-874c-492b-b04d-ab87d138a893'
)

var rules = loadJsonContent('../alerts/rules.json')
var prelude = loadTextContent('../alerts/prelude.kql')
// Paths must be literal; rules.json decides which of them are deployed.
var queries = {
  'access-token-running-out': loadTextContent('../alerts/access-token-running-out.kql')
  'account-blocked': loadTextContent('../alerts/account-blocked.kql')
  'client-credential-rejected': loadTextContent('../alerts/client-credential-rejected.kql')
  'consent-lost': loadTextContent('../alerts/consent-lost.kql')
  'consent-lost-reminder': loadTextContent('../alerts/consent-lost-reminder.kql')
  'credential-expiring': loadTextContent('../alerts/credential-expiring.kql')
  'credential-expiring-soon': loadTextContent('../alerts/credential-expiring-soon.kql')
  'credential-expiry-unknown': loadTextContent('../alerts/credential-expiry-unknown.kql')
  'credential-fallback': loadTextContent('../alerts/credential-fallback.kql')
  'generation-stalled': loadTextContent('../alerts/generation-stalled.kql')
  'over-capacity': loadTextContent('../alerts/over-capacity.kql')
  'provider-degraded': loadTextContent('../alerts/provider-degraded.kql')
  'refresher-silent': loadTextContent('../alerts/refresher-silent.kql')
  'rotated-token-not-stored': loadTextContent('../alerts/rotated-token-not-stored.kql')
  'sweep-aborted': loadTextContent('../alerts/sweep-aborted.kql')
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = {
  name: workspaceName
}

resource readerAssignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: workspace
  name: guid(workspace.id, identityPrincipalId, logAnalyticsReader)
  properties: {
    roleDefinitionId: logAnalyticsReader
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${prefix}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'refresher'
    emailReceivers: [for email in emails: { name: email, emailAddress: email, useCommonAlertSchema: true }]
    webhookReceivers: [
      for webhook in webhooks: {
        name: webhook.name
        serviceUri: webhook.serviceUri
        useCommonAlertSchema: true
        useAadAuth: true
        objectId: webhook.objectId
        identifierUri: webhook.identifierUri
        tenantId: tenant().tenantId
      }
    ]
  }
}

var allActionGroupIds = concat([actionGroup.id], actionGroupIds)

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: '${prefix}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
    properties: {
      displayName: rule.title
      description: rule.description
      severity: rule.severity
      enabled: true
      scopes: [workspace.id]
      evaluationFrequency: rule.evaluationFrequency
      windowSize: rule.windowSize
      autoMitigate: rule.stateful
      // A new workspace has no tables yet.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: replace('${prelude}\n${queries[rule.name]}', '{statusPage}', statusPageUrl)
            timeAggregation: contains(rule, 'measure') ? 'Maximum' : 'Count'
            metricMeasureColumn: rule.?measure
            dimensions: map(rule.dimensions, column => { name: column, operator: 'Include', values: ['*'] })
            operator: rule.operator
            threshold: rule.threshold
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: {
        actionGroups: allActionGroupIds
        customProperties: { runbook: '${runbookUrl}#${rule.name}', statusPage: statusPageUrl }
      }
    }
    dependsOn: [readerAssignment]
  }
]

// Azure switches a rule off that has failed for a week; then nothing would tell of anything.
resource ruleDisabled 'Microsoft.Insights/activityLogAlerts@2020-10-01' = {
  name: '${prefix}-alert-rule-disabled'
  location: 'global'
  tags: tags
  properties: {
    description: 'An alert rule was switched off or deleted.'
    enabled: true
    scopes: [resourceGroup().id]
    condition: {
      allOf: [
        { field: 'category', equals: 'Administrative' }
        {
          anyOf: [
            { field: 'operationName', equals: 'Microsoft.Insights/scheduledQueryRules/disable/action' }
            { field: 'operationName', equals: 'Microsoft.Insights/scheduledQueryRules/delete' }
          ]
        }
      ]
    }
    actions: {
      actionGroups: [
        for id in allActionGroupIds: {
          // A loop variable is neither a resource nor a parameter; its values are.
          #disable-next-line use-resource-id-functions
          actionGroupId: id
          webhookProperties: { runbook: '${runbookUrl}#alert-rule-disabled', statusPage: statusPageUrl }
        }
      ]
    }
  }
}
