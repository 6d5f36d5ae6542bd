import type { FailureFacts } from '../oauth/outcome.ts';

type Passage = { kind: 'probing' } | { kind: 'open' } | { kind: 'rejected'; facts: FailureFacts };

export type Entry = 'probe' | 'go' | 'wait' | { readonly rejected: FailureFacts };

/**
 * Lets one account of each client go first in a sweep. If the client's credential is rejected, the others are not
 * sent after it: one rejected secret is one incident and one wasted request, however many accounts share it.
 */
export class ClientGate {
  readonly #passages = new Map<string, Passage>();
  #waiters: (() => void)[] = [];

  /** @param key authority, client id and credential version */
  enter(key: string): Entry {
    const passage = this.#passages.get(key);
    switch (passage?.kind) {
      case undefined:
        this.#passages.set(key, { kind: 'probing' });
        return 'probe';
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

  /** The credential was rejected: nobody else of this client is sent. */
  reject(key: string, facts: FailureFacts): void {
    this.#passages.set(key, { kind: 'rejected', facts });
  }

  /** The probe came back; unless it brought a rejection, the others may go. */
  open(key: string): void {
    if (this.#passages.get(key)?.kind !== 'rejected') this.#passages.set(key, { kind: 'open' });
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  /** Resolves when the next probe of any client has come back. */
  nextVerdict(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }
}
