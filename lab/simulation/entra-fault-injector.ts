import {
  aadsts,
  type EntraFault,
  EntraFaults,
  htmlBadGateway,
  serviceUnavailable,
  tooManyRequests,
  transientInvalidGrant,
} from '../../local/entra/entra-faults.ts';
import type { RequestSubject } from '../../local/entra/redemption.ts';
import type { SeededRandom } from '../../local/seeded-random.ts';
import type { Clock } from '../../src/time.ts';
import type { FaultLog } from './fault-log.ts';
import { rates } from './rates.ts';

/** Something that is wrong with Entra for a while. */
export type EntraOutage =
  | { readonly kind: 'down' }
  /** One client or, without it, all. */
  | { readonly kind: 'throttled'; readonly clientId?: string; readonly retryAfterSeconds?: number };

type NamedFault = readonly [kind: string, fault: EntraFault];

/** Longer than the client waits for an answer. */
const silenceMilliseconds = 30_000;

const serverFaults: readonly NamedFault[] = [
  ['503 90033', serviceUnavailable()],
  ['502 html', htmlBadGateway()],
  ['500 server_error', { answer: aadsts(90036) }],
  ['hang', { network: 'hang' }],
  ['refused', { network: 'refused' }],
  ['reset', { network: 'reset_before' }],
];

const singleFaults: readonly NamedFault[] = [
  ...serverFaults,
  ['503 with Retry-After', serviceUnavailable(10)],
  ['429', tooManyRequests()],
  ['429 with Retry-After', tooManyRequests(20)],
  ['redeem then reset', { network: 'reset_after' }],
  ['redeem then hang', { network: 'reset_after', delayMilliseconds: silenceMilliseconds }],
  ['redeem then cut answer', { network: 'close_mid_body' }],
  ['delay', { delayMilliseconds: 8000 }],
];

/** When a grant is refused by 70000 for no reason, and from when on that may come again; milliseconds since 1970. */
interface Doubt {
  readonly until: number;
  readonly nextAt: number;
}

/** Lets token requests fail at random, and puts outages upon Entra. */
export class EntraFaultInjector extends EntraFaults {
  /** Single faults are injected only while this is set. */
  active = false;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #log: FaultLog;
  readonly #outages = new Set<EntraOutage>();
  readonly #doubts = new Map<string, Doubt>();

  constructor(clock: Clock, random: SeededRandom, log: FaultLog) {
    super();
    this.#clock = clock;
    this.#random = random;
    this.#log = log;
  }

  begin(outage: EntraOutage): void {
    this.#outages.add(outage);
  }

  end(outage: EntraOutage): void {
    this.#outages.delete(outage);
  }

  override get size(): number {
    return this.active ? 1 : this.#outages.size;
  }

  override take(subject: RequestSubject | undefined): EntraFault | undefined {
    const named = this.#outageFault(subject) ?? (this.active ? this.#singleFault(subject) : undefined);
    if (named === undefined) return undefined;
    this.#log.count(`entra ${named[0]}`, 'entra redeem');
    return named[1];
  }

  #outageFault(subject: RequestSubject | undefined): NamedFault | undefined {
    for (const outage of this.#outages) {
      if (outage.kind === 'down') return this.#random.pick(serverFaults);
      if (outage.clientId !== undefined && outage.clientId !== subject?.clientId) continue;
      if (this.#random.chance(rates.throttledShare)) {
        const word = outage.retryAfterSeconds === undefined ? '429' : '429 with Retry-After';
        return [word, tooManyRequests(outage.retryAfterSeconds)];
      }
    }
    return undefined;
  }

  #singleFault(subject: RequestSubject | undefined): NamedFault | undefined {
    if (this.#isDoubted(subject?.grant?.id)) return ['transient 70000', transientInvalidGrant()];
    return this.#random.chance(rates.entraFaultShare) ? this.#random.pick(singleFaults) : undefined;
  }

  #isDoubted(grantId: string | undefined): boolean {
    if (grantId === undefined) return false;
    const now = this.#clock.nowMilliseconds();
    const doubt = this.#doubts.get(grantId);
    if (doubt !== undefined && now < doubt.nextAt) return now < doubt.until;
    if (!this.#random.chance(rates.doubtShare)) return false;
    const until = now + this.#random.between(...rates.doubtSeconds) * 1000;
    this.#doubts.set(grantId, { until, nextAt: until + rates.doubtRestSeconds * 1000 });
    return true;
  }
}
