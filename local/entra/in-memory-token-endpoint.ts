import type { Exchange, TokenEndpoint, TransportFailure } from '../../src/oauth/exchange.ts';
import type { TokenRequest } from '../../src/oauth/token-request.ts';
import { Sensitive } from '../../src/sensitive.ts';
import type { EntraFaults } from './entra-faults.ts';
import type { EntraState } from './entra-state.ts';
import { type Delivery, deliver } from './faulty-entra.ts';
import type { EntraRequest } from './wire.ts';

interface InMemoryTokenEndpointOptions {
  readonly state: EntraState;
  readonly faults: EntraFaults;
  /** Drawn once a request, half of it before and half after the redemption. Default: 0. */
  readonly latencyMilliseconds?: () => number;
  /** The client's patience with a server that hangs. Default: 30,000. */
  readonly responseTimeoutMilliseconds?: number;
}

/**
 * A token endpoint without sockets, on the model's clock. Network faults become what a real client can tell: a
 * reset before the server read the request looks like one after it, so both are `outcome_unknown`.
 */
export class InMemoryTokenEndpoint implements TokenEndpoint {
  readonly #options: InMemoryTokenEndpointOptions;

  constructor(options: InMemoryTokenEndpointOptions) {
    this.#options = options;
  }

  async send(request: TokenRequest): Promise<Exchange> {
    const { state, faults } = this.#options;
    const begin = state.clock.nowMilliseconds();
    const latency = this.#options.latencyMilliseconds?.() ?? 0;
    await this.#sleep(latency / 2);
    const delivery = await deliver(state, faults, entraRequest(request));
    await this.#sleep(delivery.kind === 'hanging' ? this.#patienceLeft(begin) : latency / 2);
    return exchangeOf(delivery, state.clock.nowMilliseconds() - begin);
  }

  #patienceLeft(begin: number): number {
    const spent = this.#options.state.clock.nowMilliseconds() - begin;
    return (this.#options.responseTimeoutMilliseconds ?? 30_000) - spent;
  }

  async #sleep(milliseconds: number): Promise<void> {
    if (milliseconds > 0) await this.#options.state.clock.sleep(milliseconds);
  }
}

function exchangeOf(delivery: Delivery, durationMilliseconds: number): Exchange {
  switch (delivery.kind) {
    case 'answered': {
      const { status, headers, body } = delivery.response;
      return { kind: 'answered', status, headers, body: new Sensitive(body), durationMilliseconds };
    }
    case 'refused':
      return { kind: 'not_sent', failure: 'connection_refused', durationMilliseconds };
    case 'reset':
      return unknown('connection_reset', durationMilliseconds);
    case 'cut':
      return unknown('connection_closed', durationMilliseconds);
    case 'hanging':
      return unknown('response_timeout', durationMilliseconds);
  }
}

function unknown(failure: TransportFailure, durationMilliseconds: number): Exchange {
  return { kind: 'outcome_unknown', failure, durationMilliseconds };
}

function entraRequest(request: TokenRequest): EntraRequest {
  const form = new URLSearchParams();
  for (const [name, value] of request.form) {
    form.append(name, typeof value === 'string' ? value : value.reveal());
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name.toLowerCase()] = value;
  const { pathname, origin } = new URL(request.url);
  return { path: pathname, headers, form, authority: origin };
}
