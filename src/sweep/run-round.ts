import { isOfOtherClient } from '../accounts/refresh-token-secret.ts';
import type { Client, CredentialVerdict } from '../client/client.ts';
import { roundPauseSeconds } from '../planning/rounds.ts';
import type { SweepState } from '../refresh/environment.ts';
import { type PreparedAccount, prepareAccount } from '../refresh/prepare-account.ts';
import { type AttemptResult, attemptAccount } from '../refresh/refresh-account.ts';
import type { Result } from '../refresh/results.ts';
import { type EpochSeconds, nowSeconds } from '../time.ts';
import {
  failureOf,
  noteHindrance,
  notePrepared,
  noteResult,
  openTokens,
  settle,
  type TokenWork,
  type WorkItem,
} from './work-item.ts';

/** What an attempt says of its client's credential: only a refresh proves that it was accepted. */
function verdictOf(result: AttemptResult): CredentialVerdict {
  if (result.kind === 'refreshed') return 'accepted';
  if (result.kind === 'not_started') return 'not_sent';
  return result.kind === 'credential' ? result : 'nothing';
}

/**
 * One pass over what is still unsettled, with bounded concurrency, in the given order. An account whose client is
 * being probed steps aside and frees its place for another client's.
 */
class Round {
  readonly #sweep: SweepState;
  readonly #round: number;
  readonly #queue: WorkItem[];
  readonly #parked = new Map<Client, WorkItem[]>();

  constructor(sweep: SweepState, round: number, items: readonly WorkItem[]) {
    this.#sweep = sweep;
    this.#round = round;
    this.#queue = [...items];
  }

  get #now(): EpochSeconds {
    return nowSeconds(this.#sweep.environment.clock);
  }

  /**
   * Takes one account after another, until none is left; of each one token after another, because each redemption takes
   * the refresh token that the one before has brought.
   */
  async work(): Promise<void> {
    for (;;) {
      const item = this.#queue.shift();
      if (item !== undefined) {
        const prepared = await this.#prepare(item).catch(failureOf);
        if ('kind' in prepared) noteHindrance(item, prepared, this.#now);
        for (const work of openTokens(item, this.#now)) {
          if ('kind' in prepared) break;
          const result = await this.#attempt(item, work, prepared).catch(failureOf);
          if (result === 'parked' || !noteResult(item, work, result, this.#now)) break;
        }
        if (item.tokens.every(({ settled }) => settled)) await settle(this.#sweep, item);
      } else if (this.#parked.size > 0) await this.#sweep.clients.nextVerdict();
      else return;
    }
  }

  /** What the attempts need of the account, or what hinders them. */
  async #prepare(item: WorkItem): Promise<PreparedAccount | Result> {
    if (!this.#sweep.mayRedeem()) return { kind: 'not_started' };
    const { id, refreshToken } = item.planned.account;
    if (item.prepared === undefined) {
      const read = await prepareAccount(this.#sweep, id);
      if (read.kind === 'unusable') item.registrationSecret = read.registrationSecret;
      if (read.kind !== 'prepared') return read;
      notePrepared(item, read.account);
    }
    const { prepared } = item;
    const isOwn = prepared && refreshToken && !isOfOtherClient(refreshToken, prepared.registration.clientId);
    if (!isOwn) return { kind: 'pending_consent' };
    await prepared.client.read();
    return prepared;
  }

  async #attempt(item: WorkItem, work: TokenWork, prepared: PreparedAccount): Promise<Result | 'parked'> {
    const { client, registration } = prepared;
    const entry = client.enter(this.#round);
    if (entry === 'wait') {
      this.#parked.set(client, [...(this.#parked.get(client) ?? []), item]);
      return 'parked';
    }
    if (typeof entry === 'object') return entry;
    const attempt = {
      account: item.planned.account,
      prepared,
      token: registration.tokens.find(({ name }) => name === work.name) ?? registration.tokens[0],
      published: item.published,
      dueReason: work.reason,
      round: this.#round,
      suspectedVersions: work.suspectedVersions,
    };
    try {
      for (let { credential } = client.choice; ; ) {
        const result = await attemptAccount(this.#sweep, { ...attempt, credential });
        const verdict = verdictOf(result);
        const learnt = await client.learn({ entry, round: this.#round, credential, verdict });
        if (learnt === undefined) return result;
        if ('kind' in learnt) return learnt;
        credential = learnt;
      }
    } finally {
      // Back without a verdict on the credential, or with one that it has left there.
      if (entry === 'probe') {
        client.leave();
        this.#queue.unshift(...(this.#parked.get(client) ?? []));
        this.#parked.delete(client);
      }
    }
  }
}

/** Ends what is left of the work, one account after another. */
async function settleAll(sweep: SweepState, left: WorkItem[]): Promise<void> {
  for (let item = left.shift(); item !== undefined; item = left.shift()) await settle(sweep, item);
}

/**
 * Rounds until everything is settled, the pauses are used up, the deadline is near, or a vault is broken. Gives how
 * many there were; every item has a result afterwards.
 */
export async function runRounds(sweep: SweepState, items: readonly WorkItem[]): Promise<number> {
  const { clock, random, policy } = sweep.environment;
  const workers = { length: policy.concurrency };
  const isOpen = ({ settled }: WorkItem): boolean => !settled;
  for (let number = 0; ; ) {
    const now = nowSeconds(clock);
    sweep.clients.beginRound();
    const waiting = items.filter((item) => isOpen(item) && openTokens(item, now).length > 0);
    const round = new Round(sweep, number, waiting);
    await Promise.all(Array.from(workers, () => round.work()));
    number += 1;
    const pause = roundPauseSeconds(number, random());
    const left = items.filter(isOpen);
    if (left.length === 0 || pause === undefined || !sweep.mayRedeem(pause)) {
      await Promise.all(Array.from(workers, () => settleAll(sweep, left)));
      return number;
    }
    await clock.sleep(pause * 1000);
  }
}
