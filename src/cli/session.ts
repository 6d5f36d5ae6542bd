import type { AppEnvironment } from '../app/environment.ts';
import type { Config } from '../config.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { StatusSnapshot } from '../status/snapshot.ts';
import type { ListedVaults } from '../sweep/listing.ts';
import { type Clock, type EpochSeconds, nowSeconds } from '../time.ts';
import { withProgress } from './progress.ts';
import { usageError } from './result.ts';
import type { Terminal } from './terminal.ts';

/** The local environment with its sample accounts, as `--local` brings it up. */
export interface LocalSurroundings {
  readonly settings: NodeJS.ProcessEnv;
  readonly clock: Clock;
  close(): Promise<void>;
}

/** What a command is started with. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** Absent in the built package, which has no local environment. */
  readonly startLocal?: () => Promise<LocalSurroundings>;
}

/** The options that every command takes. */
export interface CommonOptions {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly local: boolean;
  readonly credentialsVault?: string | undefined;
  readonly tokensVault?: string | undefined;
  readonly appUrl?: string | undefined;
}

/** Of commands about one account. */
export interface AccountOptions extends CommonOptions {
  readonly account: string;
}

/** Of commands that print a table. */
export interface TableOptions extends CommonOptions {
  readonly wide: boolean;
}

/** An open way to the vaults. */
export interface Session {
  readonly terminal: Terminal;
  readonly config: Config;
  readonly environment: AppEnvironment;
  readonly now: () => EpochSeconds;
  /** Both vaults' listings, of one moment for the whole command. @throws VaultError */
  readonly list: () => Promise<ListedVaults>;
  /** What the status page shows, from the same listings. @throws VaultError */
  readonly snapshot: () => Promise<StatusSnapshot>;
}

/** A vault's name stands for its URL in the public cloud, as in `az keyvault --vault-name`. */
function vaultUrl(nameOrUrl: string | undefined): string | undefined {
  return nameOrUrl !== undefined && /^[a-z][a-z0-9-]{1,22}[a-z0-9]$/i.test(nameOrUrl)
    ? `https://${nameOrUrl.toLowerCase()}.vault.azure.net`
    : nameOrUrl;
}

/** The settings of the environment, with what the options say in their place. */
function settingsOf(env: NodeJS.ProcessEnv, options: CommonOptions): NodeJS.ProcessEnv {
  const given = {
    CREDENTIALS_VAULT_URL: vaultUrl(options.credentialsVault),
    TOKENS_VAULT_URL: vaultUrl(options.tokensVault),
    PUBLIC_URL: options.appUrl,
  };
  return { ...env, ...omitUndefined(given) };
}

/** Events that must not go by unread, whatever the output is used for. */
const loudest = '"event":"RotatedTokenNotStored"';

async function startLocal(context: CommandContext): Promise<LocalSurroundings> {
  if (context.startLocal !== undefined) return context.startLocal();
  throw usageError(
    '--local needs the sample accounts, which are not part of the built package.',
    'Run it from a checkout of the repository: npx token-refresher … --local.',
  );
}

async function openSession(context: CommandContext, options: CommonOptions): Promise<Session> {
  const { terminal, env, clock } = context;
  const { createEnvironment, readConfig } = await import('../app/environment.ts');
  const { listVaults } = await import('../sweep/listing.ts');
  const { readSnapshot } = await import('../status/snapshot.ts');
  const config = readConfig(settingsOf(env, options));
  const write = (line: string): void => {
    if (options.verbose || line.includes(loudest)) terminal.tell(line);
  };
  const environment = createEnvironment(config, write, clock);
  let listed: Promise<ListedVaults> | undefined;
  const list = (): Promise<ListedVaults> => {
    listed ??= withProgress(terminal, 'Listing the vaults', listVaults(environment));
    return listed;
  };
  return {
    terminal,
    config,
    environment,
    now: () => nowSeconds(clock),
    list,
    snapshot: async () => readSnapshot(environment, await list()),
  };
}

/**
 * Opens the way to the vaults for one command, with `--local` to those of sample accounts, which end with it; its
 * telemetry is sent before it ends.
 *
 * @throws ConfigurationError when settings or options are wrong, with every fault
 */
export async function withSession<T>(
  context: CommandContext,
  options: CommonOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const local = options.local ? await startLocal(context) : undefined;
  try {
    const surrounded =
      local === undefined ? context : { ...context, env: local.settings, clock: local.clock };
    const session = await openSession(surrounded, options);
    try {
      return await work(session);
    } finally {
      const { signedInWith, telemetry } = session.environment;
      if (options.verbose)
        context.terminal.tell(`Signed in with: ${signedInWith() ?? 'nothing was asked for'}`);
      await telemetry.flush();
    }
  } finally {
    await local?.close();
  }
}
