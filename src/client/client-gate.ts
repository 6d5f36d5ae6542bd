import type { Reason } from '../reason.ts';

/** The client's credential is rejected or unusable: no account's fault. `doubted`: looked at once more later. */
export interface CredentialFailure {
  readonly kind: 'credential';
  readonly facts: Reason;
  readonly doubted?: true;
}

/** Whether an account may be sent after its client: as the first one, as another, later, or not. */
export type Entry = 'probe' | 'go' | 'wait' | CredentialFailure;

/**
 * Lets one account of a client go first in a sweep. If the client's credential is rejected, the others are not
 * sent after it: one rejected secret is one incident and one wasted request, however many accounts share it.
 */
export class ClientGate {
  /** What the next account is told. */
  #entry: Entry = 'probe';
  #doubtedIn: number | undefined;

  /** @param round of the sweep; a doubted credential is probed again in a later one */
  enter(round: number): Entry {
    if (this.#isDoubted && round > (this.#doubtedIn ?? 0)) this.#entry = 'probe';
    const entry = this.#entry;
    if (entry === 'probe') this.#entry = 'wait';
    return entry;
  }

  get #isDoubted(): boolean {
    return typeof this.#entry === 'object' && this.#entry.doubted === true;
  }

  /**
   * The answer may not have been Entra's: nobody else of this client is sent in this round. False when that was so
   * before in this sweep; then it counts.
   */
  doubt(facts: Reason, round: number): boolean {
    if (this.#doubtedIn !== undefined) return this.#isDoubted;
    this.#doubtedIn = round;
    this.#entry = { kind: 'credential', facts, doubted: true };
    return true;
  }

  /** The credential was rejected: nobody else of this client is sent. */
  reject(facts: Reason): void {
    this.#entry = { kind: 'credential', facts };
  }

  /** The probe came back; unless it brought a rejection, or one to look at again, the others may go. */
  open(): void {
    if (this.#entry === 'wait') this.#entry = 'go';
  }
}
