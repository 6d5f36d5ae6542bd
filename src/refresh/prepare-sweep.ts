import { preparationPauseSeconds } from '../planning/rounds.ts';
import { type EpochSeconds, nowSeconds, secondsPerMinute } from '../time.ts';
import { type SecretVault, VaultError, type VaultErrorCode } from '../vault/secret-vault.ts';
import { distinctVaults, type PacedVault, type RefreshEnvironment } from './environment.ts';
import { type ProbedVault, probeVault } from './heartbeat.ts';
import { type Listings, secretsOf } from './listing.ts';
import { SweepAbortedError } from './sweep-error.ts';
import type { SweepStage } from './sweep-state.ts';

/** What a sweep has before its first account. */
export interface PreparedSweep {
  readonly listings: Listings;
  readonly probed: readonly ProbedVault[];
}

export interface PreparationOptions {
  readonly sweepId: string;
  /** The secret that is written to prove that it can be. */
  readonly probeName: string;
  /** No listing goes on after it, and nothing is tried again. */
  readonly deadline: EpochSeconds;
  /** When to stop trying again, if that is sooner. */
  readonly giveUpAt?: EpochSeconds;
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

async function prepareOnce(
  environment: RefreshEnvironment,
  { sweepId, probeName, deadline }: PreparationOptions,
): Promise<PreparedSweep> {
  const until = deadline * 1000;
  const listed = await withEach(environment, 'list', ({ vault }) =>
    vault.list(until - environment.clock.nowMilliseconds()),
  );
  const listings: Listings = new Map(listed);
  const probed = await withEach(environment, 'probe', (paced) => {
    const present = secretsOf(listings, paced.vault).find(({ name }) => name.toLowerCase() === probeName);
    return probeVault(environment, paced, {
      sweepId,
      secret: { name: probeName, tags: present?.tags ?? {} },
    });
  });
  return { listings, probed: probed.map(([, vault]) => vault) };
}

/**
 * What comes before the first account: lists both vaults completely and proves that both take writes. Tried again in
 * rounds, each time all of it, so that what is planned from is never older than the last round; a moment without a
 * token, an answer or a role must not cost the accounts a sweep.
 *
 * @throws SweepAbortedError when a vault refuses for good, or still fails when the time is over
 */
export async function prepareSweep(
  environment: RefreshEnvironment,
  options: PreparationOptions,
): Promise<PreparedSweep> {
  const { clock, random } = environment;
  const startedAt = nowSeconds(clock);
  const giveUpAt = Math.min(options.deadline, options.giveUpAt ?? options.deadline);
  for (let tries = 1; ; tries++) {
    try {
      return await prepareOnce(environment, options);
    } catch (error) {
      if (!(error instanceof StageFailure)) throw error;
      const { stage, vaultError } = error;
      const now = nowSeconds(clock);
      const pause = Math.max(preparationPauseSeconds(tries, random()), vaultError.retryAfterSeconds ?? 0);
      if (now + pause >= Math.min(giveUpAt, startedAt + patienceSeconds[vaultError.code])) {
        const tried = { tries, seconds: now - startedAt };
        throw new SweepAbortedError(stage, vaultError, distinctVaults(environment), tried);
      }
      await clock.sleep(pause * 1000);
    }
  }
}
