import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { packagedBicep, restoreBicep } from './bicep-package.ts';
import { bicepVersion } from './bicep-version.ts';

const run = promisify(execFile);

/** A Bicep compiler on this machine. */
export interface BicepCli {
  readonly path: string;
  /** Like `0.49.2`. */
  readonly version: string;
  /** Where it came from, for people. */
  readonly from: string;
}

interface FindOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the NuGet package lies or goes. */
  readonly cacheDirectory: string;
  /** Whether one may be downloaded when there is none. */
  readonly mayDownload: boolean;
}

export type FoundCli = { readonly cli: BicepCli } | { readonly missing: string };

const suffix = process.platform === 'win32' ? '.exe' : '';

/** The first executable of that name on the PATH. */
async function onPath(name: string, environment: FindOptions['environment']): Promise<string | undefined> {
  for (const directory of (environment['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    // The Azure CLI is a batch file on Windows, which runs only through a shell; its compiler is an .exe like any other.
    for (const end of process.platform === 'win32' ? ['.exe', '.cmd'] : ['']) {
      const path = join(directory, `${name}${end}`);
      if (await isExecutable(path)) return path;
    }
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** @throws when it does not run or says no version */
async function started(
  path: string,
  from: string,
  environment: FindOptions['environment'],
): Promise<BicepCli> {
  const { stdout } = await run(path, ['--version'], { env: compilerEnvironment(environment) });
  const version = /(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (version === undefined) throw new Error(`"${path} --version" says no version`);
  return { path, version, from };
}

/** The compiler needs no cultures, and a machine may not have them. */
export function compilerEnvironment(environment: FindOptions['environment']): NodeJS.ProcessEnv {
  return { ...environment, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1' };
}

/** Where the Azure CLI keeps the compiler that `az bicep` runs. */
function azureCliBicep(environment: FindOptions['environment']): string {
  const directory = environment['AZURE_CONFIG_DIR'] ?? join(environment['HOME'] ?? homedir(), '.azure');
  return join(directory, 'bin', `bicep${suffix}`);
}

async function throughAzureCli({ environment, mayDownload }: FindOptions): Promise<string | undefined> {
  const az = await onPath('az', environment);
  if (az === undefined) return undefined;
  const bicep = azureCliBicep(environment);
  if (!(await isExecutable(bicep)) && mayDownload) {
    await run(az, ['bicep', 'install', '--version', `v${bicepVersion}`], {
      env: { ...environment },
      shell: az.endsWith('.cmd'),
      timeout: 120_000,
    });
  }
  return (await isExecutable(bicep)) ? bicep : undefined;
}

interface Way {
  readonly from: string;
  readonly find: (options: FindOptions) => Promise<string | undefined>;
}

/** In this order; the first that runs is taken. */
const ways: readonly Way[] = [
  { from: '`bicep` on the PATH', find: ({ environment }) => onPath('bicep', environment) },
  { from: '`az bicep`', find: throughAzureCli },
  {
    from: 'NuGet',
    find: ({ environment, cacheDirectory, mayDownload }) =>
      mayDownload ? restoreBicep(cacheDirectory, environment) : packagedBicep(cacheDirectory),
  },
];

/** The one line of an error that says most. */
function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const lines = text.split('\n').map((line) => line.trim());
  return lines.find((line) => /error/i.test(line)) ?? lines[0] ?? '';
}

/**
 * Finds a Bicep compiler: the one that the setting `BICEP_CLI` names (`none`: do without), else `bicep` on the PATH,
 * else that of the Azure CLI, else the NuGet package.
 */
export async function findBicepCli(options: FindOptions): Promise<FoundCli> {
  const { environment } = options;
  const named = environment['BICEP_CLI'];
  if (named === 'none') return { missing: 'BICEP_CLI is none' };
  if (named) return { cli: await started(named, 'BICEP_CLI', environment) };
  const missing: string[] = [];
  for (const { from, find } of ways) {
    try {
      const path = await find(options);
      if (path !== undefined) return { cli: await started(path, from, environment) };
      missing.push(`${from}: not there`);
    } catch (error) {
      missing.push(`${from}: ${reason(error)}`);
    }
  }
  return { missing: missing.join('; ') };
}
