import hostSettings from '../../../host.json' with { type: 'json' };
import { type Config, ConfigurationError, parseConfig, settingNames } from '../../config.ts';
import { isJsonObject } from '../../json.ts';
import { sweepDeadline } from '../../planning/rounds.ts';
import type { EpochSeconds } from '../../time.ts';
import { usageError } from '../result.ts';
import { type Finding, type Findings, note, problem, warning } from './finding.ts';

/** Whether the pacer's writes suffice for all access tokens between two ticks. */
export function writeBudget(config: Config, tokens: number, now: EpochSeconds): Finding {
  const tick = config.schedule.nextTickAfter(now);
  const next = config.schedule.nextTickAfter(tick);
  const seconds = sweepDeadline(tick, next, config.functionTimeoutSeconds) - tick;
  const oneVault = config.credentialsVaultUrl === config.tokensVaultUrl;
  const most = Math.floor((config.vaultWritesPerSecond * seconds) / (oneVault ? 2 : 1));
  const percent = Math.round((100 * tokens) / Math.max(most, 1));
  const what = `${tokens} access tokens are refreshed in a sweep, ${percent} % of the ${most} that the vaults' write limit allows.`;
  const remedy =
    'Use two vaults if one has both roles, raise VAULT_WRITES_PER_SECOND to 29, or divide the accounts over two deployments.';
  if (percent > 100) return problem('write budget', what, remedy);
  return percent > 70 ? warning('write budget', what, remedy) : note('write budget', what);
}

/** Whether readers of access tokens can reach refresh tokens. */
export function* vaultRoles({ credentialsVaultUrl, tokensVaultUrl }: Config): Findings {
  const what = 'One vault has both roles, so whoever reads access tokens can read refresh tokens.';
  if (credentialsVaultUrl === tokensVaultUrl)
    yield warning(credentialsVaultUrl, what, 'Use two vaults outside development.');
}

/** A list of `az functionapp config appsettings list`, the values of local.settings.json, or plain names and values. */
function settingsIn(json: unknown): AppSettings {
  const values = isJsonObject(json) && isJsonObject(json['Values']) ? json['Values'] : json;
  const pairs = Array.isArray(values)
    ? values.map((entry: unknown) => (isJsonObject(entry) ? [entry['name'], entry['value']] : []))
    : isJsonObject(values)
      ? Object.entries(values)
      : [];
  const settings = pairs.flatMap(([name, value]) =>
    typeof name === 'string' && typeof value === 'string' ? [[name, value] as const] : [],
  );
  if (settings.length > 0) return new Map(settings);
  throw usageError(
    'The app settings are no list of names and values.',
    'Give what az functionapp config appsettings list prints.',
  );
}

/** Letters that are left of a name when what people get wrong is taken away: case, separators, plurals. */
const skeleton = (name: string): string => name.toUpperCase().replace(/[^A-Z]|S(?=_|$)/g, '');
const bySkeleton = new Map(settingNames.map((name) => [skeleton(name), name]));

type AppSettings = ReadonlyMap<string, string>;

function* misspelt(settings: AppSettings): Findings {
  for (const name of settings.keys()) {
    const meant = bySkeleton.get(skeleton(name));
    if (meant !== undefined && meant !== name && !settings.has(meant))
      yield warning(`setting ${name}`, 'The code does not read it.', `Name it ${meant}.`);
  }
}

function* faults(settings: AppSettings): Findings {
  try {
    parseConfig(Object.fromEntries(settings), hostSettings.functionTimeout);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    for (const { setting, message } of error.faults)
      yield problem(`setting ${setting}`, `It ${message}.`, "Correct it in the function app's settings.");
  }
}

/** AppSettings by which this command looks at other vaults than the app works with. */
function* otherVaults(settings: AppSettings, { credentialsVaultUrl, tokensVaultUrl }: Config): Findings {
  const urls = { CREDENTIALS_VAULT_URL: credentialsVaultUrl, TOKENS_VAULT_URL: tokensVaultUrl };
  for (const [name, url] of Object.entries(urls)) {
    const set = settings.get(name);
    const what = `The app works with another vault than ${url}.`;
    if (set !== undefined && URL.parse(set)?.origin !== url)
      yield problem(`setting ${name}`, what, 'Look at the right vaults, or correct the setting.');
  }
}

/** Both spellings: Linux has no dots in names (azure-webjobs-sdk, FunctionIndexer). */
const disabled = /^AzureWebJobs([._])(\w+)\1Disabled$/i;
const isOn = (value: string): boolean => /^(1|true)$/i.test(value.trim());

function* switchedOff(settings: AppSettings): Findings {
  for (const [name, value] of settings) {
    const [, , target = ''] = disabled.exec(name) ?? [];
    if (target === '' || !isOn(value)) continue;
    const [level, what] =
      target.toLowerCase() === 'refreshtokens'
        ? [problem, 'It switches the timer off: no token is refreshed.']
        : [warning, `It switches the function ${target} off.`];
    yield level(`setting ${name}`, what, 'Remove the setting, or set it to false.');
  }
}

/** Flex Consumption takes none; elsewhere the host would tick in that zone (Learn, App settings reference). */
function* timeZone(settings: AppSettings): Findings {
  const zone = settings.get('TZ')?.trim() ?? '';
  const what = 'It moves the clock of the schedule, which the app plans in UTC.';
  if (zone !== '' && !/^(Etc\/)?UTC$/i.test(zone))
    yield problem('setting TZ', what, 'Remove it; write REFRESH_SCHEDULE in UTC.');
}

function* leftOver(settings: AppSettings): Findings {
  for (const name of ['AZURE_CLIENT_SECRET', 'AZURE_CLIENT_CERTIFICATE_PATH', 'AZURE_TENANT_ID']) {
    if ((settings.get(name) ?? '').trim() === '') continue;
    yield warning(
      `setting ${name}`,
      'Left over from a service principal: the app is its managed identity and does not read it.',
      name.endsWith('SECRET')
        ? 'Remove it, and the secret from its app registration: whoever may look at the app could read it.'
        : 'Remove it.',
    );
  }
}

/** The deployment counts them; one that was made without these templates has no such setting. */
function* nobodyToAlert(settings: AppSettings): Findings {
  const remedy = 'Name somebody in ALERT_EMAILS or ALERT_ACTION_GROUP_IDS and deploy again.';
  if (settings.get('ALERT_RECEIVERS')?.trim() === '0')
    yield warning('alerts', 'Nobody is told of them.', remedy);
}

const askForSettings =
  'Give them with --app-settings: az functionapp config appsettings list … | token-refresher doctor --app-settings -';

/** The app's settings against what the code reads; values are never told. */
export function appSettings(json: unknown, config: Config): Finding[] {
  if (json === undefined) return [note('app settings', 'Not looked at.', askForSettings)];
  const settings = settingsIn(json);
  const checks = [faults, misspelt, otherVaults, switchedOff, timeZone, leftOver, nobodyToAlert];
  const found = checks.flatMap((check) => [...check(settings, config)]);
  return found.length === 0 ? [note('app settings', 'The code can read all of them.')] : found;
}
