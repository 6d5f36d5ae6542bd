import type { Clock } from '../time.ts';
import {
  type ApplicationInsightsOptions,
  ApplicationInsightsTelemetry,
} from './application-insights-telemetry.ts';
import { eventFields, type Telemetry, type TelemetryEvent } from './events.ts';
import { redactingTelemetry } from './redaction.ts';

interface TelemetryOptions extends Pick<ApplicationInsightsOptions, 'credential' | 'httpClient'> {
  /** Of the Application Insights component; without one, or with an empty one, events become lines. */
  readonly connectionString?: string;
  readonly clock: Clock;
}

/**
 * The telemetry of one invocation, or of one command.
 *
 * @param write takes one line of JSON at a time: that invocation's `context.log`, standard output
 */
export type TelemetryFor = (write: (line: string) => void) => Telemetry;

/**
 * A process's way out for events: Application Insights when there is a connection string, lines of JSON otherwise, and
 * always redacted. Lines also take the events when Application Insights cannot be used at all, and say as
 * `{time, warning}` what it refused. Lines belong to an invocation: the Functions host drops those of one that has ended.
 */
export function createTelemetry({ connectionString, clock, ...sdkOptions }: TelemetryOptions): TelemetryFor {
  if (connectionString === undefined || connectionString === '')
    return (write) => redactingTelemetry(new JsonLinesTelemetry(write, clock));
  const component = new ApplicationInsightsTelemetry({ ...sdkOptions, connectionString, clock });
  return (write) => {
    const warn = (warning: string) =>
      write(JSON.stringify({ time: new Date(clock.nowMilliseconds()).toISOString(), warning }));
    return redactingTelemetry(component.through({ warn, fallback: new JsonLinesTelemetry(write, clock) }));
  };
}

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
