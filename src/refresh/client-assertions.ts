import {
  assertionLifetimeSeconds,
  type ClientAssertionInput,
  signClientAssertion,
} from '../oauth/client-assertion.ts';
import type { Sensitive } from '../sensitive.ts';
import type { EpochSeconds } from '../time.ts';

/** An assertion is sent again until it has less than this left. */
const reuseMarginSeconds = 60;

interface Entry {
  readonly madeAt: EpochSeconds;
  readonly reusedUntil: EpochSeconds;
  readonly assertion: Promise<Sensitive>;
}

/** The assertions that a process has signed: signing costs more than everything else in a redemption. */
export class ClientAssertions {
  readonly #sign: typeof signClientAssertion;
  readonly #entries = new Map<string, Entry>();

  /** @param sign default: {@link signClientAssertion} */
  constructor(sign: typeof signClientAssertion = signClientAssertion) {
    this.#sign = sign;
  }

  /** An assertion for the input, signed anew when there is none, it is about to end, or the clock was put back. */
  get(input: Omit<ClientAssertionInput, 'id'>, createId: () => string): Promise<Sensitive> {
    const { clientId, audience, certificate, algorithm, now } = input;
    const key = [clientId, audience, certificate.sha256Thumbprint, algorithm].join(' ');
    const known = this.#entries.get(key);
    if (known !== undefined && known.madeAt <= now && now < known.reusedUntil) return known.assertion;
    this.#forgetEnded(now);
    const assertion = this.#sign({ ...input, id: createId() });
    const reusedUntil = now + assertionLifetimeSeconds - reuseMarginSeconds;
    this.#entries.set(key, { madeAt: now, reusedUntil, assertion });
    assertion.catch(() => this.#entries.delete(key));
    return assertion;
  }

  #forgetEnded(now: EpochSeconds): void {
    for (const [key, { reusedUntil }] of this.#entries) if (reusedUntil <= now) this.#entries.delete(key);
  }
}
