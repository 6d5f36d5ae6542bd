import { heartbeatName, readHeartbeat } from '../../accounts/heartbeat.ts';
import type { ListedSecret } from '../../accounts/secret.ts';
import { product } from '../../http/product.ts';
import { distinctVaults, type RefreshEnvironment } from '../../refresh/environment.ts';
import { distance } from '../../status/words.ts';
import { type EpochSeconds, isoTime } from '../../time.ts';
import { VaultError } from '../../vault/secret-vault.ts';
import { vaultRemedy } from '../../vault/vault-remedy.ts';
import type { PacedVault } from '../../vault/write-pacer.ts';
import { type Finding, note, problem, warning } from './finding.ts';

/** A vault as far as the one who asks could read it. */
export interface VaultFacts {
  readonly url: string;
  readonly secrets?: readonly ListedSecret[];
  /** Why it could not be listed, or a value not be read. */
  readonly listError?: VaultError;
  readonly getError?: VaultError;
  /** By how much its clock is ahead of this machine's; undefined when it told no time. */
  readonly aheadSeconds?: number;
}

async function failureOf(action: () => Promise<unknown>): Promise<VaultError | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    if (error instanceof VaultError) return error;
    throw error;
  }
}

/** The time that the vault's answers carry. Nobody is signed in for it: also a refusal has a date. */
async function vaultTime(url: string): Promise<EpochSeconds | undefined> {
  try {
    const signal = AbortSignal.timeout(5000);
    const response = await fetch(`${url}/secrets?api-version=7.6`, { redirect: 'manual', signal });
    const moment = Date.parse(response.headers.get('date') ?? '') / 1000;
    return Number.isFinite(moment) ? moment : undefined;
  } catch {
    return undefined;
  }
}

async function examineVault({ vault }: PacedVault, now: () => EpochSeconds): Promise<VaultFacts> {
  let secrets: readonly ListedSecret[] | undefined;
  const listError = await failureOf(async () => {
    secrets = (await vault.list()).secrets;
  });
  // The heartbeat's value is an id of a sweep: the one value that may be read just to see whether values can be.
  const getError = listError ?? (await failureOf(() => vault.get(heartbeatName)));
  const time = await vaultTime(vault.url);
  return {
    url: vault.url,
    ...(secrets === undefined ? {} : { secrets }),
    ...(listError === undefined ? {} : { listError }),
    ...(getError === undefined ? {} : { getError }),
    ...(time === undefined ? {} : { aheadSeconds: time - now() }),
  };
}

/** Looks at each vault: two, or the one that has both roles. */
export function examineVaults(
  environment: RefreshEnvironment,
  now: () => EpochSeconds,
): Promise<VaultFacts[]> {
  return Promise.all(distinctVaults(environment).map((vault) => examineVault(vault, now)));
}

/** Reachability and the rights of the one who asks, labelled as such: they say nothing about the app's. */
export function ownRights({ url, listError, getError }: VaultFacts): Finding[] {
  if (listError !== undefined)
    return [problem(url, `You cannot list it: ${listError.message}.`, vaultRemedy(listError, 'operator'))];
  if (getError !== undefined)
    return [
      warning(
        url,
        `Your own rights: you can list it and not read values: ${getError.message}.`,
        vaultRemedy(getError, 'operator'),
      ),
    ];
  return [
    note(url, 'Your own rights: you can list it and read values. Set, update and delete were not tried.'),
  ];
}

/** With whose sign-in this command asks; the app asks as its managed identity, whoever runs this. */
export function ownSignIn(words: string | undefined): Finding[] {
  if (words !== undefined) return [note('your sign-in', `${words}. The app asks as its managed identity.`)];
  return [
    problem(
      'your sign-in',
      'No sign-in gave a token for the vaults.',
      'Sign in with az login, azd auth login or Connect-AzAccount, or give a service principal in AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.',
    ),
  ];
}

const tolerableSkewSeconds = 60;

/** The clock of this machine against the vault's; consent links and this report depend on it. */
export function ownClock({ url, aheadSeconds }: VaultFacts): Finding[] {
  if (aheadSeconds === undefined) return [note(url, 'It told no time, so no clock was compared.')];
  if (Math.abs(aheadSeconds) <= tolerableSkewSeconds)
    return [note(url, `This machine's clock agrees with it (${Math.round(aheadSeconds)} s).`)];
  const what = `This machine's clock is ${Math.abs(Math.round(aheadSeconds))} s ${aheadSeconds > 0 ? 'behind' : 'ahead of'} it.`;
  return [warning(url, what, 'Set the clock; what is said of expiries here is off by as much.')];
}

/**
 * What the app may do with this vault, and how its clock goes, as the heartbeat of its last completed sweep proves:
 * it listed, wrote a version, read it back, and changed its tags.
 */
export function appRights({ url, secrets }: VaultFacts, now: EpochSeconds): Finding[] {
  if (secrets === undefined) return [];
  const heartbeat = secrets.find(({ name }) => name.toLowerCase() === heartbeatName);
  const sweep = heartbeat && readHeartbeat(heartbeat.tags);
  if (heartbeat === undefined || sweep === undefined) {
    const what =
      heartbeat === undefined
        ? "The app's rights: no sweep has ever written here."
        : "The app's rights: it may write here, and no sweep has been completed.";
    return [
      warning(
        url,
        what,
        'Let a sweep run (POST /api/refresh) and look at its SweepAborted event: AppEvents | where Name == "SweepAborted" names the stage, the vault and the right.',
      ),
    ];
  }
  const proved = `The app's rights: list, set, get and update were used ${distance(sweep.completedAt, now)}.`;
  const skew = heartbeat.updatedAt - sweep.completedAt;
  const skewed =
    Math.abs(skew) <= tolerableSkewSeconds
      ? []
      : [
          warning(
            url,
            `The app's clock and the vault's differ by ${Math.abs(skew)} s, or somebody changed the heartbeat after the sweep.`,
            'Look again after the next sweep; Entra refuses assertions from a clock that is 5 minutes off.',
          ),
        ];
  const other =
    sweep.build === product.version
      ? []
      : [note(url, `The app that swept is version ${sweep.build}, this is ${product.version}.`)];
  return [note(url, proved), ...skewed, ...other];
}

/** Whether the timer fires. */
export function timer(lastSweepAt: EpochSeconds | undefined, overdue: boolean): Finding[] {
  if (!overdue || lastSweepAt === undefined) return [];
  return [
    problem(
      'timer',
      `No sweep has been completed since ${isoTime(lastSweepAt)}.`,
      'Follow the runbook, section refresher-silent; the last SweepAborted event says whether a vault or a setting is the cause.',
    ),
  ];
}
