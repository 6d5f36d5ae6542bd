import http from 'node:http';
import https from 'node:https';
import { Agent, setGlobalDispatcher } from 'undici';

/** What an operating system and its runtime need of a shell: no address, no credential, no proxy. */
const keptOfShell = [
  ...[
    'PATH',
    'PATHEXT',
    'HOME',
    'USERPROFILE',
    'HOMEDRIVE',
    'HOMEPATH',
    'SystemRoot',
    'SystemDrive',
    'windir',
  ],
  ...['TEMP', 'TMP', 'TMPDIR', 'LANG', 'LC_ALL', 'TERM', 'NO_COLOR', 'FORCE_COLOR', 'CI'],
];

/**
 * What the runtime needs of a shell's environment, and nothing else of it.
 *
 * @param more further names to keep
 */
export function runtimeEnvironment(
  shell: NodeJS.ProcessEnv,
  more: readonly string[] = [],
): NodeJS.ProcessEnv {
  const names = new Set([...keptOfShell, ...more].map((name) => name.toUpperCase()));
  return Object.fromEntries(Object.entries(shell).filter(([name]) => names.has(name.toUpperCase())));
}

/**
 * Makes the sample world's settings the whole environment of this process, as Azure would give it to the app: what a shell
 * has of a component to report to, of credentials or of proxies does not count, because the SDKs read `process.env` by
 * themselves. To be called before anything of the app is made.
 */
export function liveOn(settings: Readonly<Record<string, string>>): void {
  const kept = runtimeEnvironment(process.env);
  for (const name of Object.keys(process.env)) {
    if (!(name in kept)) delete process.env[name];
  }
  Object.assign(process.env, settings);
  // With NODE_USE_ENV_PROXY Node has read the proxies of the shell before any code ran (Node: Enterprise network setup).
  http.globalAgent = new http.Agent({ keepAlive: true });
  https.globalAgent = new https.Agent({ keepAlive: true });
  setGlobalDispatcher(new Agent());
}
