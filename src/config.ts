import * as z from 'zod';
import { maximumValidityMinutes } from './accounts/registration-schema.ts';
import { isLoopbackHost, parseOrigin } from './http/origin.ts';
import { omitUndefined } from './omit-undefined.ts';
import { leastIntervalSeconds } from './planning/rounds.ts';
import { parseSchedule, type Schedule, shortestIntervalSeconds } from './planning/schedule.ts';
import { maximumWritesPerSecond } from './vault/write-pacer.ts';

/** Every 30 minutes: access tokens live 60 to 90. */
export const defaultSchedule = '0 */30 * * * *';
const defaultMinimumValidityMinutes = 10;
/** Reaches what the vaults' write limits allow (`npm run bench`), and no more. */
export const defaultSweepConcurrency = 32;
/** What Entra's refresh tokens live: a longer one would mark no secret as old that is. */
const defaultSecretExpiryDays = 90;
/** Longer than any access token lives, whose secret ends with it. */
const leastSecretExpiryDays = 2;

/** The app's settings, parsed and checked. */
export interface Config {
  readonly credentialsVaultUrl: string;
  readonly tokensVaultUrl: string;
  readonly schedule: Schedule;
  readonly minimumValidityMinutes: number;
  readonly sweepConcurrency: number;
  readonly vaultWritesPerSecond: number;
  /** The longest expiry that a secret is written with. */
  readonly secretExpiryDays: number;
  readonly additionalAuthorityHosts: readonly string[];
  readonly allowLoopback: boolean;
  readonly functionTimeoutSeconds: number;
  readonly applicationInsightsConnectionString?: string;
  /** True when Application Insights takes only Entra tokens. */
  readonly applicationInsightsEntraAuthentication: boolean;
  /** Whether this is the function app in Azure, or the local environment in its place. */
  readonly inAzure: boolean;
  /** The user-assigned managed identity's client id. */
  readonly managedIdentityClientId?: string;
  /** Origin of the app as browsers see it; needed for consent. */
  readonly publicUrl?: string;
}

export interface SettingFault {
  readonly setting: string;
  readonly message: string;
}

/** The app cannot work as it is set up. All faults are told together. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly code = 'configuration_invalid';
  readonly faults: readonly SettingFault[];

  constructor(faults: readonly SettingFault[]) {
    super(`The app settings need a change: ${faults.map((f) => `${f.setting} ${f.message}`).join('; ')}.`);
    this.faults = faults;
  }
}

function wholeNumber(least: number, most: number, preset: number) {
  const message = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,6}$/, message)
    .transform(Number)
    .pipe(z.number().min(least, message).max(most, message))
    .default(preset);
}

/** A text that a parser understands, as the parser gives it. */
function parsed<T>(text: z.ZodType<string>, parse: (text: string) => T | undefined, message: string) {
  return text.transform((value, context) => {
    const result = parse(value);
    if (result !== undefined) return result;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

const vaultUrl = parsed(
  z.string("is missing: the vault's URL, like https://my-vault.vault.azure.net"),
  parseOrigin,
  "must be the vault's URL without a path, like https://my-vault.vault.azure.net",
);

const hostName = (message: string) => z.string().regex(/^[a-z0-9.-]+(:\d{1,5})?$/i, message);

const timeSpan = /^(?:(\d{1,3})\.)?([01]\d|2[0-3]):([0-5]\d):([0-5]\d)$/;

const schemas = {
  CREDENTIALS_VAULT_URL: vaultUrl,
  TOKENS_VAULT_URL: vaultUrl,
  REFRESH_SCHEDULE: z
    .string()
    .default(defaultSchedule)
    .transform((text, context) => {
      const result = parseSchedule(text);
      if (result.ok) return result.schedule;
      context.addIssue({ code: 'custom', message: `${result.fault}, like ${defaultSchedule}` });
      return z.NEVER;
    }),
  MINIMUM_VALIDITY_MINUTES: wholeNumber(1, maximumValidityMinutes, defaultMinimumValidityMinutes),
  SWEEP_CONCURRENCY: wholeNumber(1, 256, defaultSweepConcurrency),
  VAULT_WRITES_PER_SECOND: wholeNumber(1, maximumWritesPerSecond, maximumWritesPerSecond),
  SECRET_EXPIRY_DAYS: wholeNumber(leastSecretExpiryDays, 3650, defaultSecretExpiryDays),
  ADDITIONAL_AUTHORITY_HOSTS: z
    .string()
    .default('')
    .transform((text) => text.split(',').flatMap((host) => host.trim() || []))
    .pipe(z.array(hostName('must be host names separated by commas, without https://'))),
  ALLOW_LOOPBACK: z.enum(['true', 'false'], 'must be true or false').default('false'),
  AzureFunctionsJobHost__functionTimeout: z
    .string()
    .refine(
      (text) => text === '-1' || timeSpan.test(text),
      '(or functionTimeout in host.json) must be hh:mm:ss or -1',
    )
    .transform(timeSpanSeconds),
  APPLICATIONINSIGHTS_CONNECTION_STRING: z
    .string()
    .regex(/InstrumentationKey=/i, 'must hold InstrumentationKey=…')
    .optional(),
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: z.string().optional(),
  AZURE_CLIENT_ID: z.string().optional(),
  // The platform sets them for whatever runs in App Service or Functions: Learn, How to use managed identities for App
  // Service and Azure Functions (IDENTITY_ENDPOINT with IDENTITY_HEADER, where there is an identity; without the header it is
  // that of a machine in Azure Arc), Environment variables and app settings in Azure App Service (WEBSITE_INSTANCE_ID,
  // WEBSITE_SKU; the Functions host tells Flex Consumption by the last).
  IDENTITY_ENDPOINT: z.string().optional(),
  IDENTITY_HEADER: z.string().optional(),
  WEBSITE_INSTANCE_ID: z.string().optional(),
  WEBSITE_SKU: z.string().optional(),
  PUBLIC_URL: parsed(
    z.string(),
    parseOrigin,
    'must be the URL of the app without a path, like https://my-app.azurewebsites.net',
  ).optional(),
  WEBSITE_HOSTNAME: hostName('must be a host name').optional(),
  // A plan that ignores it sweeps at other hours than its operator thinks, one that obeys it at others than planned here.
  WEBSITE_TIME_ZONE: z
    .string()
    .regex(/^(Etc\/)?UTC$/i, 'is not supported: REFRESH_SCHEDULE is in UTC; remove the setting')
    .optional(),
};

type ParsedSettings = { [Name in keyof typeof schemas]: z.infer<(typeof schemas)[Name]> };

/** The names of the settings that the app reads; Object.keys forgets which keys they are. */
export const settingNames = Object.keys(schemas) as readonly (keyof ParsedSettings)[];

/** Seconds of an `hh:mm:ss` or `d.hh:mm:ss` time span; unbounded for `-1`. */
function timeSpanSeconds(text: string): number {
  if (text === '-1') return Number.POSITIVE_INFINITY;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = (timeSpan.exec(text) ?? [])
    .slice(1)
    .map((part) => Number(part ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}

/** The SDK authenticates over TLS only, on loopback too. */
function vaultUrlFault(url: string, allowLoopback: boolean): string | undefined {
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'https:') return 'must use https';
  if (allowLoopback || !isLoopbackHost(hostname)) return undefined;
  return 'is a loopback address, which only the local environment allows (ALLOW_LOOPBACK)';
}

/** What is wrong between settings, as far as each of them could be read. */
function relationFaults(settings: Partial<ParsedSettings>): SettingFault[] {
  const faults: SettingFault[] = [];
  const allowLoopback = settings.ALLOW_LOOPBACK !== 'false';
  for (const setting of ['CREDENTIALS_VAULT_URL', 'TOKENS_VAULT_URL'] as const) {
    const url = settings[setting];
    const message = url === undefined ? undefined : vaultUrlFault(url, allowLoopback);
    if (message !== undefined) faults.push({ setting, message });
  }
  const { REFRESH_SCHEDULE: schedule, AzureFunctionsJobHost__functionTimeout: timeoutSeconds } = settings;
  if (schedule !== undefined && shortestIntervalSeconds(schedule, 0) < leastIntervalSeconds) {
    const message = `has ticks closer than ${leastIntervalSeconds / 60} minutes, which leaves no time for a sweep`;
    faults.push({ setting: 'REFRESH_SCHEDULE', message });
  }
  if (timeoutSeconds !== undefined && timeoutSeconds < leastIntervalSeconds) {
    const message = `(or functionTimeout in host.json) is shorter than ${leastIntervalSeconds / 60} minutes, which leaves no time for a sweep`;
    faults.push({ setting: 'AzureFunctionsJobHost__functionTimeout', message });
  }
  const { PUBLIC_URL: publicUrl } = settings;
  const isLoopback = publicUrl !== undefined && isLoopbackHost(new URL(publicUrl).hostname);
  if (publicUrl?.startsWith('http:') && !(isLoopback && allowLoopback)) {
    faults.push({ setting: 'PUBLIC_URL', message: 'must use https' });
  }
  return faults;
}

/** Where browsers find the app: as it was set, else the platform's own name. */
function publicUrlOf({ PUBLIC_URL: set, WEBSITE_HOSTNAME: host }: ParsedSettings): string | undefined {
  return set ?? (host && `https://${host}`);
}

function isInAzure(settings: ParsedSettings): boolean {
  const { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: header } = settings;
  const { WEBSITE_INSTANCE_ID: instance, WEBSITE_SKU: plan } = settings;
  return [endpoint && header, instance, plan].some(Boolean);
}

/** What undici takes for a proxy; anything else would end the process before it could tell why. */
function isProxy(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:', 'socks:', 'socks5:'].includes(url.protocol)) return false;
  try {
    decodeURIComponent(`${url.username}:${url.password}`);
    return true;
  } catch {
    return false;
  }
}

/** Of the settings by which the way out finds its proxy (src/http/dispatcher.ts), under both of their spellings. */
function proxyFaults(environment: Readonly<Record<string, string | undefined>>): SettingFault[] {
  const message = "must be the proxy's URL, like http://proxy.example:3128";
  return ['https_proxy', 'HTTPS_PROXY'].flatMap((setting) => {
    const text = environment[setting];
    return text === undefined || text === '' || isProxy(text) ? [] : [{ setting, message }];
  });
}

function toConfig(settings: ParsedSettings): Config {
  return {
    credentialsVaultUrl: settings.CREDENTIALS_VAULT_URL,
    tokensVaultUrl: settings.TOKENS_VAULT_URL,
    schedule: settings.REFRESH_SCHEDULE,
    minimumValidityMinutes: settings.MINIMUM_VALIDITY_MINUTES,
    sweepConcurrency: settings.SWEEP_CONCURRENCY,
    vaultWritesPerSecond: settings.VAULT_WRITES_PER_SECOND,
    secretExpiryDays: settings.SECRET_EXPIRY_DAYS,
    additionalAuthorityHosts: settings.ADDITIONAL_AUTHORITY_HOSTS,
    allowLoopback: settings.ALLOW_LOOPBACK === 'true',
    functionTimeoutSeconds: settings.AzureFunctionsJobHost__functionTimeout,
    applicationInsightsEntraAuthentication: /Authorization=AAD/i.test(
      settings.APPLICATIONINSIGHTS_AUTHENTICATION_STRING ?? '',
    ),
    inAzure: isInAzure(settings),
    ...omitUndefined({
      applicationInsightsConnectionString: settings.APPLICATIONINSIGHTS_CONNECTION_STRING,
      managedIdentityClientId: settings.AZURE_CLIENT_ID,
      publicUrl: publicUrlOf(settings),
    }),
  };
}

/**
 * Parses the app settings. An empty setting counts as absent, as Azure's portal saves cleared ones.
 *
 * @param environment the app settings, usually `process.env`
 * @param hostFunctionTimeout `functionTimeout` of host.json, `hh:mm:ss`; the host lets a setting override it
 * @throws ConfigurationError with every fault and its setting; values are never quoted
 */
export function parseConfig(
  environment: Readonly<Record<string, string | undefined>>,
  hostFunctionTimeout: string,
): Config {
  const presets: Partial<Record<keyof ParsedSettings, string>> = {
    AzureFunctionsJobHost__functionTimeout: hostFunctionTimeout,
  };
  const settings: { [Name in keyof ParsedSettings]?: unknown } = {};
  const faults: SettingFault[] = [];
  for (const setting of settingNames) {
    const parsed = schemas[setting].safeParse(environment[setting]?.trim() || presets[setting]);
    if (parsed.success) settings[setting] = parsed.data;
    else faults.push({ setting, message: parsed.error.issues[0]?.message ?? '' });
  }
  // Each was made by the schema of its name, which the compiler cannot follow through the loop.
  faults.push(...relationFaults(settings as Partial<ParsedSettings>), ...proxyFaults(environment));
  if (faults.length > 0) throw new ConfigurationError(faults);
  return toConfig(settings as ParsedSettings);
}
