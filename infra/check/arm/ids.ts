import { isObject, Runtime, textOf, type Value } from './value.ts';

/** Where a template is deployed: a resource group, or a subscription as a whole. */
export interface DeploymentPlace {
  readonly subscriptionId: string;
  readonly resourceGroup?: string;
}

export const sampleTenantId = '11111111-1111-1111-1111-111111111111';
export const samplePlace: DeploymentPlace = { subscriptionId: '22222222-2222-2222-2222-222222222222' };
const sampleLocation = 'westeurope';

const subscriptionPath = (place: DeploymentPlace): string => `/subscriptions/${place.subscriptionId}`;

export const placePath = (place: DeploymentPlace): string =>
  place.resourceGroup === undefined
    ? subscriptionPath(place)
    : `${subscriptionPath(place)}/resourceGroups/${place.resourceGroup}`;

/** The id of a resource `a/b` of type `Namespace/t1/t2` below a scope. */
export function resourceIdBelow(scope: string, type: string, name: string): string {
  if (type.toLowerCase() === 'microsoft.resources/resourcegroups') return `${scope}/resourceGroups/${name}`;
  const [namespace, ...types] = type.split('/');
  const names = name.split('/');
  return [scope, 'providers', namespace, ...types.flatMap((part, i) => [part, names[i] ?? ''])].join('/');
}

function resourceId(values: readonly string[], place: DeploymentPlace, isSubscription: boolean): string {
  const at = values.findIndex((value) => value.includes('/') && !value.startsWith('/'));
  const before = values.slice(0, at);
  const subscriptionId =
    before.length > (isSubscription ? 0 : 1) ? (before[0] as string) : place.subscriptionId;
  const group = isSubscription ? undefined : (before.at(-1) ?? place.resourceGroup);
  const scope = placePath({
    subscriptionId,
    ...(group === undefined ? {} : { resourceGroup: group }),
  });
  return resourceIdBelow(scope, values[at] ?? '', values.slice(at + 1).join('/'));
}

const publicCloud: Value = {
  name: 'AzureCloud',
  resourceManager: 'https://management.azure.com/',
  authentication: {
    loginEndpoint: 'https://login.microsoftonline.com/',
    audiences: ['https://management.azure.com/'],
    tenant: 'common',
    identityProvider: 'AAD',
  },
  suffixes: {
    storage: 'core.windows.net',
    keyvaultDns: '.vault.azure.net',
    sqlServerHostname: '.database.windows.net',
  },
};

/** The functions that say where the deployment happens, answered for a sample place; undefined for others. */
export function callPlace(name: string, values: readonly Value[], place: DeploymentPlace): Value | undefined {
  const texts = values.map(textOf);
  switch (name) {
    case 'resourceid':
      return resourceId(texts, place, false);
    case 'subscriptionresourceid':
      return resourceId(texts, place, true);
    case 'resourcegroup':
      return {
        id: placePath(place),
        name: place.resourceGroup ?? '',
        location: sampleLocation,
        tags: {},
      };
    case 'subscription':
      return {
        id: subscriptionPath(place),
        subscriptionId: place.subscriptionId,
        tenantId: sampleTenantId,
        displayName: 'sample',
      };
    case 'tenant':
      return { tenantId: sampleTenantId };
    case 'deployment':
      return { name: 'sample', location: sampleLocation };
    case 'environment':
      return publicCloud;
    default:
      return undefined;
  }
}

/** The id that `reference` or another function was asked for, of a value known at run time. */
export function referencedId(value: Value | undefined): string | undefined {
  const text = value instanceof Runtime ? value.text : isObject(value) ? '' : textOf(value);
  return /reference\('([^']+)'/.exec(text)?.[1];
}
