import {
  type Heartbeat,
  heartbeatContentType,
  heartbeatName,
  heartbeatTags,
  probeName,
  readRunningSweep,
  runningSweepTags,
} from '../accounts/heartbeat.ts';
import { cappedExpiry, type Tags } from '../accounts/secret.ts';
import { preparationPauseSeconds, reserveSeconds } from '../planning/rounds.ts';
import { type ByRole, type RefreshEnvironment, withVaults } from '../refresh/environment.ts';
import { Sensitive } from '../sensitive.ts';
import {
  type Clock,
  type Deadline,
  type EpochSeconds,
  nowSeconds,
  secondsPerMinute,
  steadyMilliseconds,
} from '../time.ts';
import { persistently } from '../vault/durable-write.ts';
import { readIfEnabled, type SecretVault, VaultError, type VaultErrorCode } from '../vault/secret-vault.ts';
import { type PacedVault, setWithPermit } from '../vault/write-pacer.ts';
import type { Listings } from './listing.ts';
import { SweepAbortedError, SweepRunningError, type SweepStage } from './sweep-error.ts';

/** Where in a vault to leave the sweep's end. */
interface ProbedVault {
  readonly version: string;
  /** When it was written, by the vault's clock; undefined when somebody has removed it since. */
  readonly writtenAt: EpochSeconds | undefined;
  /** Found there. */
  readonly tags: Tags;
}

/** How a sweep begins. */
export interface SweepStart {
  readonly sweepId: string;
  readonly startedAt: EpochSeconds;
  /** No listing goes on after it, and nothing is tried again. */
  readonly deadline: Deadline;
  /** When to stop trying again, if that is sooner. */
  readonly giveUp: Deadline;
  /** Do not begin while another sweep is marked. */
  readonly yields: boolean;
  /** Filled with the vaults on which a sweep of all accounts was marked. */
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

/** Does it with each vault at the same time. A final failure is told at once, others when all are through. */
async function withEach<T>(
  environment: RefreshEnvironment,
  action: (paced: PacedVault) => Promise<T>,
): Promise<ByRole<T>> {
  const passing: VaultError[] = [];
  const done = await withVaults(environment, async (paced) => {
    try {
      return await action(paced);
    } catch (error) {
      if (!(error instanceof VaultError) || patienceSeconds[error.code] === 0) throw error;
      passing.push(error);
      return undefined;
    }
  });
  const [first] = passing.sort((a, b) => patienceSeconds[a.code] - patienceSeconds[b.code]);
  if (first !== undefined) throw first;
  return done as ByRole<T>;
}

/**
 * Tried again in rounds, each time all of it, so that what is planned from is never older than the last round; a moment
 * without a token, an answer or a role must not cost the accounts a sweep.
 *
 * @param attempt says in which stage it is; default: it reads
 * @throws SweepAbortedError when a vault refuses for good, or still fails when the time is over
 */
export async function inRounds<T>(
  environment: RefreshEnvironment,
  { deadline, giveUp }: SweepStart,
  attempt: (enter: (stage: SweepStage) => void) => Promise<T>,
): Promise<T> {
  const { clock, random } = environment;
  const now = steadyMilliseconds(clock);
  const startedAt = now();
  let stage: SweepStage = 'read';
  const enter = (entered: SweepStage): void => {
    stage = entered;
  };
  for (let tries = 1; ; tries++) {
    try {
      return await attempt(enter);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      const seconds = Math.floor((now() - startedAt) / 1000);
      const pause = Math.max(preparationPauseSeconds(tries, random()), error.retryAfterSeconds ?? 0);
      const worthwhile = patienceSeconds[error.code] - seconds;
      if (pause >= Math.min(deadline.leftSeconds, giveUp.leftSeconds, worthwhile))
        throw new SweepAbortedError(stage, error, environment, { tries, seconds });
      await clock.sleep(pause * 1000);
    }
  }
}

/** The vault's newest heartbeat tells, unless it is this sweep's own, of an earlier round. */
async function yieldToRunning({ credentials, clock }: RefreshEnvironment, sweepId: string): Promise<void> {
  const newest = await readIfEnabled(() => credentials.vault.get(heartbeatName));
  const running = newest && readRunningSweep(newest.tags, nowSeconds(clock));
  if (running !== undefined && newest?.value.reveal() !== sweepId) throw new SweepRunningError(running);
}

/**
 * Proves that a vault takes writes before anything is redeemed: a new version of the named secret. A vault that is
 * read-only after a failover, forbidden, or under a policy that later writes would meet, fails here with nothing lost.
 *
 * @throws VaultError
 */
async function probeVault(
  { clock, policy }: RefreshEnvironment,
  paced: PacedVault,
  { name, sweepId, tags }: { readonly name: string; readonly sweepId: string; readonly tags: Tags },
): Promise<Omit<ProbedVault, 'tags'>> {
  const permit = await paced.pacer.take();
  const version = await setWithPermit(paced, permit, name, {
    value: new Sensitive(sweepId),
    contentType: heartbeatContentType,
    tags,
    // The longest expiry that a later write will have: what a policy refuses, it refuses here.
    expiresAt: cappedExpiry(nowSeconds(clock), policy.secretExpirySeconds),
  });
  // The right to read belongs to the proof: without it every account would fail one by one.
  const written = await paced.vault.get(name);
  return { version, writtenAt: written?.createdAt };
}

/**
 * What comes before the first account of a whole sweep: lists both vaults completely and proves that both take writes,
 * with the mark of the sweep.
 *
 * @throws SweepAbortedError when a vault refuses for good, or still fails when the time is over
 * @throws SweepRunningError when the sweep yields and another one is marked
 */
export function prepareSweep(environment: RefreshEnvironment, start: SweepStart): Promise<Listings> {
  const { sweepId, startedAt, deadline, yields, probed } = start;
  const running = { since: startedAt, until: deadline.at + reserveSeconds };
  return inRounds(environment, start, async (enter) => {
    enter('list');
    if (yields) await yieldToRunning(environment, sweepId);
    const listings = await withEach(environment, ({ vault }) => vault.list(deadline.leftMilliseconds));
    enter('probe');
    await withEach(environment, async (paced) => {
      const { secrets } = paced === environment.credentials ? listings.credentials : listings.tokens;
      const tags = secrets.find(({ name }) => name.toLowerCase() === heartbeatName)?.tags ?? {};
      const probe = { name: heartbeatName, sweepId, tags: runningSweepTags(tags, running) };
      probed.set(paced.vault, { ...(await probeVault(environment, paced, probe)), tags });
    });
    return listings;
  });
}

/**
 * Proves that both vaults take writes, beside the sweeps.
 *
 * @throws SweepAbortedError when a vault refuses for good, or still fails when the time is over
 */
export async function probeVaults(environment: RefreshEnvironment, start: SweepStart): Promise<void> {
  const probe = { name: probeName, sweepId: start.sweepId, tags: {} };
  await inRounds(environment, start, (enter) => {
    enter('probe');
    return withEach(environment, (paced) => probeVault(environment, paced, probe));
  });
}

/**
 * Writes the sweep's end on the heartbeats it wrote at its beginning.
 *
 * @param heartbeat undefined for a sweep that was aborted: it only runs no longer
 * @throws VaultError of the vault that failed
 */
export async function endHeartbeats(
  clock: Clock,
  probed: ReadonlyMap<SecretVault, ProbedVault>,
  heartbeat: Heartbeat | undefined,
): Promise<void> {
  await Promise.all(
    [...probed].map(([vault, { version, tags: present }]) => {
      const tags =
        heartbeat === undefined ? runningSweepTags(present, undefined) : heartbeatTags(present, heartbeat);
      return persistently(clock, () => vault.update(heartbeatName, version, { tags }));
    }),
  );
}
