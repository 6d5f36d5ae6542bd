import { eventFields } from './event-fields.ts';
import type { Telemetry, TelemetryEvent } from './events.ts';
import { redact } from './redaction.ts';

/**
 * Lets through what the contract names and nothing that looks like a secret: stray keys, undefined values and
 * non-finite measurements are dropped, every property passes {@link redact}. Emitting never throws.
 */
export function redactingTelemetry(inner: Telemetry): Telemetry {
  return {
    emit(event) {
      try {
        const clean = redactEvent(event);
        if (clean !== undefined) inner.emit(clean);
      } catch {
        // Telemetry must not break a sweep, and an error here could quote the very text it was to mask.
      }
    },
    flush: (limitMilliseconds) => inner.flush(limitMilliseconds),
  };
}

function redactEvent(event: TelemetryEvent): TelemetryEvent | undefined {
  const fields = eventFields(event);
  if (fields === undefined) return undefined;
  const properties = Object.fromEntries(
    Object.entries(fields.properties).map(([key, value]) => [key, redact(value)]),
  );
  // The keys come from the contract of this very name, which the compiler cannot follow.
  return { name: event.name, properties, measurements: fields.measurements } as TelemetryEvent;
}
