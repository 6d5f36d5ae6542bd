import type { Clock } from '../time.ts';
import {
  type ApplicationInsightsOptions,
  ApplicationInsightsTelemetry,
} from './application-insights-telemetry.ts';
import type { Telemetry } from './events.ts';
import { JsonLinesTelemetry } from './json-lines-telemetry.ts';
import { redactingTelemetry } from './redacting-telemetry.ts';

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
