using 'main.bicep'

// Every value is an environment variable: azd keeps them (azd env set NAME value), a shell exports them. Lists are JSON.
// What is absent here has its default in main.bicep; the region is the deployment's own.

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'refresher')
param resourceGroupName = readEnvironmentVariable('AZURE_RESOURCE_GROUP', '')

param alertEmails = json(readEnvironmentVariable('ALERT_EMAILS', '[]'))
param alertActionGroupIds = json(readEnvironmentVariable('ALERT_ACTION_GROUP_IDS', '[]'))
param runbookUrl = readEnvironmentVariable('RUNBOOK_URL', 'docs/runbook.md')

param tokenReaders = json(readEnvironmentVariable('TOKEN_READERS', '[]'))
param statusPageClientId = readEnvironmentVariable('STATUS_PAGE_CLIENT_ID', '')
param publicUrl = readEnvironmentVariable('PUBLIC_URL', '')

param privateNetworking = bool(readEnvironmentVariable('PRIVATE_NETWORKING', 'false'))
param publicIngress = bool(readEnvironmentVariable('PUBLIC_INGRESS', 'true'))
param allowedIpRanges = json(readEnvironmentVariable('ALLOWED_IP_RANGES', '[]'))
