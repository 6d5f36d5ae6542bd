import { eventContract, type TelemetryEvent } from './events.ts';

/** What an event may carry out of the process: the contract's keys that have a value. */
interface EventFields {
  readonly properties: Readonly<Record<string, string>>;
  readonly measurements: Readonly<Record<string, number>>;
}

/**
 * Copies the keys of the contract, in its order; leaves out other keys, undefined values, properties that are not
 * text and measurements that are not finite. Undefined for an event whose name is not in the contract.
 */
export function eventFields(event: TelemetryEvent): EventFields | undefined {
  if (!Object.hasOwn(eventContract, event.name)) return undefined;
  const { properties, measurements } = eventContract[event.name];
  return {
    properties: copy(properties, event.properties, isText),
    measurements: copy(measurements, event.measurements, isFiniteNumber),
  };
}

function copy<V>(
  keys: readonly string[],
  from: Readonly<Record<string, unknown>>,
  accepts: (value: unknown) => value is V,
): Record<string, V> {
  const fields: Record<string, V> = {};
  for (const key of keys) {
    const value = from[key];
    if (accepts(value)) fields[key] = value;
  }
  return fields;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isFiniteNumber = (value: unknown): value is number => Number.isFinite(value);
