import {
  type EventName,
  eventContract,
  type Telemetry,
  type TelemetryEvent,
} from '../../src/telemetry/events.ts';

/** Keeps what was emitted and the limits it was flushed with. */
export class RecordingTelemetry implements Telemetry {
  readonly events: TelemetryEvent[] = [];
  readonly limits: (number | undefined)[] = [];

  emit(event: TelemetryEvent): void {
    this.events.push(event);
  }

  async flush(limitMilliseconds?: number): Promise<void> {
    this.limits.push(limitMilliseconds);
  }

  named<N extends EventName>(name: N): Extract<TelemetryEvent, { name: N }>[] {
    return this.events.filter((event): event is Extract<TelemetryEvent, { name: N }> => event.name === name);
  }
}

/** An event with a value for every key of its contract: `text(key)` for properties, 1, 2, 3 … as measurements. */
export function fullEvent(
  name: EventName,
  text: (key: string) => string = (key) => `a ${key}`,
): TelemetryEvent {
  const { properties, measurements } = eventContract[name];
  return uncheckedEvent(
    name,
    Object.fromEntries(properties.map((key) => [key, text(key)])),
    Object.fromEntries(measurements.map((key, index) => [key, index + 1])),
  );
}

/** An event that the compiler would refuse, as careless code without types could make it. */
export function uncheckedEvent(name: string, properties: object, measurements: object): TelemetryEvent {
  return { name, properties, measurements } as TelemetryEvent;
}

export const eventNames = Object.keys(eventContract) as EventName[];
