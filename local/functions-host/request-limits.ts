/** What the host lets in; each default is the host's own. */
export interface RequestLimits {
  /** Of a body, in bytes; default 104,857,600 (ScriptConstants.DefaultMaxRequestBodySize). */
  readonly bodyBytes: number;
  /** Requests worked on at a time; default: any number. */
  readonly concurrent: number;
  /** Those and the ones that wait; default: any number. */
  readonly outstanding: number;
}

/** `extensions.http` of host.json, as far as it limits requests; -1 is no limit. */
interface HttpExtension {
  readonly maxConcurrentRequests?: number;
  readonly maxOutstandingRequests?: number;
}

const orUnlimited = (limit = -1): number => (limit < 0 ? Number.POSITIVE_INFINITY : limit);

/**
 * The limits of host.json and of the app setting `FUNCTIONS_REQUEST_BODY_SIZE_LIMIT`, which counts when it is a number
 * (azure-functions-host: HttpRequestBodySizeMiddleware).
 */
export function requestLimits(http: HttpExtension, bodySizeLimit: string | undefined): RequestLimits {
  return {
    bodyBytes: /^\d+$/.test(bodySizeLimit ?? '') ? Number(bodySizeLimit) : 104_857_600,
    concurrent: orUnlimited(http.maxConcurrentRequests),
    outstanding: orUnlimited(http.maxOutstandingRequests),
  };
}

/** Requests that wait for their turn (azure-functions-host: HttpRequestQueue). */
export class RequestQueue {
  readonly #limits: Pick<RequestLimits, 'concurrent' | 'outstanding'>;
  readonly #waiting: (() => void)[] = [];
  #outstanding = 0;
  #running = 0;

  constructor(limits: Pick<RequestLimits, 'concurrent' | 'outstanding'>) {
    this.#limits = limits;
  }

  /** Does the work when it is its turn; false, and nothing done, when too many wait. */
  async run(work: () => Promise<void>): Promise<boolean> {
    if (this.#outstanding >= this.#limits.outstanding) return false;
    this.#outstanding += 1;
    await this.#turn();
    try {
      await work();
    } finally {
      this.#outstanding -= 1;
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
    return true;
  }

  async #turn(): Promise<void> {
    if (this.#running >= this.#limits.concurrent)
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    this.#running += 1;
  }
}
