import { at, isList, textOf } from '../arm/value.ts';
import {
  absentOr,
  demand,
  everyOne,
  is,
  isAbsent,
  isGiven,
  learn,
  type MustHave,
  ofType,
  oneOf,
  projectRule,
  type TemplateFinding,
  type View,
  vaultsOf,
} from './must-have.ts';

const storage = 'Microsoft.Storage/storageAccounts';
const site = 'Microsoft.Web/sites';
const component = 'Microsoft.Insights/components';

/** What has a private endpoint takes no public traffic; the app's own ingress is another matter. */
function closedWherePrivate(view: View): TemplateFinding[] {
  const targets = ofType(view, 'Microsoft.Network/privateEndpoints').flatMap(({ body }) => {
    const connections = at(body, 'properties', 'privateLinkServiceConnections');
    return (isList(connections) ? connections : []).map((each) =>
      textOf(at(each, 'properties', 'privateLinkServiceId')),
    );
  });
  return [...ofType(view, storage), ...ofType(view, 'Microsoft.KeyVault/vaults')]
    .filter(({ id }) => targets.includes(id))
    .flatMap((resource) => [
      ...demand(resource, ['properties', 'publicNetworkAccess'], is('Disabled')),
      ...demand(resource, ['properties', 'networkAcls', 'defaultAction'], is('Deny')),
    ]);
}

function privateIsPossible(views: readonly View[]): TemplateFinding[] {
  const isPossible = views.some((view) => {
    const { credentials, tokens } = vaultsOf(view);
    return [credentials, tokens, ...ofType(view, storage)].every(
      (each) => at(each?.body, 'properties', 'publicNetworkAccess') === 'Disabled',
    );
  });
  const message = 'no set of parameters closes the storage and both vaults to the public network';
  return isPossible ? [] : [{ at: ['parameters'], message }];
}

function publishingOff(view: View): TemplateFinding[] {
  const policies = ofType(view, 'Microsoft.Web/sites/basicPublishingCredentialsPolicies');
  return ['ftp', 'scm'].flatMap((name) => {
    const policy = policies.find((each) => each.name.endsWith(`/${name}`));
    if (policy !== undefined) return demand(policy, ['properties', 'allow'], is(false));
    return [{ at: ['resources'], message: `basicPublishingCredentialsPolicies "${name}" is missing` }];
  });
}

const words = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i;

/** Names that Azure would take: most characters, and which. */
const namesTaken = [
  ['Microsoft.KeyVault/vaults', 24, /^[a-z](-?[a-z0-9])*$/i],
  [storage, 24, /^[a-z0-9]+$/],
  [site, 60, words],
  ['Microsoft.Web/serverfarms', 60, words],
  ['Microsoft.OperationalInsights/workspaces', 63, words],
  ['Microsoft.ManagedIdentity/userAssignedIdentities', 128, /^[a-z0-9][\w-]*$/i],
  ['Microsoft.Network/virtualNetworks', 64, /^[a-z0-9][\w.-]*\w$/i],
  ['Microsoft.Resources/resourceGroups', 90, /^[-\w.()]*[-\w()]$/],
] as const;

/** Names that Azure would refuse, as far as the sample names tell. */
function names(view: View): TemplateFinding[] {
  return namesTaken.flatMap(([type, length, taken]) =>
    ofType(view, type).flatMap(({ name, pointer }) => [
      ...(name.length > length
        ? [{ at: pointer, message: `the name "${name}" has more than ${length} characters` }]
        : []),
      ...(taken.test(name)
        ? []
        : [{ at: pointer, message: `the name "${name}" has characters that ${type} do not take` }]),
    ]),
  );
}

export const resourceMustHaves: readonly MustHave[] = [
  {
    rule: 'storage-shared-key',
    must: 'The storage account refuses shared keys.',
    because: 'a key opens everything and belongs to nobody',
    source: learn('storage/common/shared-key-authorization-prevent'),
    each: everyOne(storage, 'properties.allowSharedKeyAccess', is(false)),
  },
  {
    rule: 'storage-public-blob',
    must: 'No blob can be made public.',
    because: 'the deployed package is nobody else’s business',
    source: learn('storage/blobs/anonymous-read-access-prevent'),
    each: everyOne(storage, 'properties.allowBlobPublicAccess', is(false)),
  },
  {
    rule: 'storage-tls',
    must: 'The storage account asks for TLS 1.2 or later.',
    because: 'older versions are broken',
    source: learn('storage/common/transport-layer-security-configure-minimum-version'),
    each: everyOne(storage, 'properties.minimumTlsVersion', oneOf('TLS1_2', 'TLS1_3')),
  },
  {
    rule: 'storage-https',
    must: 'The storage account takes no plain http.',
    because: 'tokens of the app would travel in the clear',
    source: learn('storage/common/storage-require-secure-transfer'),
    each: everyOne(storage, 'properties.supportsHttpsTrafficOnly', absentOr(is(true))),
  },
  {
    rule: 'site-https',
    must: 'The app takes no plain http.',
    because: 'function keys and sign-ins would travel in the clear',
    source: learn('app-service/configure-ssl-bindings'),
    each: everyOne(site, 'properties.httpsOnly', is(true)),
  },
  {
    rule: 'site-tls',
    must: 'The app and its deployment endpoint ask for TLS 1.2 or later.',
    because: 'older versions are broken',
    source: learn('app-service/configure-ssl-bindings'),
    each: (view) => [
      ...everyOne(site, 'properties.siteConfig.minTlsVersion', oneOf('1.2', '1.3'))(view),
      ...everyOne(site, 'properties.siteConfig.scmMinTlsVersion', absentOr(oneOf('1.2', '1.3')))(view),
    ],
  },
  {
    rule: 'site-ftps-state',
    must: 'The app says nothing about FTP.',
    because: 'regions of Flex Consumption, which has no FTP, refuse the site with 51021',
    source: 'https://github.com/microsoft/azure-pipelines-tasks/issues/21032',
    each: everyOne(site, 'properties.siteConfig.ftpsState', isAbsent),
  },
  {
    rule: 'site-basic-publishing',
    must: 'Nobody publishes with a user name and password.',
    because: 'they are keys by another name; deployments sign in to Entra',
    source: learn('app-service/configure-basic-auth-disable'),
    each: publishingOff,
  },
  {
    rule: 'site-runtime',
    must: 'The app runs on Node 24.',
    because: 'it is built and tested for that',
    source: projectRule,
    each: (view) => [
      ...everyOne(site, 'properties.functionAppConfig.runtime.name', is('node'))(view),
      ...everyOne(site, 'properties.functionAppConfig.runtime.version', is('24'))(view),
    ],
  },
  {
    rule: 'site-plan',
    must: 'The plan is Flex Consumption.',
    because: 'the settings, the deployment and the network of the app are made for it',
    source: projectRule,
    each: everyOne('Microsoft.Web/serverfarms', 'sku.name', is('FC1')),
  },
  {
    rule: 'site-identity',
    must: 'The app has a user-assigned identity, and no other.',
    because: 'its roles must exist before the app does',
    source: learn('app-service/overview-managed-identity'),
    each: everyOne(site, 'identity.type', is('UserAssigned')),
  },
  {
    rule: 'site-deployment-identity',
    must: 'The app fetches its package as its identity.',
    because: 'the other ways need a key',
    source: learn('azure-functions/flex-consumption-how-to'),
    each: everyOne(
      site,
      'properties.functionAppConfig.deployment.storage.authentication.type',
      is('UserAssignedIdentity'),
    ),
  },
  {
    rule: 'insights-local-auth',
    must: 'Application Insights refuses telemetry without an Entra token.',
    because: 'whoever knows the connection string could forge alerts, and it is in the outputs',
    source: learn('azure-monitor/app/azure-ad-authentication'),
    each: everyOne(component, 'properties.DisableLocalAuth', is(true)),
  },
  {
    rule: 'insights-workspace',
    must: 'Application Insights keeps its data in the workspace.',
    because: 'the alert rules read it there',
    source: learn('azure-monitor/app/create-workspace-resource'),
    each: everyOne(component, 'properties.WorkspaceResourceId', isGiven),
  },
  {
    rule: 'insights-sampling',
    must: 'Application Insights samples nothing.',
    because: 'an event that is left out is an alert that does not come',
    source: learn('azure-monitor/app/opentelemetry-sampling'),
    each: everyOne(component, 'properties.SamplingPercentage', absentOr(is(100))),
  },
  {
    rule: 'private-network',
    must: 'What has a private endpoint is closed to the public network, and the storage and vaults can have one.',
    because: 'a private endpoint beside an open door protects nothing',
    source: learn('key-vault/general/private-link-service'),
    each: closedWherePrivate,
    overall: ({ views }) => privateIsPossible(views),
  },
  {
    rule: 'names',
    must: 'Whatever the environment is called, every name is one that Azure takes.',
    because: 'the deployment would fail halfway',
    source: learn('azure-resource-manager/management/resource-name-rules'),
    each: names,
  },
];
