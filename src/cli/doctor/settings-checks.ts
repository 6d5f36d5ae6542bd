import hostSettings from '../../../host.json' with { type: 'json' };
import { type Config, ConfigurationError, parseConfig, settingNames } from '../../config.ts';
import { sweepDeadline } from '../../planning/rounds.ts';
import type { EpochSeconds } from '../../time.ts';
import { isObject } from '../input-file.ts';
import { usageError } from '../result.ts';
import { type Finding, note, problem, warning } from './finding.ts';

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
export function vaultRoles({ credentialsVaultUrl, tokensVaultUrl }: Config): Finding[] {
  if (credentialsVaultUrl !== tokensVaultUrl) return [];
  const what = 'One vault has both roles, so whoever reads access tokens can read refresh tokens.';
  return [warning(credentialsVaultUrl, what, 'Use two vaults outside development.')];
}

/** A list of `az functionapp config appsettings list`, the values of local.settings.json, or plain names and values. */
function settingsIn(json: unknown): Map<string, string> {
  const values = isObject(json) && isObject(json['Values']) ? json['Values'] : json;
  const pairs = Array.isArray(values)
    ? values.map((entry: unknown) => (isObject(entry) ? [entry['name'], entry['value']] : []))
    : isObject(values)
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

function misspelt(settings: ReadonlyMap<string, string>): Finding[] {
  return [...settings.keys()].flatMap((name) => {
    const meant = bySkeleton.get(skeleton(name));
    if (meant === undefined || meant === name || settings.has(meant)) return [];
    return [warning(`setting ${name}`, 'The code does not read it.', `Name it ${meant}.`)];
  });
}

function faults(settings: ReadonlyMap<string, string>): Finding[] {
  try {
    parseConfig(Object.fromEntries(settings), hostSettings.functionTimeout);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.faults.map(({ setting, message }) =>
      problem(`setting ${setting}`, `It ${message}.`, "Correct it in the function app's settings."),
    );
  }
}

/** Settings by which this command looks at other vaults than the app works with. */
function otherVaults(settings: ReadonlyMap<string, string>, config: Config): Finding[] {
  const pairs = [
    ['CREDENTIALS_VAULT_URL', config.credentialsVaultUrl],
    ['TOKENS_VAULT_URL', config.tokensVaultUrl],
  ] as const;
  return pairs.flatMap(([name, url]) => {
    const set = settings.get(name);
    if (set === undefined || URL.parse(set)?.origin === url) return [];
    return [
      problem(
        `setting ${name}`,
        `The app works with another vault than ${url}.`,
        'Look at the right vaults, or correct the setting.',
      ),
    ];
  });
}

/** Both spellings: Linux has no dots in names (azure-webjobs-sdk, FunctionIndexer). */
const disabled = /^AzureWebJobs([._])(\w+)\1Disabled$/i;
const isOn = (value: string): boolean => /^(1|true)$/i.test(value.trim());

function switchedOff(settings: ReadonlyMap<string, string>): Finding[] {
  return [...settings].flatMap(([name, value]) => {
    const [, , target = ''] = disabled.exec(name) ?? [];
    if (target === '' || !isOn(value)) return [];
    const remedy = 'Remove the setting, or set it to false.';
    return target.toLowerCase() === 'refreshtokens'
      ? [problem(`setting ${name}`, 'It switches the timer off: no token is refreshed.', remedy)]
      : [warning(`setting ${name}`, `It switches the function ${target} off.`, remedy)];
  });
}

/** Flex Consumption takes none; elsewhere the host would tick in that zone (Learn, App settings reference). */
function timeZone(settings: ReadonlyMap<string, string>): Finding[] {
  const zone = settings.get('TZ')?.trim() ?? '';
  if (zone === '' || /^(Etc\/)?UTC$/i.test(zone)) return [];
  const what = 'It moves the clock of the schedule, which the app plans in UTC.';
  return [problem('setting TZ', what, 'Remove it; write REFRESH_SCHEDULE in UTC.')];
}

const ofServicePrincipals = ['AZURE_CLIENT_SECRET', 'AZURE_CLIENT_CERTIFICATE_PATH', 'AZURE_TENANT_ID'];

function leftOver(settings: ReadonlyMap<string, string>): Finding[] {
  return ofServicePrincipals
    .filter((name) => (settings.get(name) ?? '').trim() !== '')
    .map((name) => {
      const what =
        'Left over from a service principal: the app is its managed identity and does not read it.';
      const remedy = name.endsWith('SECRET')
        ? 'Remove it, and the secret from its app registration: whoever may look at the app could read it.'
        : 'Remove it.';
      return warning(`setting ${name}`, what, remedy);
    });
}

/** The deployment counts them; one that was made without these templates has no such setting. */
function nobodyToAlert(settings: ReadonlyMap<string, string>): Finding[] {
  if (settings.get('ALERT_RECEIVERS')?.trim() !== '0') return [];
  const remedy = 'Name somebody in ALERT_EMAILS or ALERT_ACTION_GROUP_IDS and deploy again.';
  return [warning('alerts', 'Nobody is told of them.', remedy)];
}

/** The app's settings against what the code reads; values are never told. */
export function appSettings(json: unknown, config: Config): Finding[] {
  if (json === undefined)
    return [
      note(
        'app settings',
        'Not looked at.',
        'Give them with --app-settings: az functionapp config appsettings list … | token-refresher doctor --app-settings -',
      ),
    ];
  const settings = settingsIn(json);
  const found = [
    ...faults(settings),
    ...misspelt(settings),
    ...otherVaults(settings, config),
    ...switchedOff(settings),
    ...timeZone(settings),
    ...leftOver(settings),
    ...nobodyToAlert(settings),
  ];
  return found.length === 0 ? [note('app settings', 'The code can read all of them.')] : found;
}
