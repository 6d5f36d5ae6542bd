/** What may be told of a request afterwards: no token, no secret. */
export interface LoggedRequest {
  readonly atMilliseconds: number;
  readonly path: string;
  readonly clientId: string | undefined;
  readonly grantId: string | undefined;
  /** The generation of the presented refresh token. */
  readonly generation: number | undefined;
  readonly status: number;
  /** The AADSTS number of a refusal. */
  readonly code: number | undefined;
}

const limit = 1000;

/** The newest requests, at most 1,000. */
export class RequestLog {
  #requests: LoggedRequest[] = [];

  add(request: LoggedRequest): void {
    this.#requests.push(request);
    if (this.#requests.length >= 2 * limit) this.#requests = this.#requests.slice(-limit);
  }

  /** Oldest first. */
  recent(): readonly LoggedRequest[] {
    return this.#requests.slice(-limit);
  }
}
