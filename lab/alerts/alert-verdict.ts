import type { Notification } from '../../local/monitor/rule-evaluator.ts';
import type { AlertSimulation, Occurrence } from './alert-simulation.ts';
import type { StagedIncident } from './incident.ts';

/** What became of one incident. */
export interface ToldAlert {
  readonly occurrence: Occurrence;
  readonly fired: readonly Notification[];
  readonly resolved: readonly Notification[];
  readonly reminders: readonly Notification[];
  /** Ticks of the timer between the moment from which it could be known and the alert. */
  readonly ticksToAlert: number | undefined;
}

/** The notifications of a simulation, each given to the incident that it tells of. */
export interface AlertVerdict {
  readonly told: readonly ToldAlert[];
  /** That tell of no incident: false alarms. */
  readonly unexplained: readonly Notification[];
  readonly violations: readonly string[];
}

/** An alert that is in force when its incident is mended ends, and may still be reminded of, in this time. */
const aftermathMilliseconds = 2 * 3_600_000;

/** Holds every notification against what truly happened. */
export function judgeAlerts(simulation: AlertSimulation): AlertVerdict {
  const { occurrences, notifications, ticks } = simulation;
  const left = new Set(notifications);
  const take = (accept: (notification: Notification) => boolean): Notification[] => {
    const taken = [...left].filter(accept);
    for (const notification of taken) left.delete(notification);
    return taken;
  };
  const told = occurrences.map((occurrence): ToldAlert => {
    const { incident, beganAt, mendedAt = Number.POSITIVE_INFINITY, knowableAt } = occurrence;
    const belongs = (rule: string | undefined, kind: Notification['kind']) => (notification: Notification) =>
      notification.rule.name === rule &&
      notification.kind === kind &&
      isOf(incident, notification) &&
      notification.atMilliseconds >= beganAt &&
      notification.atMilliseconds <= mendedAt + aftermathMilliseconds;
    const fired = take(belongs(incident.rule, 'fired'));
    const alertAt = fired[0]?.atMilliseconds;
    return {
      occurrence,
      fired,
      resolved: take(belongs(incident.rule, 'resolved')),
      reminders: take(belongs(incident.reminder?.rule, 'fired')),
      ticksToAlert:
        alertAt === undefined
          ? undefined
          : ticks.filter((tick) => tick > knowableAt && tick <= alertAt).length,
    };
  });
  const unexplained = [...left];
  return { told, unexplained, violations: violationsOf(simulation, told, unexplained) };
}

function isOf({ dimensions }: StagedIncident, notification: Notification): boolean {
  return Object.entries(dimensions).every(([column, value]) => notification.dimensions[column] === value);
}

const time = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(0, 16);

function violationsOf(
  { telemetryWarnings, openAlerts }: AlertSimulation,
  told: readonly ToldAlert[],
  unexplained: readonly Notification[],
): string[] {
  const open = told.filter(
    ({ occurrence: { incident, mendedAt } }) => incident.rule && mendedAt === undefined,
  );
  const found = told.flatMap((one) =>
    faultsOf(one).map((fault) => `${one.occurrence.incident.what}: ${fault}`),
  );
  for (const { rule, kind, atMilliseconds, dimensions } of unexplained) {
    found.push(`false alarm at ${time(atMilliseconds)}: ${rule.name} ${kind} ${JSON.stringify(dimensions)}`);
  }
  if (openAlerts !== open.length) found.push(`${openAlerts} alerts are open for ${open.length} incidents`);
  return [...found, ...telemetryWarnings.map((warning) => `telemetry: ${warning}`)];
}

function faultsOf(told: ToldAlert): string[] {
  const { occurrence, fired, resolved, reminders } = told;
  const { incident, mendedAt, remindersDueAt } = occurrence;
  const faults: string[] = [];
  const expect = (what: string, found: number, expected: number) => {
    if (found !== expected) faults.push(`${found} ${what} instead of ${expected}`);
  };
  expect('alerts', fired.length, incident.rule === undefined ? 0 : 1);
  expect('resolutions', resolved.length, incident.rule === undefined || mendedAt === undefined ? 0 : 1);
  expect('reminders', reminders.length, remindersDueAt.length);
  if (resolved.some(({ atMilliseconds }) => atMilliseconds < (mendedAt ?? Number.POSITIVE_INFINITY)))
    faults.push('resolved before it was mended');
  if (isLate(told))
    faults.push(`told after ${told.ticksToAlert} ticks, ${minutesToAlert(told)?.toFixed(0)} minutes`);
  return faults;
}

function isLate(told: ToldAlert): boolean {
  const { limit } = told.occurrence.incident;
  if (told.ticksToAlert === undefined) return false;
  return 'ticks' in limit ? told.ticksToAlert > limit.ticks : (minutesToAlert(told) ?? 0) > limit.minutes;
}

/** From the moment at which it could be known to the alert. */
export function minutesToAlert({ fired, occurrence }: ToldAlert): number | undefined {
  const at = fired[0]?.atMilliseconds;
  return at === undefined ? undefined : Math.max(0, at - occurrence.knowableAt) / 60_000;
}

/** From the mending to the end of the alert. */
export function minutesToResolution({ resolved, occurrence: { mendedAt } }: ToldAlert): number | undefined {
  const at = resolved[0]?.atMilliseconds;
  return at === undefined || mendedAt === undefined ? undefined : (at - mendedAt) / 60_000;
}
