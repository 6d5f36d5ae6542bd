import type { LookupFunction } from 'node:net';
import type { Dispatcher } from 'undici';
import { createDispatcher } from '../http/dispatcher.ts';
import { Sensitive } from '../sensitive.ts';
import { isConfidential } from './authority.ts';
import { type Exchange, type TokenEndpoint, type TransportFailure, transportFailure } from './exchange.ts';
import type { TokenRequest } from './token-request.ts';

export interface TokenEndpointOptions {
  /** From name lookup to the end of the TLS handshake; shorter than the total limit. Default: 5,000 (5 seconds). */
  readonly connectLimitMilliseconds?: number;
  /** From {@link UndiciTokenEndpoint.send} to the answer's last byte, waiting for a connection included. Default: 30,000. */
  readonly totalLimitMilliseconds?: number;
  /** Connections to one authority; further requests wait for a free one. At least 1. Default: 32. */
  readonly connections?: number;
  /** Certificates (PEM) to trust instead of Node's own. */
  readonly trustedCertificates?: string;
  /** Name resolution in place of the system's. */
  readonly lookup?: LookupFunction;
}

const responseLimitBytes = 1024 * 1024;
/** A person waits for it in the browser. */
const documentLimitMilliseconds = 5000;

/** Nothing is decompressed here, and a server may compress for whoever does not say so (RFC 9110 section 12.5.3). */
const plainOnly = { 'Accept-Encoding': 'identity' };

/**
 * The one door to the network for token requests and an authority's metadata. Sends a request at most once, follows no redirect, keeps no
 * cookies, goes through the proxy that the surroundings name. Throws RangeError (`ERR_OUT_OF_RANGE`) when made with options
 * out of range.
 */
export class UndiciTokenEndpoint implements TokenEndpoint {
  readonly #dispatcher: Dispatcher;
  readonly #totalLimitMilliseconds: number;
  #closed: Promise<void> | undefined;

  constructor(options: TokenEndpointOptions = {}) {
    const limits = checkedLimits(options);
    this.#totalLimitMilliseconds = limits.totalLimitMilliseconds;
    this.#dispatcher = createDispatcher({ ...options, ...limits, responseLimitBytes });
  }

  send(request: TokenRequest): Promise<Exchange> {
    const body = encodeForm(request.form);
    return this.#dispatch(request.url, this.#totalLimitMilliseconds, {
      method: 'POST',
      headers: request.headers,
      body,
    });
  }

  /** Fetches a public document over the same connections, within {@link documentLimitMilliseconds}. */
  get(address: string): Promise<Exchange> {
    const limit = Math.min(documentLimitMilliseconds, this.#totalLimitMilliseconds);
    return this.#dispatch(address, limit, { method: 'GET', headers: { Accept: 'application/json' } });
  }

  #dispatch(
    address: string,
    limitMilliseconds: number,
    { headers, ...request }: OutgoingRequest,
  ): Promise<Exchange> {
    return new Promise((resolve) => {
      const pending = new PendingExchange(resolve, limitMilliseconds);
      const url = URL.parse(address);
      // The authority was checked when it was parsed; this is the second lock on the same door.
      if (url === null || !isConfidential(url)) return pending.fail('other');
      const target = { origin: url.origin, path: url.pathname + url.search };
      this.#dispatcher.dispatch({ ...target, ...request, headers: { ...headers, ...plainOnly } }, pending);
    });
  }

  /** Lets requests under way end, within their limits, and closes all connections. A second call waits for the first. */
  close(): Promise<void> {
    this.#closed ??= this.#dispatcher.close();
    return this.#closed;
  }
}

/**
 * One request under way. undici calls `onRequestStart` just before it writes the first byte: a failure before
 * that call is proof that nothing was sent, whatever its code (ECONNRESET, EHOSTUNREACH and TLS alerts also
 * arise on connections that already carried the request).
 */
class PendingExchange implements Dispatcher.DispatchHandler {
  readonly #startedAt = performance.now();
  readonly #resolve: (exchange: Exchange) => void;
  readonly #timer: NodeJS.Timeout;
  #settled = false;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: Record<string, string> = {};
  #chunks: Buffer[] = [];

  constructor(resolve: (exchange: Exchange) => void, limitMilliseconds: number) {
    this.#resolve = resolve;
    this.#timer = setTimeout(() => this.#expire(), limitMilliseconds);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#settled) controller.abort(new Error('the time limit passed before a connection was free'));
    else this.#controller = controller;
  }

  // Called for an informational answer too; the final one, which comes last, replaces it.
  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: ResponseHeaders): void {
    this.#status = status;
    this.#headers = flatHeaders(headers);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#settle({
      kind: 'answered',
      status: this.#status,
      headers: this.#headers,
      body: new Sensitive(utf8(this.#chunks)),
      durationMilliseconds: this.#elapsedMilliseconds(),
    });
  }

  onResponseError(_: unknown, error: Error): void {
    this.fail(transportFailure(error));
  }

  fail(failure: TransportFailure): void {
    const kind = this.#controller === undefined ? 'not_sent' : 'outcome_unknown';
    this.#settle({ kind, failure, durationMilliseconds: this.#elapsedMilliseconds() });
  }

  #expire(): void {
    this.fail(this.#controller === undefined ? 'connect_timeout' : 'response_timeout');
    this.#controller?.abort(new Error('the time limit passed'));
  }

  #settle(exchange: Exchange): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#resolve(exchange);
  }

  #elapsedMilliseconds(): number {
    return Math.round(performance.now() - this.#startedAt);
  }
}

type OutgoingRequest = Pick<Dispatcher.DispatchOptions, 'method' | 'body'> & {
  readonly headers: Readonly<Record<string, string>>;
};

type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

// Cookies are dropped: Entra's loop detection counts per cookie, and nobody here may send one back.
function flatHeaders(headers: ResponseHeaders): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name === 'set-cookie') continue;
    flat[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return flat;
}

function utf8(chunks: readonly Buffer[]): string {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first.toString() : Buffer.concat(chunks).toString();
}

/** `application/x-www-form-urlencoded`: the one place where secrets are unsealed and encoded, once. */
export function encodeForm(form: TokenRequest['form']): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of form) {
    parameters.append(name, typeof value === 'string' ? value : value.reveal());
  }
  return parameters.toString();
}

function checkedLimits(options: TokenEndpointOptions) {
  const { connectLimitMilliseconds = 5_000, totalLimitMilliseconds = 30_000, connections = 32 } = options;
  if (!(connectLimitMilliseconds > 0 && connectLimitMilliseconds < totalLimitMilliseconds)) {
    throw outOfRange('connectLimitMilliseconds must be above 0 and below totalLimitMilliseconds');
  }
  if (!Number.isInteger(connections) || connections < 1) {
    throw outOfRange('connections must be a whole number of at least 1');
  }
  return { connectLimitMilliseconds, totalLimitMilliseconds, connections };
}

function outOfRange(message: string): RangeError {
  return Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' });
}
