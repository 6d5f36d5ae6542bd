import { gunzipSync } from 'node:zlib';
import type { HttpClient } from '../../src/telemetry/application-insights-client.ts';

export interface Envelope {
  readonly name: string;
  readonly time: string;
  readonly iKey: string;
  readonly sampleRate: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly data: {
    readonly baseType: string;
    readonly baseData: {
      readonly name: string;
      readonly properties: Readonly<Record<string, string>>;
      readonly measurements: Readonly<Record<string, number>>;
    };
  };
}

type Request = Parameters<HttpClient['sendRequest']>[0];

/** What the ingestion does with a request: answer with a status, never answer, or break the connection. */
export type Behaviour = number | 'hang' | 'throw';

/** The ingestion endpoint in memory, below the SDK's pipeline: no port, no TLS, every envelope as it was sent. */
export class InMemoryIngestion {
  behaviour: Behaviour = 200;
  readonly requests: { readonly url: string; readonly authorization: string | undefined }[] = [];
  readonly bodies: string[] = [];
  /** What arrived in accepted requests. */
  readonly accepted: Envelope[] = [];
  readonly #released = gate();
  readonly #reached = gate();
  #arrival = gate();

  readonly httpClient: HttpClient = {
    sendRequest: async (request) => {
      const body = textOf(request);
      this.requests.push({ url: request.url, authorization: request.headers.get('authorization') });
      this.bodies.push(body);
      this.#reached.open();
      if (this.behaviour === 'throw') throw new Error(`socket closed while sending ${body}`);
      if (this.behaviour === 'hang') await this.#released.opened;
      const status = typeof this.behaviour === 'number' ? this.behaviour : 200;
      const envelopes: Envelope[] = JSON.parse(body);
      if (status === 200) this.#accept(envelopes);
      return { request, status, headers: request.headers, bodyAsText: acceptance(envelopes.length) };
    },
  };

  /** Resolves when the first request has arrived. */
  get reached(): Promise<void> {
    return this.#reached.opened;
  }

  /** Resolves when so many envelopes were accepted. */
  async acceptedAtLeast(count: number): Promise<void> {
    while (this.accepted.length < count) {
      this.#arrival = gate();
      await this.#arrival.opened;
    }
  }

  #accept(envelopes: readonly Envelope[]): void {
    this.accepted.push(...envelopes);
    this.#arrival.open();
  }

  /** Answers everything that hangs, and whatever comes. */
  release(): void {
    this.behaviour = 200;
    this.#released.open();
  }
}

function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

function textOf(request: Request): string {
  if (request.headers.get('content-encoding') === 'gzip') {
    return gunzipSync(request.body as Uint8Array).toString();
  }
  return String(request.body);
}

const acceptance = (count: number): string =>
  JSON.stringify({ itemsReceived: count, itemsAccepted: count, errors: [] });
