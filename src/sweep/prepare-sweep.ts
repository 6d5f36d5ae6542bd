import { heartbeatName, type RunningSweep, readRunningSweep } from '../accounts/heartbeat.ts';
import { preparationPauseSeconds } from '../planning/rounds.ts';
import { distinctVaults, type RefreshEnvironment } from '../refresh/environment.ts';
import type { SweepStage } from '../refresh/sweep-state.ts';
import { type Deadline, nowSeconds, secondsPerMinute, steadyMilliseconds } from '../time.ts';
import { type SecretVault, VaultError, type VaultErrorCode } from '../vault/secret-vault.ts';
import { readIfEnabled } from '../vault/stored-value.ts';
import type { PacedVault } from '../vault/write-pacer.ts';
import { type Probe, type ProbedVault, probeVault } from './heartbeat.ts';
import { listAccount } from './list-account.ts';
import { type Listings, secretsOf } from './listing.ts';
import { SweepAbortedError, SweepRunningError } from './sweep-error.ts';

/** How long what comes before the first account is tried again. */
export interface Patience {
  /** No listing goes on after it, and nothing is tried again. */
  readonly deadline: Deadline;
  /** When to stop trying again, if that is sooner. */
  readonly giveUp?: Deadline;
}

/** What a sweep leaves on the vaults at its beginning. */
export interface SweepMark {
  readonly sweepId: string;
  readonly running: RunningSweep;
  /** Do not begin while another sweep is marked. */
  readonly yields: boolean;
  /** Filled with the vaults that were probed. */
  readonly probed: Map<SecretVault, ProbedVault>;
}

/**
 * How long it is worth trying again, in seconds; 0 is a refusal that only a human changes. A role that has just been
 * assigned may be refused for 10 minutes (Azure RBAC: troubleshooting, "Role assignment changes are not being
 * detected"; Key Vault RBAC guide: "allow several minutes"); one that is missing should be told before long.
 */
const patienceSeconds: Record<VaultErrorCode, number> = {
  unauthenticated: Number.POSITIVE_INFINITY,
  unreachable: Number.POSITIVE_INFINITY,
  throttled: Number.POSITIVE_INFINITY,
  incomplete_listing: Number.POSITIVE_INFINITY,
  intercepted: Number.POSITIVE_INFINITY,
  read_only: Number.POSITIVE_INFINITY,
  conflict: Number.POSITIVE_INFINITY,
  forbidden: 10 * secondsPerMinute,
  token_refused: 10 * secondsPerMinute,
  disabled: 0,
  deleted: 0,
  rejected: 0,
};

/** A vault failed in a stage. */
class StageFailure extends Error {
  readonly stage: SweepStage;
  readonly vaultError: VaultError;

  constructor(stage: SweepStage, vaultError: VaultError) {
    super(vaultError.message);
    this.stage = stage;
    this.vaultError = vaultError;
  }
}

async function inStage<T>(stage: SweepStage, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw error instanceof VaultError ? new StageFailure(stage, error) : error;
  }
}

/** Does it with each vault at the same time. A final failure is told at once, others when all are through. */
async function withEach<T>(
  environment: RefreshEnvironment,
  stage: SweepStage,
  action: (paced: PacedVault) => Promise<T>,
): Promise<(readonly [SecretVault, T])[]> {
  const passing: VaultError[] = [];
  const done = await Promise.all(
    distinctVaults(environment).map(async (paced) => {
      try {
        return [[paced.vault, await action(paced)] as const];
      } catch (error) {
        if (!(error instanceof VaultError)) throw error;
        if (patienceSeconds[error.code] === 0) throw new StageFailure(stage, error);
        passing.push(error);
        return [];
      }
    }),
  );
  const [first] = passing.sort((a, b) => patienceSeconds[a.code] - patienceSeconds[b.code]);
  if (first !== undefined) throw new StageFailure(stage, first);
  return done.flat();
}

/**
 * Tried again in rounds, each time all of it, so that what is planned from is never older than the last round; a moment
 * without a token, an answer or a role must not cost the accounts a sweep.
 *
 * @throws SweepAbortedError when a vault refuses for good, or still fails when the time is over
 */
async function inRounds<T>(
  environment: RefreshEnvironment,
  { deadline, giveUp = deadline }: Patience,
  attempt: () => Promise<T>,
): Promise<T> {
  const { clock, random } = environment;
  const now = steadyMilliseconds(clock);
  const startedAt = now();
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StageFailure)) throw error;
      const { stage, vaultError } = error;
      const seconds = Math.floor((now() - startedAt) / 1000);
      const pause = Math.max(preparationPauseSeconds(tries, random()), vaultError.retryAfterSeconds ?? 0);
      const worthwhile = patienceSeconds[vaultError.code] - seconds;
      if (pause >= Math.min(deadline.leftSeconds, giveUp.leftSeconds, worthwhile)) {
        const tried = { tries, seconds };
        throw new SweepAbortedError(stage, vaultError, distinctVaults(environment), tried);
      }
      await clock.sleep(pause * 1000);
    }
  }
}

/** The vault's newest heartbeat tells, unless it is this sweep's own, of an earlier round. */
async function yieldToRunning(
  { credentials, clock }: RefreshEnvironment,
  { sweepId }: SweepMark,
): Promise<void> {
  const newest = await readIfEnabled(() => credentials.vault.get(heartbeatName));
  const running = newest && readRunningSweep(newest.tags, nowSeconds(clock));
  if (running !== undefined && newest?.value.reveal() !== sweepId) throw new SweepRunningError(running);
}

/**
 * What comes before the first account of a whole sweep: lists both vaults completely and proves that both take writes,
 * with the mark of the sweep.
 *
 * @throws SweepAbortedError when a vault refuses for good, or still fails when the time is over
 * @throws SweepRunningError when the sweep yields and another one is marked
 */
export function prepareSweep(
  environment: RefreshEnvironment,
  patience: Patience,
  mark: SweepMark,
): Promise<Listings> {
  return inRounds(environment, patience, async () => {
    if (mark.yields) await inStage('list', () => yieldToRunning(environment, mark));
    const listings: Listings = new Map(
      await withEach(environment, 'list', ({ vault }) => vault.list(patience.deadline.leftMilliseconds)),
    );
    await withEach(environment, 'probe', async (paced) => {
      const { vault } = paced;
      const present = secretsOf(listings, vault).find(({ name }) => name.toLowerCase() === heartbeatName);
      const { sweepId, running } = mark;
      const probe: Probe = { sweepId, name: heartbeatName, tags: present?.tags ?? {}, running };
      mark.probed.set(vault, await probeVault(environment, paced, probe));
    });
    return listings;
  });
}

/**
 * Reads what the listings would show of one account.
 *
 * @throws SweepAbortedError when a vault refuses for good, or still fails when the time is over
 */
export function prepareOne(
  environment: RefreshEnvironment,
  patience: Patience,
  id: string,
): Promise<Listings> {
  return inRounds(environment, patience, () => inStage('read', () => listAccount(environment, id)));
}

/**
 * Proves that both vaults take writes, beside the sweeps.
 *
 * @throws SweepAbortedError when a vault refuses for good, or still fails when the time is over
 */
export async function probeVaults(
  environment: RefreshEnvironment,
  patience: Patience,
  probe: Probe,
): Promise<void> {
  await inRounds(environment, patience, () =>
    withEach(environment, 'probe', (paced) => probeVault(environment, paced, probe)),
  );
}
