import { gunzipSync } from 'node:zlib';
import type { HttpClient } from '../../src/telemetry/application-insights-client.ts';

export interface TelemetryEnvelope {
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

export type Request = Parameters<HttpClient['sendRequest']>[0];

/** What the ingestion does with a request: answer with a status, never answer, or break the connection. */
export type Behaviour = number | 'hang' | 'throw';

/** Names no host that exists: nothing leaves the process. */
export const ingestionConnectionString =
  'InstrumentationKey=00000000-0000-4000-8000-000000000000;IngestionEndpoint=https://ingestion.example/';

/** The ingestion endpoint in memory, below the SDK's pipeline: no port, no TLS, every envelope as it was sent. */
export class InMemoryIngestion {
  behaviour: Behaviour = 200;
  readonly #receive: (envelopes: readonly TelemetryEnvelope[]) => void;
  readonly #released = Promise.withResolvers<void>();

  /** @param receive is given the envelopes of each accepted request */
  constructor(receive: (envelopes: readonly TelemetryEnvelope[]) => void) {
    this.#receive = receive;
  }

  readonly httpClient: HttpClient = {
    sendRequest: async (request) => {
      const body = textOf(request);
      this.observe(request, body);
      if (this.behaviour === 'throw') throw new Error(`socket closed while sending ${body}`);
      if (this.behaviour === 'hang') await this.#released.promise;
      const status = typeof this.behaviour === 'number' ? this.behaviour : 200;
      const envelopes: TelemetryEnvelope[] = JSON.parse(body);
      if (status === 200) this.#receive(envelopes);
      return { request, status, headers: request.headers, bodyAsText: acceptance(envelopes.length) };
    },
  };

  /** Answers everything that hangs, and whatever comes. */
  release(): void {
    this.behaviour = 200;
    this.#released.resolve();
  }

  /** Sees each request before it is answered. */
  protected observe(_request: Request, _body: string): void {}
}

function textOf(request: Request): string {
  if (request.headers.get('content-encoding') === 'gzip') {
    return gunzipSync(request.body as Uint8Array).toString();
  }
  return String(request.body);
}

const acceptance = (count: number): string =>
  JSON.stringify({ itemsReceived: count, itemsAccepted: count, errors: [] });
