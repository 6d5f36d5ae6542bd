import type { FailureFacts } from '../oauth/outcome.ts';

/** The client's credential is rejected or unusable: no account's fault. `doubted`: looked at once more later. */
export interface CredentialFailure {
  readonly kind: 'credential';
  readonly facts: FailureFacts;
  readonly doubted?: true;
}

type Passage =
  | { kind: 'closed' | 'probing' | 'open' }
  | { kind: 'doubted'; facts: FailureFacts; round: number }
  | { kind: 'rejected'; facts: FailureFacts };

/** Whether an account may be sent after its client: as the first one, as another, later, or not. */
export type Entry = 'probe' | 'go' | 'wait' | CredentialFailure;

/**
 * Lets one account of a client go first in a sweep. If the client's credential is rejected, the others are not
 * sent after it: one rejected secret is one incident and one wasted request, however many accounts share it.
 */
export class ClientGate {
  #passage: Passage = { kind: 'closed' };
  #doubtedOnce = false;

  /** @param round of the sweep; a doubted credential is probed again in a later one */
  enter(round: number): Entry {
    const passage = this.#passage;
    switch (passage.kind) {
      case 'closed':
        return this.#probe();
      case 'doubted':
        return round > passage.round
          ? this.#probe()
          : { kind: 'credential', facts: passage.facts, doubted: true };
      case 'probing':
        return 'wait';
      case 'open':
        return 'go';
      case 'rejected':
        return { kind: 'credential', facts: passage.facts };
      default:
        return passage satisfies never;
    }
  }

  #probe(): 'probe' {
    this.#passage = { kind: 'probing' };
    return 'probe';
  }

  /**
   * The answer may not have been Entra's: nobody else of this client is sent in this round. False when that was so
   * before in this sweep; then it counts.
   */
  doubt(facts: FailureFacts, round: number): boolean {
    if (this.#doubtedOnce) return this.#passage.kind === 'doubted';
    this.#doubtedOnce = true;
    this.#passage = { kind: 'doubted', facts, round };
    return true;
  }

  /** The credential was rejected: nobody else of this client is sent. */
  reject(facts: FailureFacts): void {
    this.#passage = { kind: 'rejected', facts };
  }

  /** The probe came back; unless it brought a rejection, or one to look at again, the others may go. */
  open(): void {
    if (this.#passage.kind === 'probing') this.#passage = { kind: 'open' };
  }
}
