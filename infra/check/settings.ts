import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { settingNames } from '../../src/config.ts';

/** Read by the code, and not for the templates to set. */
export const notSet: ReadonlyMap<string, string> = new Map([
  ['ALLOW_LOOPBACK', 'for the local environment only'],
  ['AzureFunctionsJobHost__functionTimeout', 'host.json has it'],
  ['IDENTITY_ENDPOINT', 'the platform sets it where there is an identity'],
  ['IDENTITY_HEADER', 'the platform sets it where there is an identity'],
  ['WEBSITE_AUTH_ENABLED', 'the platform sets it with its authentication'],
  ['WEBSITE_HOSTNAME', 'the platform sets it'],
  ['WEBSITE_INSTANCE_ID', 'the platform sets it'],
  ['WEBSITE_SITE_NAME', 'the platform sets it'],
  ['WEBSITE_SKU', 'the platform sets it'],
  ['WEBSITE_TIME_ZONE', 'the app refuses it: the schedule is in UTC'],
]);

/** Set by the templates, and read by others than the code. */
export const readElsewhere: ReadonlyMap<string, string> = new Map([
  ['ALERT_RECEIVERS', 'the doctor of the command line reads it: whether anybody is told of alerts'],
  ['AzureWebJobsStorage__blobServiceUri', 'the Functions host reads it: where its locks are'],
  ['AzureWebJobsStorage__clientId', 'the Functions host reads it: as whom it reaches its storage'],
  ['AzureWebJobsStorage__credential', 'the Functions host reads it: without a key'],
  ['FUNCTIONS_REQUEST_BODY_SIZE_LIMIT', 'the Functions host reads it: the longest body, in bytes'],
  [
    'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID',
    'App Service authentication reads it: the identity that proves the app registration',
  ],
]);

/** Refused by Flex Consumption, or without effect there. */
export const refusedByFlex: readonly RegExp[] = [
  /^FUNCTIONS_EXTENSION_VERSION$/,
  /^FUNCTIONS_WORKER_(RUNTIME|RUNTIME_VERSION|PROCESS_COUNT)$/,
  /^WEBSITE_(NODE_DEFAULT_VERSION|RUN_FROM_PACKAGE|CONTENT\w*|VNET_ROUTE_ALL|TIME_ZONE)$/,
  /^(SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD|TZ)$/,
];

/** How sources read a setting by its name: from the environment under its usual names, or in a trigger's `%NAME%`. */
const readings = [
  /\b(?:process\.env|env|environment|settings)(?:\?\.|\.)([A-Z][A-Za-z0-9]*_\w+)\b/g,
  /\b(?:process\.env|env|environment|settings)(?:\?\.)?\[\s*['"`](\w+)['"`]\s*\]/g,
  /[{,]\s*([A-Z][A-Za-z0-9]*_\w+)(?=[^{}]*\}\s*=\s*(?:process\.env|env|environment|settings)\b)/g,
  /['"`]%(\w+)%['"`]/g,
];

/** The settings that a source reads. */
export function settingsReadBy(source: string): string[] {
  return readings.flatMap((reading) => [...source.matchAll(reading)].map(([, name = '']) => name));
}

/** The room that runs on somebody's own machine, never as the app. */
const notDeployed = ['src/cli'];

/** The settings that the deployed code reads, and where. */
export function settingsRead(root: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>(settingNames.map((name) => [name, 'src/config.ts']));
  const paths = globSync(['src/**/*.ts', 'functions/*.ts'], {
    cwd: root,
    exclude: (path) => notDeployed.includes(path),
  });
  const deployed = paths.filter((path) => !notDeployed.some((room) => path.startsWith(`${room}/`)));
  for (const path of deployed.sort()) {
    for (const name of settingsReadBy(readFileSync(join(root, path), 'utf8'))) {
      if (!found.has(name)) found.set(name, path);
    }
  }
  return found;
}
