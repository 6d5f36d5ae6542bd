/**
 * The room of the app: it puts the others together.
 *
 * In: the settings of the process, and the log of an invocation. Out: the surroundings in which sweeps, consents and
 * commands work (this file, which keeps what a process shares), and what functions ask for: `invocations`, and the
 * status that is listed once a minute (`status-source`).
 */

import type { TokenCredential } from '@azure/identity';
import hostSettings from '../../host.json' with { type: 'json' };
import { type Config, ConfigurationError, parseConfig } from '../config.ts';
import type { ConsentEnvironment } from '../consent/consent-routes.ts';
import { SigningKeys } from '../consent/signing-key.ts';
import { signClientAssertion } from '../oauth/client-certificate.ts';
import { UndiciTokenEndpoint } from '../oauth/token-endpoint-client.ts';
import { TrustedIssuers } from '../oauth/trusted-issuers.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { RefreshEnvironment, RefreshPolicy } from '../refresh/environment.ts';
import { emitUnstartedSweep, type SweepRequest } from '../sweep/sweep-report.ts';
import { createTelemetry, type TelemetryFor } from '../telemetry/create-telemetry.ts';
import { type Clock, secondsPerDay, systemClock } from '../time.ts';
import {
  createIdentityToken,
  createProcessCredential,
  IdentityPatience,
  patientVault,
} from '../vault/identity.ts';
import { KeyVault, SecretDeletion } from '../vault/key-vault.ts';
import {
  besideSweepBudget,
  type PacedVault,
  sweepBudget,
  type WriteBudget,
  WritePacer,
} from '../vault/write-pacer.ts';

/** Takes a line for an invocation's log. */
export type Log = (line: string) => void;

type Vaults = Pick<RefreshEnvironment, 'credentials' | 'tokens'>;

/** Of a whole sweep, or of what may write beside one from another process: one account's refresh, a consent, a command. */
type WritePace = 'sweep' | 'beside_sweep';

/** Sweeps do without the public URL; consents do not. */
export type AppEnvironment = Omit<ConsentEnvironment, 'publicUrl'> & {
  readonly vaults: Readonly<Record<WritePace, Vaults>>;
  readonly publicUrl: string | undefined;
  /** In words, whose sign-in the vaults were asked with; undefined before the first request. */
  readonly signedInWith: () => string | undefined;
};

/**
 * The platform ends an HTTP request that was not answered after 230 s (Azure Functions: "Function app timeout
 * duration"); what it asked for stops before.
 */
export const answerLimitSeconds = 200;

/** What a process keeps between invocations: a client per vault, pacers, connections, the way of telemetry. */
interface Process extends Omit<AppEnvironment, 'telemetry'> {
  readonly telemetryFor: TelemetryFor;
}

let current: Process | undefined;
let clock: Clock = systemClock;

/** Moves the app's time; for the local environment, before the first invocation. */
export function useClock(other: Clock): void {
  clock = other;
}

function createVaults(config: Config, credential: TokenCredential, time: Clock): AppEnvironment['vaults'] {
  const { credentialsVaultUrl, tokensVaultUrl, allowLoopback } = config;
  const open = (vaultUrl: string) => new KeyVault({ vaultUrl, credential, allowLoopback });
  const first = open(credentialsVaultUrl);
  const second = tokensVaultUrl === credentialsVaultUrl ? first : open(tokensVaultUrl);
  const paced = (budget: WriteBudget): Vaults => {
    const at = (vault: KeyVault, setting: PacedVault['setting']) => ({
      vault,
      pacer: new WritePacer(time, budget),
      setting,
    });
    const credentials = at(first, 'CREDENTIALS_VAULT_URL');
    return { credentials, tokens: second === first ? credentials : at(second, 'TOKENS_VAULT_URL') };
  };
  return { sweep: paced(sweepBudget(config.vaultWritesPerSecond)), beside_sweep: paced(besideSweepBudget) };
}

/** The same surroundings at another pace of writes. */
export const atPace = (environment: AppEnvironment, pace: WritePace): AppEnvironment => ({
  ...environment,
  ...environment.vaults[pace],
});

/** The app settings of these surroundings. @throws ConfigurationError with every fault */
export function readConfig(settings: NodeJS.ProcessEnv): Config {
  return parseConfig(settings, hostSettings.functionTimeout);
}

function policyOf(config: Config): RefreshPolicy {
  return {
    schedule: config.schedule,
    minimumValiditySeconds: config.minimumValidityMinutes * 60,
    concurrency: config.sweepConcurrency,
    writesPerSecond: config.vaultWritesPerSecond,
    secretExpirySeconds: config.secretExpiryDays * secondsPerDay,
    functionTimeoutSeconds: config.functionTimeoutSeconds,
    additionalAuthorityHosts: config.additionalAuthorityHosts,
    allowLoopback: config.allowLoopback,
  };
}

function createProcess(config: Config, time: Clock): Process {
  const credential = createProcessCredential(config);
  const vaults = createVaults(config, credential, time);
  const endpoint = new UndiciTokenEndpoint({ connections: config.sweepConcurrency });
  const telemetryFor = createTelemetry({
    clock: time,
    ...omitUndefined({
      connectionString: config.applicationInsightsConnectionString,
      credential: config.applicationInsightsEntraAuthentication ? credential : undefined,
    }),
  });
  return {
    policy: policyOf(config),
    ...vaults.beside_sweep,
    vaults,
    endpoint,
    identityToken: createIdentityToken(config.managedIdentityClientId),
    signAssertion: signClientAssertion,
    clock: time,
    random: Math.random,
    createId: () => crypto.randomUUID(),
    telemetryFor,
    publicUrl: config.publicUrl,
    issuers: createIssuers(config, endpoint, time),
    signedInWith: () => credential.used,
    signingKeys: createSigningKeys(config, vaults.beside_sweep.credentials, time),
  };
}

/** Read for whichever request comes first: in Azure that one waits for the app's identity. */
function createSigningKeys(config: Config, credentials: PacedVault, time: Clock): SigningKeys {
  const vault = config.inAzure
    ? patientVault(credentials.vault, () => new IdentityPatience(time))
    : credentials.vault;
  return new SigningKeys({ ...credentials, vault }, time, policyOf(config));
}

/** Lines of one invocation go to its own log, whatever else runs in the process. */
function invocationOf({ telemetryFor, ...kept }: Process, write: Log): AppEnvironment {
  return { ...kept, telemetry: telemetryFor(write) };
}

/** Everything that one command of the command line works with. */
export function createEnvironment(config: Config, write: Log, time: Clock): AppEnvironment {
  return invocationOf(createProcess(config, time), write);
}

function createIssuers(
  { additionalAuthorityHosts: additionalHosts, allowLoopback }: Config,
  endpoint: UndiciTokenEndpoint,
  time: Clock,
): TrustedIssuers {
  const get = (url: string) => endpoint.get(url);
  return new TrustedIssuers({ get, clock: time, rules: { additionalHosts, allowLoopback } });
}

/** Deletes secrets of one of the vaults; for operators, whose rights the app does not have. */
export function createSecretDeletion(config: Config, vaultUrl: string): SecretDeletion {
  const credential = createProcessCredential(config);
  return new SecretDeletion({ vaultUrl, credential, allowLoopback: config.allowLoopback });
}

/**
 * What an invocation works with; what it shares with others is made at the first one. While the settings are wrong,
 * every invocation says so again.
 *
 * @throws ConfigurationError with every fault of the settings
 */
export function environmentFor(settings: NodeJS.ProcessEnv, write: Log): AppEnvironment {
  current ??= createProcess(readConfig(settings), clock);
  return invocationOf(current, write);
}

/**
 * What an HTTP request works with that somebody waits for: the app's identity gets a moment in which to give a token.
 * Sweeps do without it, they have their rounds.
 *
 * @throws ConfigurationError with every fault of the settings
 */
export function requestEnvironment(settings: NodeJS.ProcessEnv, write: Log): AppEnvironment {
  const environment = environmentFor(settings, write);
  const patience = new IdentityPatience(environment.clock);
  const patient = (paced: PacedVault): PacedVault => ({
    ...paced,
    vault: patientVault(paced.vault, () => patience),
  });
  const credentials = patient(environment.credentials);
  const same = environment.tokens === environment.credentials;
  return {
    ...environment,
    credentials,
    tokens: same ? credentials : patient(environment.tokens),
    identityToken: (audience) => patience.wait(() => environment.identityToken(audience)),
  };
}

/** Tells it as far as the settings still say where telemetry goes. */
async function reportMisconfiguration(
  settings: NodeJS.ProcessEnv,
  request: SweepRequest,
  error: ConfigurationError,
  write: Log,
): Promise<void> {
  const connectionString = settings['APPLICATIONINSIGHTS_CONNECTION_STRING'];
  const telemetry = createTelemetry({ clock, ...omitUndefined({ connectionString }) })(write);
  emitUnstartedSweep(telemetry, request, error);
  await telemetry.flush();
}

/**
 * What a sweep works with; wrong settings are told as an event, too.
 *
 * @throws ConfigurationError with every fault of the settings
 */
export async function sweepEnvironment(
  settings: NodeJS.ProcessEnv,
  request: SweepRequest,
  write: Log,
): Promise<AppEnvironment> {
  try {
    return atPace(environmentFor(settings, write), request.account === undefined ? 'sweep' : 'beside_sweep');
  } catch (error) {
    if (error instanceof ConfigurationError) await reportMisconfiguration(settings, request, error, write);
    throw error;
  }
}
