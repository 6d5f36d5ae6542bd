import {
  InMemoryIngestion,
  type Request,
  type TelemetryEnvelope,
} from '../../local/monitor/in-memory-ingestion.ts';

/** Keeps what was sent. */
export class RecordingIngestion extends InMemoryIngestion {
  readonly requests: { readonly url: string; readonly authorization: string | undefined }[] = [];
  readonly bodies: string[] = [];
  /** What arrived in accepted requests. */
  readonly accepted: TelemetryEnvelope[] = [];
  readonly #reached = Promise.withResolvers<void>();
  #arrival = Promise.withResolvers<void>();

  constructor() {
    super((envelopes) => {
      this.accepted.push(...envelopes);
      this.#arrival.resolve();
    });
  }

  /** Resolves when the first request has arrived. */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  /** Resolves when so many envelopes were accepted. */
  async acceptedAtLeast(count: number): Promise<void> {
    while (this.accepted.length < count) {
      this.#arrival = Promise.withResolvers();
      await this.#arrival.promise;
    }
  }

  protected override observe(request: Request, body: string): void {
    this.requests.push({ url: request.url, authorization: request.headers.get('authorization') });
    this.bodies.push(body);
    this.#reached.resolve();
  }
}
