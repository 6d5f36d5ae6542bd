using 'main.bicep'

// Every value is an environment variable: azd keeps them (azd env set NAME value), a shell exports them. Lists are JSON.
// What is absent or empty here has its default in main.bicep; the region is the deployment's own.

var environment = trim(readEnvironmentVariable('AZURE_ENV_NAME', ''))
param environmentName = empty(environment) ? 'refresher' : environment
param resourceGroupName = trim(readEnvironmentVariable('AZURE_RESOURCE_GROUP', ''))

var emails = trim(readEnvironmentVariable('ALERT_EMAILS', ''))
param alertEmails = json(empty(emails) ? '[]' : emails)
var actionGroupIds = trim(readEnvironmentVariable('ALERT_ACTION_GROUP_IDS', ''))
param alertActionGroupIds = json(empty(actionGroupIds) ? '[]' : actionGroupIds)
var runbook = trim(readEnvironmentVariable('RUNBOOK_URL', ''))
param runbookUrl = empty(runbook) ? 'docs/runbook.md' : runbook

var readers = trim(readEnvironmentVariable('TOKEN_READERS', ''))
param tokenReaders = json(empty(readers) ? '[]' : readers)
param statusPageClientId = trim(readEnvironmentVariable('STATUS_PAGE_CLIENT_ID', ''))
param publicUrl = trim(readEnvironmentVariable('PUBLIC_URL', ''))

var private = trim(readEnvironmentVariable('PRIVATE_NETWORKING', ''))
param privateNetworking = bool(empty(private) ? 'false' : private)
var ingress = trim(readEnvironmentVariable('PUBLIC_INGRESS', ''))
param publicIngress = bool(empty(ingress) ? 'true' : ingress)
var ranges = trim(readEnvironmentVariable('ALLOWED_IP_RANGES', ''))
param allowedIpRanges = json(empty(ranges) ? '[]' : ranges)
var rolling = trim(readEnvironmentVariable('ROLLING_UPDATES', ''))
param rollingUpdates = bool(empty(rolling) ? 'false' : rolling)
