import { z } from 'zod';
import { leastIntervalSeconds } from './planning/rounds.ts';
import { parseSchedule, type Schedule, shortestIntervalSeconds } from './planning/schedule.ts';
import { defaultWritesPerSecond } from './vault/write-pacer.ts';

/** Every 30 minutes: access tokens live 60 to 90. */
export const defaultSchedule = '0 */30 * * * *';
const defaultMinimumValidityMinutes = 10;
/** Reaches what the vaults' write limits allow (`npm run bench`), and no more. */
export const defaultSweepConcurrency = 32;

/** The app's settings, parsed and checked. */
export interface Config {
  readonly credentialsVaultUrl: string;
  readonly tokensVaultUrl: string;
  readonly schedule: Schedule;
  readonly minimumValidityMinutes: number;
  readonly sweepConcurrency: number;
  readonly vaultWritesPerSecond: number;
  readonly additionalAuthorityHosts: readonly string[];
  readonly allowLoopbackHttp: boolean;
  readonly functionTimeoutSeconds: number;
  readonly applicationInsightsConnectionString?: string;
  /** True when Application Insights takes only Entra tokens. */
  readonly applicationInsightsEntraAuthentication: boolean;
  /** The user-assigned managed identity's client id. */
  readonly managedIdentityClientId?: string;
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

const loopbackHosts = new Set(['127.0.0.1', '[::1]', 'localhost']);
const required = 'is missing';

function wholeNumber(least: number, most: number, preset: number) {
  const message = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,6}$/, message)
    .transform(Number)
    .pipe(z.number().min(least, message).max(most, message))
    .default(preset);
}

const vaultUrl = z
  .string(`${required}: the vault's URL, like https://my-vault.vault.azure.net`)
  .refine(
    (text) => isOrigin(text),
    "must be the vault's URL without a path, like https://my-vault.vault.azure.net",
  )
  .transform((text) => new URL(text).origin);

const schema = z.object({
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
  MINIMUM_VALIDITY_MINUTES: wholeNumber(1, 1440, defaultMinimumValidityMinutes),
  SWEEP_CONCURRENCY: wholeNumber(1, 256, defaultSweepConcurrency),
  VAULT_WRITES_PER_SECOND: wholeNumber(1, 30, defaultWritesPerSecond),
  ADDITIONAL_AUTHORITY_HOSTS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((host) => host.trim())
        .filter((host) => host !== ''),
    )
    .pipe(
      z.array(
        z
          .string()
          .regex(/^[a-z0-9.-]+(:\d{1,5})?$/i, 'must be host names separated by commas, without https://'),
      ),
    ),
  ALLOW_LOOPBACK_HTTP: z.enum(['true', 'false'], 'must be true or false').default('false'),
  AzureFunctionsJobHost__functionTimeout: z
    .string()
    .regex(/^(-1|(\d+\.)?\d{2}:\d{2}:\d{2})$/, 'must be hh:mm:ss or -1')
    .optional(),
  APPLICATIONINSIGHTS_CONNECTION_STRING: z
    .string()
    .regex(/InstrumentationKey=/i, 'must hold InstrumentationKey=…')
    .optional(),
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: z.string().optional(),
  AZURE_CLIENT_ID: z.string().optional(),
});

/** The names of the settings that the app reads. */
export const settingNames = Object.keys(schema.shape) as readonly (keyof z.infer<typeof schema>)[];

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && (url.origin === text || `${url.origin}/` === text);
}

/** Seconds of an `hh:mm:ss` or `d.hh:mm:ss` time span; unbounded for `-1`. */
function timeSpanSeconds(text: string): number {
  if (text === '-1') return Number.POSITIVE_INFINITY;
  const match = /^(?:(\d+)\.)?(\d+):(\d+):(\d+)$/.exec(text);
  const [days, hours, minutes, seconds] = (match ?? []).slice(1).map((part) => Number(part ?? 0));
  return (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
}

function vaultUrlFault(url: string, allowLoopbackHttp: boolean): string | undefined {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:') return undefined;
  if (!loopbackHosts.has(hostname)) return 'must use https';
  return allowLoopbackHttp
    ? undefined
    : 'uses http, which only the local environment allows (ALLOW_LOOPBACK_HTTP)';
}

function relationFaults(config: Config): SettingFault[] {
  const faults: SettingFault[] = [];
  for (const [setting, url] of [
    ['CREDENTIALS_VAULT_URL', config.credentialsVaultUrl],
    ['TOKENS_VAULT_URL', config.tokensVaultUrl],
  ] as const) {
    const message = vaultUrlFault(url, config.allowLoopbackHttp);
    if (message !== undefined) faults.push({ setting, message });
  }
  if (shortestIntervalSeconds(config.schedule, 0) < leastIntervalSeconds) {
    const message = `has ticks closer than ${leastIntervalSeconds / 60} minutes, which leaves no time for a sweep`;
    faults.push({ setting: 'REFRESH_SCHEDULE', message });
  }
  if (config.functionTimeoutSeconds < leastIntervalSeconds) {
    const message = `is shorter than ${leastIntervalSeconds / 60} minutes, which leaves no time for a sweep`;
    faults.push({ setting: 'functionTimeout', message });
  }
  return faults;
}

function toConfig(settings: z.infer<typeof schema>, hostFunctionTimeout: string): Config {
  const connectionString = settings.APPLICATIONINSIGHTS_CONNECTION_STRING;
  const clientId = settings.AZURE_CLIENT_ID;
  return {
    credentialsVaultUrl: settings.CREDENTIALS_VAULT_URL,
    tokensVaultUrl: settings.TOKENS_VAULT_URL,
    schedule: settings.REFRESH_SCHEDULE,
    minimumValidityMinutes: settings.MINIMUM_VALIDITY_MINUTES,
    sweepConcurrency: settings.SWEEP_CONCURRENCY,
    vaultWritesPerSecond: settings.VAULT_WRITES_PER_SECOND,
    additionalAuthorityHosts: settings.ADDITIONAL_AUTHORITY_HOSTS,
    allowLoopbackHttp: settings.ALLOW_LOOPBACK_HTTP === 'true',
    functionTimeoutSeconds: timeSpanSeconds(
      settings.AzureFunctionsJobHost__functionTimeout ?? hostFunctionTimeout,
    ),
    ...(connectionString === undefined ? {} : { applicationInsightsConnectionString: connectionString }),
    applicationInsightsEntraAuthentication: /Authorization=AAD/i.test(
      settings.APPLICATIONINSIGHTS_AUTHENTICATION_STRING ?? '',
    ),
    ...(clientId === undefined ? {} : { managedIdentityClientId: clientId }),
  };
}

/**
 * Parses the app settings. An empty setting counts as absent, as Azure's portal saves cleared ones.
 *
 * @param environment the app settings, usually `process.env`
 * @param hostFunctionTimeout `functionTimeout` of host.json, `hh:mm:ss`
 * @throws ConfigurationError with every fault and its setting; values are never quoted
 */
export function parseConfig(
  environment: Readonly<Record<string, string | undefined>>,
  hostFunctionTimeout: string,
): Config {
  const present = Object.fromEntries(
    settingNames.flatMap((name) => (environment[name]?.trim() ? [[name, environment[name].trim()]] : [])),
  );
  const parsed = schema.safeParse(present);
  if (!parsed.success) {
    throw new ConfigurationError(
      parsed.error.issues.map((issue) => ({ setting: String(issue.path[0]), message: issue.message })),
    );
  }
  const config = toConfig(parsed.data, hostFunctionTimeout);
  const faults = relationFaults(config);
  if (faults.length > 0) throw new ConfigurationError(faults);
  return config;
}
