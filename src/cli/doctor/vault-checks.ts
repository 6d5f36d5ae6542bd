import { parseSecretName } from '../../accounts/account-id.ts';
import { heartbeatName, probeName, readHeartbeat } from '../../accounts/heartbeat.ts';
import type { ListedSecret } from '../../accounts/secret.ts';
import { product } from '../../http/product.ts';
import { omitUndefined } from '../../omit-undefined.ts';
import { distinctVaults } from '../../refresh/environment.ts';
import { distance } from '../../status/words.ts';
import type { ListedVaults } from '../../sweep/listing.ts';
import { type EpochSeconds, isoTime } from '../../time.ts';
import { VaultError } from '../../vault/secret-vault.ts';
import { vaultRemedy } from '../../vault/vault-remedy.ts';
import type { PacedVault } from '../../vault/write-pacer.ts';
import type { Session } from '../session.ts';
import { type Finding, type Findings, note, problem, warning } from './finding.ts';

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

const failureOf = (call: Promise<unknown>): Promise<VaultError | undefined> =>
  call.then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof VaultError) return error;
      throw error;
    },
  );

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
  const listing = vault.list();
  const listError = await failureOf(listing);
  const secrets = listError === undefined ? (await listing).secrets : undefined;
  // The heartbeat's value is an id of a sweep: the one value that may be read just to see whether values can be.
  const getError = listError ?? (await failureOf(vault.get(heartbeatName)));
  const time = await vaultTime(vault.url);
  const aheadSeconds = time === undefined ? undefined : time - now();
  return { url: vault.url, ...omitUndefined({ secrets, listError, getError, aheadSeconds }) };
}

/** Looks at each vault: two, or the one that has both roles. */
export const examineVaults = ({ environment, now }: Session): Promise<VaultFacts[]> =>
  Promise.all(distinctVaults(environment).map((vault) => examineVault(vault, now)));

/** Reachability and the rights of the one who asks, labelled as such: they say nothing about the app's. */
function* ownRights({ url, listError, getError }: VaultFacts): Findings {
  if (listError !== undefined)
    yield problem(url, `You cannot list it: ${listError.message}.`, vaultRemedy(listError, 'operator'));
  else if (getError !== undefined) {
    const what = `Your own rights: you can list it and not read values: ${getError.message}.`;
    yield warning(url, what, vaultRemedy(getError, 'operator'));
  } else
    yield note(
      url,
      'Your own rights: you can list it and read values. Set, update and delete were not tried.',
    );
}

/** With whose sign-in this command asks; the app asks as its managed identity, whoever runs this. */
export function ownSignIn(words: string | undefined): Finding {
  if (words !== undefined) return note('your sign-in', `${words}. The app asks as its managed identity.`);
  return problem(
    'your sign-in',
    'No sign-in gave a token for the vaults.',
    'Sign in with az login, azd auth login or Connect-AzAccount, or give a service principal in AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.',
  );
}

const tolerableSkewSeconds = 60;

/** The clock of this machine against the vault's; consent links and this report depend on it. */
function ownClock({ url, aheadSeconds }: VaultFacts): Finding {
  if (aheadSeconds === undefined) return note(url, 'It told no time, so no clock was compared.');
  const ahead = Math.round(aheadSeconds);
  if (Math.abs(aheadSeconds) <= tolerableSkewSeconds)
    return note(url, `This machine's clock agrees with it (${ahead} s).`);
  const what = `This machine's clock is ${Math.abs(ahead)} s ${ahead > 0 ? 'behind' : 'ahead of'} it.`;
  return warning(url, what, 'Set the clock; what is said of expiries here is off by as much.');
}

/**
 * What the app may do with this vault, and how its clock goes, as the heartbeat of its last completed sweep proves:
 * it listed, wrote a version, read it back, and changed its tags.
 */
function* appRights({ url, secrets }: VaultFacts, now: EpochSeconds): Findings {
  if (secrets === undefined) return;
  const heartbeat = secrets.find(({ name }) => name.toLowerCase() === heartbeatName);
  const sweep = heartbeat && readHeartbeat(heartbeat.tags);
  if (heartbeat === undefined || sweep === undefined) {
    yield warning(
      url,
      `The app's rights: ${heartbeat === undefined ? 'no sweep has ever written here' : 'it may write here, and no sweep has been completed'}.`,
      'Let a sweep run (POST /api/refresh) and look at its SweepAborted event: AppEvents | where Name == "SweepAborted" names the stage, the vault and the right.',
    );
    return;
  }
  const ago = distance(sweep.completedAt, now);
  yield note(url, `The app's rights: list, set, get and update were used ${ago}.`);
  const skew = Math.abs(heartbeat.updatedAt - sweep.completedAt);
  if (skew > tolerableSkewSeconds)
    yield warning(
      url,
      `The app's clock and the vault's differ by ${skew} s, or somebody changed the heartbeat after the sweep.`,
      'Look again after the next sweep; Entra refuses assertions from a clock that is 5 minutes off.',
    );
  if (sweep.build !== product.version)
    yield note(url, `The app that swept is version ${sweep.build}, this is ${product.version}.`);
}

/** What a vault tells of itself, of whoever asks, and of the app. */
export function* vaultFindings(vault: VaultFacts, now: EpochSeconds): Findings {
  yield* ownRights(vault);
  if (vault.listError === undefined) yield ownClock(vault);
  yield* appRights(vault, now);
}

/** Whether the timer fires. */
export function* timer(lastSweepAt: EpochSeconds | undefined, overdue: boolean): Findings {
  if (!overdue || lastSweepAt === undefined) return;
  yield problem(
    'timer',
    `No sweep has been completed since ${isoTime(lastSweepAt)}.`,
    'Follow the runbook, section refresher-silent; the last SweepAborted event says whether a vault or a setting is the cause.',
  );
}

const mostNames = 5;

function namesOf(secrets: readonly ListedSecret[]): string {
  const named = secrets.slice(0, mostNames).map(({ name }) => name);
  const more = secrets.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const isOurs = ({ name }: ListedSecret): boolean =>
  parseSecretName(name) !== undefined || [heartbeatName, probeName].includes(name.toLowerCase());

/**
 * What the expiries of the app's own secrets tell. Client credentials are told on their own: what counts there is when
 * they end.
 */
export function* expiryFindings({ credentials, tokens }: ListedVaults, now: EpochSeconds): Findings {
  const expired = credentials.filter(
    ({ name, expiresAt = now + 1 }) => parseSecretName(name)?.kind === 'registration' && expiresAt <= now,
  );
  if (expired.length > 0)
    yield warning(
      'secrets',
      `${expired.length} registrations have expired: ${namesOf(expired)}. They work all the same.`,
      "Each sweep writes some of them again, paused ones after account resume; if they stay, look whether an Azure Policy or a missing right refuses the app's writes.",
    );
  const all = credentials === tokens ? credentials : [...credentials, ...tokens];
  const endless = all.filter((secret) => isOurs(secret) && secret.enabled && secret.expiresAt === undefined);
  if (endless.length > 0)
    yield note(
      'secrets',
      `${endless.length} without an expiry: ${namesOf(endless)}. An Azure Policy that demands one would refuse changes to them; the app's own next version of each has one.`,
    );
}
