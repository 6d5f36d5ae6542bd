import type { Clock } from '../time.ts';
import { eventFields } from './event-fields.ts';
import type { Telemetry, TelemetryEvent } from './events.ts';

/**
 * Writes each event as one line of JSON: `time` (ISO 8601, UTC, milliseconds), `event` (its name), then the
 * properties and the measurements in the contract's order. For `context.log` and standard output.
 */
export class JsonLinesTelemetry implements Telemetry {
  readonly #write: (line: string) => void;
  readonly #clock: Clock;

  constructor(write: (line: string) => void, clock: Clock) {
    this.#write = write;
    this.#clock = clock;
  }

  emit(event: TelemetryEvent): void {
    try {
      const fields = eventFields(event);
      if (fields === undefined) return;
      const time = new Date(this.#clock.nowMilliseconds()).toISOString();
      this.#write(JSON.stringify({ time, event: event.name, ...fields.properties, ...fields.measurements }));
    } catch {
      // A closed pipe must not break a sweep.
    }
  }

  /** Resolves at once: every line is written when its event is emitted. */
  async flush(): Promise<void> {}
}
