import { longestBodyBytes } from '../../../src/http/access.ts';
import { at, textOf } from '../arm/value.ts';
import { notSet, readElsewhere, refusedByFlex } from '../settings.ts';
import {
  appSettings,
  type CheckedWorld,
  is,
  learn,
  type MustHave,
  projectRule,
  type TemplateFinding,
  type View,
} from './must-have.ts';

function everyReadSettingIsSet({ views, settingsRead }: CheckedWorld): TemplateFinding[] {
  const { pointer } = appSettings(views[0] as View);
  const set = new Set(views.flatMap((view) => [...appSettings(view).values.keys()]));
  return [...settingsRead]
    .filter(([name]) => !set.has(name) && !notSet.has(name))
    .map(([name, file]) => ({
      at: pointer,
      message: `${name}, which ${file} reads, is not set: add it to the app settings`,
    }));
}

function noOtherIsSet({ views, settingsRead }: CheckedWorld): TemplateFinding[] {
  return views.flatMap((view) => {
    const { values, pointer } = appSettings(view);
    return [...values.keys()]
      .filter((name) => !readElsewhere.has(name) && (!settingsRead.has(name) || notSet.has(name)))
      .map((name) => ({
        at: pointer,
        message: `${name} is set, and ${notSet.get(name) ?? 'nothing reads it'}: take it out`,
      }));
  });
}

/** Exceptions that no longer stand for anything. */
function staleExceptions({ views, settingsRead }: CheckedWorld): TemplateFinding[] {
  const { pointer } = appSettings(views[0] as View);
  const set = new Set(views.flatMap((view) => [...appSettings(view).values.keys()]));
  const unread = [...notSet.keys()].filter((name) => !settingsRead.has(name));
  const unset = [...readElsewhere.keys()].filter((name) => !set.has(name));
  return [
    ...unread.map((name) => `${name} is excepted from being set, and nothing reads it any more`),
    ...unset.map((name) => `${name} is excepted from being read, and nothing sets it any more`),
  ].map((message) => ({ at: pointer, message: `${message}: take it out of infra/check/settings.ts` }));
}

function flexSettings(view: View): TemplateFinding[] {
  const { values, pointer } = appSettings(view);
  return [...values.keys()]
    .filter((name) => refusedByFlex.some((refused) => refused.test(name)))
    .map((name) => ({ at: pointer, message: `${name} is not for Flex Consumption: take it out` }));
}

function storageByIdentity(view: View): TemplateFinding[] {
  const { values, pointer } = appSettings(view);
  const wanted = { AzureWebJobsStorage__credential: 'managedidentity' };
  const findings = Object.entries(wanted)
    .filter(([name, value]) => textOf(values.get(name)) !== value)
    .map(([name, value]) => `${name} must be ${value}`);
  if (!values.has('AzureWebJobsStorage__clientId')) {
    findings.push('AzureWebJobsStorage__clientId is missing, which a user-assigned identity needs');
  }
  // The host maps even an empty one in, and then asks for no identity.
  if (values.has('AzureWebJobsStorage')) findings.push('AzureWebJobsStorage is set: take it out, empty too');
  return findings.map((message) => ({ at: pointer, message }));
}

function entraTelemetry(view: View): TemplateFinding[] {
  const { values, pointer } = appSettings(view);
  const name = 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING';
  const isEntra = /Authorization=AAD/i.test(textOf(values.get(name)));
  return isEntra ? [] : [{ at: pointer, message: `${name} must hold Authorization=AAD` }];
}

const secretLike = /(secret|password|key|token|connection_?string|sas)$/i;

/** What is named like a secret; the connection string opens nothing while Application Insights wants Entra tokens. */
function noSecretSetting(view: View): TemplateFinding[] {
  const { values, pointer } = appSettings(view);
  return [...values.keys()]
    .filter((name) => secretLike.test(name) && name !== 'APPLICATIONINSIGHTS_CONNECTION_STRING')
    .map((name) => ({ at: pointer, message: `${name} looks like a secret, which belongs into the vault` }));
}

/** Well above what the app takes, and little enough for any number of requests that may wait. */
const largestBodyLimitBytes = 65_536;

function smallBodies(view: View): TemplateFinding[] {
  const { values, pointer } = appSettings(view);
  const name = 'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT';
  const limit = Number(textOf(values.get(name)));
  if (limit >= longestBodyBytes && limit <= largestBodyLimitBytes) return [];
  return [{ at: pointer, message: `${name} must be ${longestBodyBytes} to ${largestBodyLimitBytes} bytes` }];
}

function boundedRequests({ host }: CheckedWorld): TemplateFinding[] {
  const path = ['extensions', 'http'];
  return ['maxConcurrentRequests', 'maxOutstandingRequests']
    .filter((name) => !(Number(at(host, ...path, name)) > 0))
    .map((name) => ({ at: 'host.json', message: `${[...path, name].join('.')} must be a number above 0` }));
}

function queryTracingOff({ host }: CheckedWorld): TemplateFinding[] {
  const path = ['logging', 'applicationInsights', 'enableQueryStringTracing'];
  if (is(false).holds(at(host, ...path))) return [];
  return [{ at: 'host.json', message: `${path.join('.')} must be false` }];
}

export const settingMustHaves: readonly MustHave[] = [
  {
    rule: 'setting-missing',
    must: 'Every app setting that the code reads is set.',
    because: 'the app would start with a default that nobody chose, or not at all',
    source: projectRule,
    overall: everyReadSettingIsSet,
  },
  {
    rule: 'setting-unknown',
    must: 'No other app setting is set.',
    because: 'a misspelt setting is silently without effect',
    source: projectRule,
    overall: noOtherIsSet,
  },
  {
    rule: 'setting-exception',
    must: 'Each exception from these two still stands for something.',
    because: 'an old exception hides a new mistake',
    source: projectRule,
    overall: staleExceptions,
  },
  {
    rule: 'setting-flex',
    must: 'No setting is one that Flex Consumption refuses.',
    because: 'the deployment fails, or the setting is without effect',
    source: learn('azure-functions/functions-app-settings'),
    each: flexSettings,
  },
  {
    rule: 'setting-storage',
    must: 'The host reaches its storage as the identity.',
    because: 'there are no keys',
    source: 'https://github.com/Azure/azure-functions-host/issues/11787',
    each: storageByIdentity,
  },
  {
    rule: 'setting-telemetry',
    must: 'Telemetry is sent with an Entra token.',
    because: 'Application Insights takes no other',
    source: learn('azure-functions/configure-monitoring'),
    each: entraTelemetry,
  },
  {
    rule: 'setting-secret',
    must: 'No app setting is a secret.',
    because: 'everyone who may look at the app could read it',
    source: projectRule,
    each: noSecretSetting,
  },
  {
    rule: 'setting-body-limit',
    must: 'The host refuses bodies that the app would refuse anyway.',
    because: 'it reads a body whole, up to 100 MB, before the app is asked, for anybody',
    // Also azure-functions-host #10519: what is longer is answered with 500.
    source: learn('azure-functions/functions-app-settings'),
    each: smallBodies,
  },
  {
    rule: 'host-request-limits',
    must: 'The host works on a bounded number of requests, and lets a bounded number wait.',
    because: 'on Flex Consumption neither has a bound of its own',
    source: learn('azure-functions/functions-host-json'),
    overall: boundedRequests,
  },
  {
    rule: 'host-query-tracing',
    must: 'The host records no query strings.',
    because: 'a consent code travels in one',
    source: learn('azure-functions/functions-host-json'),
    overall: queryTracingOff,
  },
];
