import { fileURLToPath } from 'node:url';
import hostSettings from '../host.json' with { type: 'json' };
import type { LogLine } from './functions-host/app.ts';
import type { FrontDoor } from './functions-host/front-door.ts';
import { type FunctionsHost, startFunctionsHost } from './functions-host/functions-host.ts';
import { requestLimits } from './functions-host/request-limits.ts';

export const timerFunction = 'refreshTokens';

/** Loads the function files of this checkout through the real library, with the given app settings. */
export function startApp(
  appSettings: Readonly<Record<string, string>>,
  log: (text: string, line: LogLine) => void,
): Promise<FunctionsHost> {
  Object.assign(process.env, appSettings);
  return startFunctionsHost({
    entryPoints: ['functions/*.ts'],
    appDirectory: fileURLToPath(new URL('../', import.meta.url)),
    appSettings: process.env as Record<string, string>,
    requestLimits: requestLimits(
      hostSettings.extensions.http,
      appSettings['FUNCTIONS_REQUEST_BODY_SIZE_LIMIT'],
    ),
    log: (line) => log(line.message, line),
  });
}

/** Whom the stand-in for the platform's authentication has signed in. */
const localUser = 'on-call@contoso.example';

/** Who gets in; default: everybody. */
interface Keys {
  /** What keyed functions demand. */
  readonly functionKey?: string;
  /** What the sign-in asks for, before anybody counts as {@link localUser}. */
  readonly signInKey?: string;
}

/** Serves the app on loopback as the platform does, its authentication included. */
export async function openApp(
  host: FunctionsHost,
  { functionKey, signInKey }: Keys = {},
): Promise<FrontDoor> {
  const door = await host.listen({
    signIn: { user: localUser, ...(signInKey === undefined ? {} : { key: signInKey }) },
    ...(functionKey === undefined ? {} : { functionKey }),
  });
  process.env['WEBSITE_AUTH_ENABLED'] = 'True';
  // Where loopback is not allowed, an http address would be a fault of the settings.
  if (process.env['ALLOW_LOOPBACK'] === 'true') process.env['PUBLIC_URL'] ??= new URL(door.url).origin;
  return door;
}
