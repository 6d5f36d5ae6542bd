import type { TelemetryClient } from 'applicationinsights';
import type { Clock } from '../time.ts';
import {
  emissionTimeProperty,
  errorName,
  loadClient,
  type SdkOptions,
} from './application-insights-client.ts';
import { eventFields, type Telemetry, type TelemetryEvent } from './events.ts';
import { redact } from './redaction.ts';

export interface ApplicationInsightsOptions extends Omit<SdkOptions, 'scrub' | 'warn'> {
  /** Dates the events. */
  readonly clock: Clock;
  /** Last look at every text before the wire; default {@link redact}. */
  readonly scrub?: (text: string) => string;
}

/** What is beside Application Insights: the log of the invocation whose events these are. */
export interface TelemetryOutlet {
  /** Told in one secret-free sentence when telemetry is not delivered. */
  warn(message: string): void;
  /** Takes the events when the SDK cannot be loaded or the connection string is unusable. */
  readonly fallback: Telemetry;
}

/** An event that is not with the SDK yet. */
interface WaitingEvent {
  readonly event: TelemetryEvent;
  readonly outlet: TelemetryOutlet;
  readonly emittedAtMilliseconds: number;
}

/** The SDK's queue drops what exceeds 2,048 events; it sends 512 a request. */
const batchSize = 512;

const defaultFlushLimitMilliseconds = 5000;

/**
 * Sends events to Application Insights as custom events. The SDK is loaded at the first event; until then, and
 * while a full batch is under way, events wait here, so that a burst of any size arrives. Each keeps the time at which
 * it was emitted.
 *
 * A process has one, with one connection; each invocation has a {@link ApplicationInsightsTelemetry.through view} of it.
 */
export class ApplicationInsightsTelemetry {
  readonly #options: SdkOptions;
  readonly #clock: Clock;
  readonly #waiting: WaitingEvent[] = [];
  /** Those whose events are under way: whatever goes wrong may be theirs. */
  readonly #outlets = new Set<TelemetryOutlet>();
  #client: TelemetryClient | undefined;
  #loadFailed = false;
  /** How many events the SDK may still be given before its queue must be emptied. */
  #room = batchSize;
  #sending: Promise<void> | undefined;

  constructor({ clock, scrub = redact, ...options }: ApplicationInsightsOptions) {
    this.#clock = clock;
    this.#options = { ...options, scrub, warn: (message) => this.#warn(message) };
  }

  /** The same telemetry, its warnings and what cannot be sent going to this outlet. */
  through(outlet: TelemetryOutlet): Telemetry {
    return {
      emit: (event) => this.#emit(event, outlet),
      flush: (limitMilliseconds) => this.#flush(outlet, limitMilliseconds),
    };
  }

  #emit(event: TelemetryEvent, outlet: TelemetryOutlet): void {
    this.#outlets.add(outlet);
    this.#waiting.push({ event, outlet, emittedAtMilliseconds: this.#clock.nowMilliseconds() });
    if (this.#client === undefined || this.#room === 0) void this.#send();
    else if (this.#sending === undefined) this.#handOver(this.#client);
  }

  /** What could not be sent within the limit is not dropped: sending goes on, and the next flush waits for it. */
  async #flush(
    outlet: TelemetryOutlet,
    limitMilliseconds: number = defaultFlushLimitMilliseconds,
  ): Promise<void> {
    if (!this.#outlets.has(outlet)) return;
    if (await settlesWithin(this.#send(), limitMilliseconds)) return;
    attempt(() => outlet.warn(`telemetry was not sent within ${limitMilliseconds} ms`));
  }

  #warn(message: string): void {
    for (const outlet of this.#outlets) attempt(() => outlet.warn(message));
  }

  /** Sends everything, one batch after the other; at most one such run at a time, which never rejects. */
  #send(): Promise<void> {
    this.#sending ??= this.#sendBatches();
    return this.#sending;
  }

  async #sendBatches(): Promise<void> {
    const client = await this.#load();
    do {
      if (client === undefined) this.#fallBack();
      else await this.#sendBatch(client);
    } while (this.#waiting.length > 0);
    // In the same turn as the last look at what waits: an event that comes now starts a new run.
    this.#sending = undefined;
    this.#outlets.clear();
  }

  async #load(): Promise<TelemetryClient | undefined> {
    if (this.#loadFailed) return undefined;
    try {
      this.#client ??= await loadClient(this.#options);
    } catch (error) {
      this.#loadFailed = true;
      this.#warn(`telemetry cannot be sent: ${errorName(error)}`);
    }
    return this.#client;
  }

  async #sendBatch(client: TelemetryClient): Promise<void> {
    this.#handOver(client);
    // Events, traces and metrics are flushed side by side here, so nothing holds up the events.
    await client.flush().catch(() => {});
    this.#room = batchSize;
  }

  #handOver(client: TelemetryClient): void {
    for (const { event, emittedAtMilliseconds } of this.#waiting.splice(0, this.#room)) {
      this.#room -= 1;
      attempt(() => {
        const fields = eventFields(event);
        if (fields === undefined) return;
        const { properties, measurements } = fields;
        const time = { [emissionTimeProperty]: new Date(emittedAtMilliseconds).toISOString() };
        client.trackEvent({ name: event.name, properties: { ...properties, ...time }, measurements });
      });
    }
  }

  #fallBack(): void {
    for (const { event, outlet } of this.#waiting.splice(0)) attempt(() => outlet.fallback.emit(event));
  }
}

/** Telemetry must not break a sweep. */
function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // Nobody is left to tell.
  }
}

async function settlesWithin(promise: Promise<void>, limitMilliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMilliseconds);
  });
  const settled = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return settled;
}
