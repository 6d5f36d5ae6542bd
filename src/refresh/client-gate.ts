import type { FailureFacts } from '../oauth/outcome.ts';

type Passage =
  | { kind: 'probing' }
  | { kind: 'open' }
  | { kind: 'doubted'; facts: FailureFacts; round: number }
  | { kind: 'rejected'; facts: FailureFacts };

export type Entry =
  | 'probe'
  | 'go'
  | 'wait'
  | { readonly rejected: FailureFacts }
  | { readonly doubted: FailureFacts };

/**
 * Lets one account of each client go first in a sweep. If the client's credential is rejected, the others are not
 * sent after it: one rejected secret is one incident and one wasted request, however many accounts share it.
 */
export class ClientGate {
  readonly #passages = new Map<string, Passage>();
  readonly #doubtedOnce = new Set<string>();
  #waiters: (() => void)[] = [];

  /**
   * @param key authority, client id and credential version
   * @param round of the sweep; a doubted credential is probed again in a later one
   */
  enter(key: string, round: number): Entry {
    const passage = this.#passages.get(key);
    switch (passage?.kind) {
      case undefined:
        return this.#probe(key);
      case 'doubted':
        return round > passage.round ? this.#probe(key) : { doubted: passage.facts };
      case 'probing':
        return 'wait';
      case 'open':
        return 'go';
      case 'rejected':
        return { rejected: passage.facts };
      default:
        return passage satisfies never;
    }
  }

  #probe(key: string): 'probe' {
    this.#passages.set(key, { kind: 'probing' });
    return 'probe';
  }

  /**
   * The answer may not have been Entra's: nobody else of this client is sent in this round. False when that was so
   * before in this sweep; then it counts.
   */
  doubt(key: string, facts: FailureFacts, round: number): boolean {
    if (this.#doubtedOnce.has(key)) return this.#passages.get(key)?.kind === 'doubted';
    this.#doubtedOnce.add(key);
    this.#passages.set(key, { kind: 'doubted', facts, round });
    return true;
  }

  /** The credential was rejected: nobody else of this client is sent. */
  reject(key: string, facts: FailureFacts): void {
    this.#passages.set(key, { kind: 'rejected', facts });
  }

  /** The probe came back; unless it brought a rejection, or one to look at again, the others may go. */
  open(key: string): void {
    if (this.#passages.get(key)?.kind === 'probing') this.#passages.set(key, { kind: 'open' });
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  /** Resolves when the next probe of any client has come back. */
  nextVerdict(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }
}
