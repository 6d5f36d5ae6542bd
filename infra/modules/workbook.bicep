metadata description = 'The workbook of workbook/workbook.json.'

import { tags as Tags } from 'types.bicep'

@description('Title in the portal.')
param title string

@description('Region.')
param location string

@description('Tags.')
param tags Tags

@description('Resource id of the workspace that it reads.')
param workspaceId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'entra-token-refresher-workbook', title)
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: title
    category: 'workbook'
    version: '1.0'
    sourceId: workspaceId
    serializedData: replace(loadTextContent('../workbook/workbook.json'), '{workspaceId}', workspaceId)
  }
}
