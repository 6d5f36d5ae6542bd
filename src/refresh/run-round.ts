import { defectReason, type Reason } from '../reason.ts';
import { nowSeconds } from '../time.ts';
import { VaultError } from '../vault/secret-vault.ts';
import { attemptAsClient } from './attempt-as-client.ts';
import { noteUnusable } from './credential-incidents.ts';
import { type PreparedAccount, prepareAccount, withCredentialNow } from './prepare-account.ts';
import { nextFailure, saveState } from './settle-account.ts';
import type { SweepState } from './sweep-state.ts';
import {
  dueTokens,
  endsTurn,
  lookTwice,
  noteResult,
  openTokens,
  postpone,
  retryAtOf,
  worstResult,
} from './token-work.ts';
import type { ItemResult, TokenWork, WorkItem } from './work-item.ts';

/** What became of an account before its tokens' turn, that their turn is over, or waits for the client's probe. */
type Step = ItemResult | 'turn_over' | 'parked';

/**
 * One pass over what is still unsettled, with bounded concurrency, in the given order. An account whose client is
 * being probed steps aside and frees its place for another client's.
 */
class Round {
  readonly #sweep: SweepState;
  readonly #round: number;
  readonly #queue: WorkItem[];
  readonly #parked = new Map<string, WorkItem[]>();

  constructor(sweep: SweepState, round: number, items: readonly WorkItem[]) {
    this.#sweep = sweep;
    this.#round = round;
    this.#queue = [...items];
  }

  async run(concurrency: number): Promise<void> {
    await Promise.all(Array.from({ length: Math.min(concurrency, this.#queue.length) }, () => this.#work()));
  }

  async #work(): Promise<void> {
    for (;;) {
      const item = this.#queue.shift();
      if (item !== undefined) await this.#handle(item);
      else if (this.#parked.size > 0) await this.#sweep.gate.nextVerdict();
      else return;
    }
  }

  async #handle(item: WorkItem): Promise<void> {
    const step = await this.#stepSafely(() => this.#step(item));
    if (step === 'parked') return;
    if (step === 'turn_over') {
      item.result = worstResult(item.tokens.map(({ result }) => result));
      const open = item.tokens.filter(({ settled }) => !settled);
      item.notBefore = Math.min(...open.map(({ notBefore }) => notBefore));
      if (open.length === 0) await settle(this.#sweep, item);
      return;
    }
    // An attempt that the deadline forbade takes nothing back of what an earlier one found out.
    if (step.kind !== 'not_started') item.result = step;
    const retryAt = retryAtOf(step, nowSeconds(this.#sweep.environment.clock));
    if (retryAt !== undefined) item.notBefore = retryAt;
    else await settle(this.#sweep, item);
  }

  async #stepSafely<S extends Step>(action: () => Promise<S>): Promise<S | ItemResult> {
    try {
      return await action();
    } catch (error) {
      return error instanceof VaultError
        ? { kind: 'vault_unreadable', error }
        : { kind: 'defect', facts: defectOf(error) };
    }
  }

  async #step(item: WorkItem): Promise<Step> {
    if (!this.#sweep.mayRedeem(nowSeconds(this.#sweep.environment.clock))) return { kind: 'not_started' };
    if (item.prepared === undefined) {
      const preparation = await prepareAccount(this.#sweep, item.planned.account.id);
      if (preparation.kind === 'gone') return { kind: 'gone' };
      if (preparation.kind === 'unusable') {
        item.registrationSecret = preparation.registrationSecret;
        return { kind: 'unusable', facts: preparation.facts };
      }
      item.prepared = preparation.account;
      item.registrationSecret = preparation.account.registrationSecret;
    }
    if (item.planned.account.refreshToken === undefined) return { kind: 'pending_consent' };
    item.prepared = await withCredentialNow(this.#sweep, item.prepared);
    if (item.tokens.length === 0) item.tokens = dueTokens(item, item.prepared);
    return this.#turn(item, item.prepared);
  }

  /** One after another, because each redemption takes the refresh token that the one before has brought. */
  async #turn(item: WorkItem, prepared: PreparedAccount): Promise<'parked' | 'turn_over'> {
    const { clock } = this.#sweep.environment;
    for (const work of openTokens(item, nowSeconds(clock))) {
      const step = await this.#stepSafely(() => this.#enterGate(item, work, prepared));
      if (step === 'parked') return 'parked';
      const result = lookTwice(work, step);
      noteResult(work, result, nowSeconds(clock));
      if (result.kind === 'refreshed') item.published.add(result.attemptId);
      if (!endsTurn(result)) continue;
      postpone(item, retryAtOf(result, nowSeconds(clock)));
      break;
    }
    return 'turn_over';
  }

  async #enterGate(
    item: WorkItem,
    work: TokenWork,
    prepared: PreparedAccount,
  ): Promise<ItemResult | 'parked'> {
    const { credential, gateKey } = prepared;
    if (!credential.ok) {
      const { facts, passing } = credential;
      noteUnusable(this.#sweep, prepared, credential);
      return { kind: 'credential', facts, ...(passing && { doubted: passing }) };
    }
    const entry = this.#sweep.gate.enter(gateKey, this.#round);
    if (entry === 'wait') {
      this.#parked.set(gateKey, [...(this.#parked.get(gateKey) ?? []), item]);
      return 'parked';
    }
    if (typeof entry === 'object') {
      return 'rejected' in entry
        ? { kind: 'credential', facts: entry.rejected }
        : { kind: 'credential', facts: entry.doubted, doubted: true };
    }
    const attempt = {
      account: item.planned.account,
      prepared,
      token: work.token,
      published: item.published,
      dueReason: work.reason,
      round: this.#round,
      suspectedVersion: work.suspectedVersion,
    };
    if (entry === 'go') return attemptAsClient(this.#sweep, attempt, credential, false);
    try {
      return await attemptAsClient(this.#sweep, attempt, credential, true);
    } finally {
      this.#openGate(gateKey);
    }
  }

  /** The probe is back without a verdict on the credential, or with one that it has left there. */
  #openGate(gateKey: string): void {
    this.#sweep.gate.open(gateKey);
    this.#queue.unshift(...(this.#parked.get(gateKey) ?? []));
    this.#parked.delete(gateKey);
  }
}

/** One account's bug must not stop the others. */
const defectOf = (error: unknown): Reason => defectReason(error, 'on this account');

/** Ends an account's work in this sweep. */
async function settle(sweep: SweepState, item: WorkItem): Promise<void> {
  item.settled = true;
  item.failure = nextFailure(sweep, item);
  try {
    await saveState(sweep, item);
  } catch (error) {
    item.result = { kind: 'defect', facts: defectOf(error) };
    item.failure = nextFailure(sweep, item);
  }
}

/** Ends the work of all given accounts, as many at a time as are refreshed at a time. */
export async function settleAll(sweep: SweepState, items: readonly WorkItem[]): Promise<void> {
  const queue = [...items];
  const work = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await settle(sweep, item);
  };
  await Promise.all(Array.from({ length: sweep.environment.policy.concurrency }, work));
}

/** Runs one round over the given items; every one has a result afterwards. */
export function runRound(sweep: SweepState, round: number, items: readonly WorkItem[]): Promise<void> {
  sweep.beginRound();
  return new Round(sweep, round, items).run(sweep.environment.policy.concurrency);
}
