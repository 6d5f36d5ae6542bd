import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { decodeText } from '../src/text.ts';
import { systemClock } from '../src/time.ts';
import type { FunctionsHost } from './functions-host/functions-host.ts';
import { type LocalEnvironment, startLocalEnvironment } from './local-environment.ts';
import { liveOn } from './own-process.ts';
import { openApp, startApp, timerFunction } from './run-app.ts';
import { seedSampleAccounts } from './sample-accounts.ts';

type LocalSettings = Readonly<Record<string, string>>;

const settingsFile = new URL('../local.settings.json', import.meta.url);
const settingsSchema = z.object({
  IsEncrypted: z
    .literal(false, 'encrypted settings cannot be read here: run "func settings decrypt"')
    .optional(),
  Values: z.record(z.string(), z.string()),
});

class LocalSettingsError extends Error {
  readonly code = 'local_settings_invalid';

  constructor(fault: string) {
    super(`local.settings.json cannot be used: ${fault}`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LocalSettingsError(error instanceof Error ? error.message : 'it is not JSON');
  }
}

/** The values of local.settings.json, the file that Azure Functions' own tools read too; undefined without one. */
function readSettings(): LocalSettings | undefined {
  if (!existsSync(settingsFile)) return undefined;
  const parsed = settingsSchema.safeParse(parseJson(decodeText(readFileSync(settingsFile))));
  if (!parsed.success) throw new LocalSettingsError(z.prettifyError(parsed.error));
  return parsed.data.Values;
}

async function startEmulators(): Promise<LocalEnvironment> {
  const local = await startLocalEnvironment({ clock: systemClock });
  seedSampleAccounts(local.world);
  console.log(`Credentials vault  ${local.urls.credentialsVault}`);
  console.log(`Tokens vault       ${local.urls.tokensVault}`);
  console.log(`Entra              ${local.urls.entra}`);
  return local;
}

function printSettings(settings: LocalSettings): void {
  console.log('Settings of local.settings.json');
  console.log(`Credentials vault  ${settings['CREDENTIALS_VAULT_URL'] ?? 'not set'}`);
  console.log(`Tokens vault       ${settings['TOKENS_VAULT_URL'] ?? 'not set'}`);
}

function printFunctions(host: FunctionsHost): void {
  for (const { name, schedule } of host.functions)
    console.log(`Function ${name}${schedule === undefined ? '' : `, ${schedule} (UTC)`}`);
}

/**
 * Runs the timer on its schedule until Ctrl-C; one that comes during the sweep of `--now` ends the process at once.
 *
 * @param key what the functions and the sign-in ask for; default: nothing
 */
async function run(appSettings: LocalSettings, key?: string): Promise<void> {
  const host = await startApp(appSettings, (line) => console.log(line));
  printFunctions(host);
  const door = await openApp(host, key === undefined ? {} : { functionKey: key, signInKey: key });
  console.log(`Status page        ${door.url}/status`);
  if (key !== undefined) console.log(`Key                ${key}`);
  console.log('Ctrl-C ends it; with "npm start -- --now" a sweep runs at once.');
  const timers = host.startTimers(systemClock);
  // PowerShell takes the first "--" for itself, and npm then the option: it comes as a setting of npm's.
  if (process.argv.includes('--now') || process.env['npm_config_now'] === 'true')
    await host.runTimer(timerFunction).catch((error: Error) => console.error(error.message));
  await once(process, 'SIGINT');
  await timers.stop();
  await host.stop();
}

async function start(): Promise<void> {
  const settings = readSettings();
  if (settings !== undefined) {
    printSettings(settings);
    // Other users and programs of this machine reach loopback, too, and real accounts stand behind it.
    return run(settings, randomBytes(32).toString('base64url'));
  }
  const local = await startEmulators();
  liveOn(local.appSettings);
  try {
    await run(local.appSettings);
  } finally {
    await local.close();
  }
}

/** What the user's own settings cause is told in a sentence; a stack trace would hide it. */
function tellFault(error: unknown): void {
  if (!(error instanceof LocalSettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

await start().catch(tellFault);
