import { type EventName, eventContract } from '../src/telemetry/events.ts';
import type { TableRow } from './monitor/kusto/values.ts';

/** One telemetry event as the app writes it without Application Insights: a line of JSON. `time` is ISO 8601. */
export type EventLine = { readonly event: EventName; readonly time: string } & Readonly<
  Record<string, string | number | undefined>
>;

/** The `AccountState` event of one account. */
export interface AccountSnapshot {
  readonly account: string;
  readonly state: string;
  readonly outcome: string;
  readonly reason: string;
  readonly client?: string;
  readonly owner?: string;
  readonly code?: string;
  readonly cause?: string;
  readonly remedy?: string;
  readonly credentialSecret?: string;
  /** ISO 8601. */
  readonly accessTokenExpiresAt?: string;
  readonly generation?: number;
}

/** Reads a line of the log; undefined for lines that are no event. */
export function parseEventLine(line: string): EventLine | undefined {
  if (!line.startsWith('{')) return undefined;
  const parsed = JSON.parse(line) as Partial<EventLine>;
  return typeof parsed.event === 'string' ? (parsed as EventLine) : undefined;
}

/** The accounts' snapshots among the events. */
export function accountSnapshots(events: readonly EventLine[]): AccountSnapshot[] {
  return events.filter(({ event }) => event === 'AccountState') as unknown as AccountSnapshot[];
}

/** The event as a row of the workspace's table `AppEvents`. */
export function eventRow({ event, time, ...values }: EventLine): TableRow {
  const { properties, measurements } = eventContract[event];
  const pick = (keys: readonly string[]) =>
    Object.fromEntries(keys.flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]]])));
  return {
    TimeGenerated: Date.parse(time),
    Name: event,
    Properties: pick(properties),
    Measurements: pick(measurements),
  };
}
