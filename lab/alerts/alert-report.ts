import type { AlertSimulation } from './alert-simulation.ts';
import {
  type AlertVerdict,
  judgeAlerts,
  minutesToAlert,
  minutesToResolution,
  type ToldAlert,
} from './alert-verdict.ts';

const columns = [
  ['incident', 36],
  ['alert', 28],
  ['sev', 4],
  ['fault', 12],
  ['alert after', 20],
  ['mended', 12],
  ['resolved after', 15],
  ['reminders', 9],
] as const;

const line = (cells: readonly string[]): string =>
  cells
    .map((cell, index) => cell.padEnd(columns[index]?.[1] ?? 0))
    .join(' ')
    .trimEnd();

/** Day of the month's simulation and time of day, UTC. */
function moment(simulation: AlertSimulation, milliseconds: number | undefined): string {
  if (milliseconds === undefined) return '–';
  const day = Math.floor((milliseconds - simulation.startMilliseconds) / 86_400_000) + 1;
  return `${String(day).padStart(2)}. ${new Date(milliseconds).toISOString().slice(11, 16)}`;
}

const minutes = (value: number | undefined): string =>
  value === undefined ? '–' : `${value.toFixed(0)} min`;

function row(simulation: AlertSimulation, told: ToldAlert): string {
  const { occurrence, fired, ticksToAlert } = told;
  const { incident, beganAt, mendedAt, remindersDueAt } = occurrence;
  const after = minutesToAlert(told);
  const isHidden = occurrence.knowableAt > beganAt ? '*' : '';
  return line([
    incident.what,
    incident.rule ?? incident.reminder?.rule ?? '',
    String(fired[0]?.rule.severity ?? told.reminders[0]?.rule.severity ?? '–'),
    moment(simulation, beganAt),
    after === undefined ? '–' : `${minutes(after)}, ${ticksToAlert} ticks${isHidden}`,
    moment(simulation, mendedAt),
    minutes(minutesToResolution(told)),
    remindersDueAt.length === 0 ? '' : `${told.reminders.length} of ${remindersDueAt.length}`,
  ]);
}

const sum = (told: readonly ToldAlert[], count: (one: ToldAlert) => number): number =>
  told.reduce((total, one) => total + count(one), 0);

const greatest = (values: readonly (number | undefined)[]): number =>
  values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);

function totals(
  simulation: AlertSimulation,
  { told, unexplained }: AlertVerdict,
): [label: string, value: string][] {
  const { notifications } = simulation;
  const withAlert = told.filter(({ occurrence }) => occurrence.incident.rule !== undefined);
  const reminders = sum(told, ({ occurrence }) => occurrence.remindersDueAt.length);
  const mended = withAlert.filter(({ occurrence }) => occurrence.mendedAt !== undefined).length;
  const kind = (wanted: string): number => notifications.filter((one) => one.kind === wanted).length;
  const measured = (wanted: (one: ToldAlert) => boolean) => withAlert.filter(wanted);
  const accounts = measured(({ occurrence: { incident } }) => 'Account' in incident.dimensions);
  const silent = measured(({ occurrence: { incident } }) => 'minutes' in incident.limit);
  return [
    ['seed', String(simulation.seed)],
    [
      'simulated time',
      `${simulation.days} days, ${simulation.accounts} accounts, ${simulation.sweeps} sweeps`,
    ],
    ['incidents', `${withAlert.length}, ${mended} of them mended`],
    ['fired', `${kind('fired')} = ${withAlert.length} incidents + ${reminders} daily reminders`],
    ['resolved', `${kind('resolved')} = ${mended} mended incidents`],
    ['false alarms', String(unexplained.length)],
    [
      'fault to alert, accounts',
      `at most ${greatest(accounts.map((one) => one.ticksToAlert))} ticks, ${minutes(greatest(accounts.map(minutesToAlert)))}`,
    ],
    ['fault to alert, silence', `at most ${minutes(greatest(silent.map(minutesToAlert)))}`],
    ['real time', `${simulation.realSeconds.toFixed(1)} s`],
  ];
}

/** The report for people. */
export function formatAlertReport(simulation: AlertSimulation): string {
  const verdict = judgeAlerts(simulation);
  return [
    line(columns.map(([head]) => head)),
    ...verdict.told.map((told) => row(simulation, told)),
    '',
    '* counted from when it could be found: another incident had hidden it, or it shows only after some redemptions.',
    '',
    ...totals(simulation, verdict).map(([label, value]) => `${label.padEnd(26)} ${value}`),
  ].join('\n');
}
