import type { Clock } from '../time.ts';
import {
  type ApplicationInsightsOptions,
  ApplicationInsightsTelemetry,
} from './application-insights-telemetry.ts';
import type { Telemetry } from './events.ts';
import { JsonLinesTelemetry } from './json-lines-telemetry.ts';
import { redactingTelemetry } from './redacting-telemetry.ts';

export interface TelemetryOptions extends Pick<ApplicationInsightsOptions, 'credential' | 'httpClient'> {
  /** Of the Application Insights component; without one, or with an empty one, events become lines. */
  readonly connectionString?: string;
  /** Takes one line of JSON at a time: `context.log`, standard output. */
  readonly write: (line: string) => void;
  readonly clock: Clock;
}

/**
 * Application Insights when there is a connection string, lines of JSON otherwise, and always redacted. Lines also
 * take the events when Application Insights cannot be used at all, and say as `{time, warning}` what it refused.
 */
export function createTelemetry({
  connectionString,
  write,
  clock,
  ...sdkOptions
}: TelemetryOptions): Telemetry {
  const lines = new JsonLinesTelemetry(write, clock);
  if (connectionString === undefined || connectionString === '') return redactingTelemetry(lines);
  const warn = (warning: string) =>
    write(JSON.stringify({ time: new Date(clock.nowMilliseconds()).toISOString(), warning }));
  return redactingTelemetry(
    new ApplicationInsightsTelemetry({ ...sdkOptions, connectionString, clock, warn, fallback: lines }),
  );
}
