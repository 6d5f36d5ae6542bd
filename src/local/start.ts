import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { systemClock } from '../time.ts';
import { type LocalEnvironment, startLocalEnvironment } from './local-environment.ts';
import { startApp, timerFunction } from './run-app.ts';
import { seedSampleAccounts } from './sample-accounts.ts';

const settingsFile = new URL('../../local.settings.json', import.meta.url);

/** The values of local.settings.json, the file that Azure Functions' own tools read too; undefined without one. */
function readSettings(): Record<string, string> | undefined {
  if (!existsSync(settingsFile)) return undefined;
  const { Values = {} } = JSON.parse(readFileSync(settingsFile, 'utf8')) as {
    Values?: Record<string, string>;
  };
  return Values;
}

async function startEmulators(): Promise<LocalEnvironment> {
  const local = await startLocalEnvironment({ clock: systemClock });
  seedSampleAccounts(local.world);
  console.log(`Credentials vault  ${local.urls.credentialsVault}`);
  console.log(`Tokens vault       ${local.urls.tokensVault}`);
  console.log(`Entra              ${local.urls.entra}`);
  return local;
}

const settings = readSettings();
const local = settings === undefined ? await startEmulators() : undefined;
if (settings !== undefined) {
  console.log(
    `Settings of local.settings.json: ${settings['CREDENTIALS_VAULT_URL']}, ${settings['TOKENS_VAULT_URL']}`,
  );
}
const host = await startApp(settings ?? local?.appSettings ?? {}, (line) => console.log(line));
for (const { name, schedule } of host.functions)
  console.log(`Function ${name}${schedule === undefined ? '' : `, ${schedule} (UTC)`}`);
const timers = host.startTimers(systemClock);
if (process.argv.includes('--now'))
  await host.runTimer(timerFunction).catch((error: Error) => console.error(error.message));
console.log('Ctrl-C ends it; with "npm start -- --now" a sweep runs at once.');
await once(process, 'SIGINT');
await timers.stop();
await host.stop();
await local?.close();
