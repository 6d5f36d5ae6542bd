import { defectReason } from '../reason.ts';
import { nowSeconds } from '../time.ts';
import { VaultError } from '../vault/secret-vault.ts';
import { attemptAsClient } from './attempt-as-client.ts';
import { noteUnusable } from './credential-incidents.ts';
import { type PreparedAccount, prepareAccount, withCredentialNow } from './prepare-account.ts';
import type { Result } from './results.ts';
import { nextFailure, saveState } from './settle-account.ts';
import type { SweepState } from './sweep-state.ts';
import {
  noteHindrance,
  notePrepared,
  noteResult,
  openTokens,
  type TokenWork,
  type WorkItem,
} from './work-item.ts';

/** One account's failing vault or bug must not stop the others. */
function failureOf(error: unknown): Result {
  return error instanceof VaultError
    ? { kind: 'vault_unreadable', error }
    : { kind: 'defect', facts: defectReason(error, 'on this account') };
}

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

  /** Takes one account after another, until none is left. */
  async work(): Promise<void> {
    for (;;) {
      const item = this.#queue.shift();
      if (item !== undefined) await this.#takeTurn(item);
      else if (this.#parked.size > 0) await this.#sweep.gate.nextVerdict();
      else return;
    }
  }

  /** One token after another, because each redemption takes the refresh token that the one before has brought. */
  async #takeTurn(item: WorkItem): Promise<void> {
    const now = () => nowSeconds(this.#sweep.environment.clock);
    const prepared = await this.#prepare(item).catch(failureOf);
    if ('kind' in prepared) noteHindrance(item, prepared, now());
    else {
      for (const work of openTokens(item, now())) {
        const result = await this.#attempt(item, work, prepared).catch(failureOf);
        if (result === 'parked') return;
        if (!noteResult(item, work, result, now())) break;
      }
    }
    if (item.tokens.every(({ settled }) => settled)) await settle(this.#sweep, item);
  }

  /** What the attempts need of the account, or what hinders them. */
  async #prepare(item: WorkItem): Promise<PreparedAccount | Result> {
    if (!this.#sweep.mayRedeem(nowSeconds(this.#sweep.environment.clock))) return { kind: 'not_started' };
    if (item.prepared === undefined) {
      const preparation = await prepareAccount(this.#sweep, item.planned.account.id);
      if (preparation.kind === 'gone') return preparation;
      if (preparation.kind === 'unusable') {
        item.registrationSecret = preparation.registrationSecret;
        return { kind: 'unusable', facts: preparation.facts };
      }
      notePrepared(item, preparation.account);
    }
    if (item.prepared === undefined || item.planned.account.refreshToken === undefined)
      return { kind: 'pending_consent' };
    item.prepared = await withCredentialNow(this.#sweep, item.prepared);
    return item.prepared;
  }

  async #attempt(item: WorkItem, work: TokenWork, prepared: PreparedAccount): Promise<Result | 'parked'> {
    const { credential, gateKey, registration } = prepared;
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
      token: registration.tokens.find(({ name }) => name === work.name) ?? registration.tokens[0],
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

/** Ends an account's work in this sweep. */
async function settle(sweep: SweepState, item: WorkItem): Promise<void> {
  item.settled = true;
  item.failure = nextFailure(sweep, item);
  try {
    await saveState(sweep, item);
  } catch (error) {
    for (const work of item.tokens) work.result = failureOf(error);
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
export async function runRound(sweep: SweepState, round: number, items: readonly WorkItem[]): Promise<void> {
  sweep.beginRound();
  const workers = Math.min(sweep.environment.policy.concurrency, items.length);
  const pass = new Round(sweep, round, items);
  await Promise.all(Array.from({ length: workers }, () => pass.work()));
}
