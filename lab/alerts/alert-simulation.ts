/**
 * The room of the alert simulation: weeks of incidents, and whether each raises its one alert in time.
 *
 * In: a seed and staged incidents (`account-incidents`, `client-incidents`, `outage-incidents`). Out: a verdict on
 * each (`alert-verdict`) and a report. `monitored-app` is the app with the alert rules beside it, `mishaps` breaks
 * and mends.
 */

import {
  type CompiledRule,
  durationMilliseconds,
  loadCompiledRules,
} from '../../local/monitor/compiled-rules.ts';
import type { documentedPeriodsToResolve, Notification } from '../../local/monitor/rule-evaluator.ts';
import { SeededRandom } from '../../local/seeded-random.ts';
import { VirtualClock } from '../../local/virtual-clock.ts';
import { secondsPerDay } from '../../src/time.ts';
import { createSimulatedWorld } from '../simulation/simulated-world.ts';
import { blockedAccounts, lostConsents, strangeAnswers } from './account-incidents.ts';
import { Cast, daysBeforeStart } from './cast.ts';
import { endingSecrets, rejectedClients } from './client-incidents.ts';
import type { Stage, StagedIncident } from './incident.ts';
import type { Mend } from './mishaps.ts';
import { MonitoredApp } from './monitored-app.ts';
import { appIncidents, providerIncidents, vaultIncidents } from './outage-incidents.ts';

interface AlertSimulationOptions {
  readonly seed: number;
  /** Default 30. */
  readonly days?: number;
  /** Default: the deployment's. */
  readonly rules?: readonly CompiledRule[];
  /** Default: as documented. */
  readonly periodsToResolve?: typeof documentedPeriodsToResolve;
}

/** An incident at its moments, in milliseconds since 1970. */
export interface Occurrence {
  readonly incident: StagedIncident;
  readonly beganAt: number;
  /** Undefined when it lasts beyond the end. */
  readonly mendedAt: number | undefined;
  /** From when on nothing kept it from being found. */
  readonly knowableAt: number;
  /** When a daily rule must have told of it. */
  readonly remindersDueAt: readonly number[];
}

/** What happened in a simulated month. */
export interface AlertSimulation {
  readonly seed: number;
  readonly startMilliseconds: number;
  readonly days: number;
  readonly accounts: number;
  readonly sweeps: number;
  readonly occurrences: readonly Occurrence[];
  readonly notifications: readonly Notification[];
  /** The timer's ticks, whether it ran or not; milliseconds since 1970. */
  readonly ticks: readonly number[];
  /** Fired and not resolved at the end. */
  readonly openAlerts: number;
  readonly telemetryWarnings: readonly string[];
  readonly realSeconds: number;
}

const dayMilliseconds = secondsPerDay * 1000;
const hourMilliseconds = 3_600_000;
const minuteMilliseconds = 60_000;

/** 2026-11-22T00:00:00Z. */
const startMilliseconds = Date.UTC(2026, 10, 22);
/** The app runs for this time before anybody looks. */
const warmUpMilliseconds = 2 * hourMilliseconds;
/** What begins or would be mended later than this before the end would not be told in time. */
const quietMilliseconds = 4 * hourMilliseconds;
/** How long it can take from a fault to the state that tells of it, or from the mending to its absence. */
const uncertainMilliseconds = 100 * minuteMilliseconds;

interface Planned {
  readonly incident: StagedIncident;
  readonly beginAt: number;
  readonly endAt: number | undefined;
}

class RunningAlertSimulation {
  readonly #options: AlertSimulationOptions;
  readonly #random: SeededRandom;
  readonly #clock = new VirtualClock(startMilliseconds - daysBeforeStart * dayMilliseconds);
  readonly #rules: readonly CompiledRule[];
  readonly #phases: ReadonlyMap<string, number>;
  readonly #endAt: number;

  constructor(options: AlertSimulationOptions) {
    const { seed, days = 30, rules = loadCompiledRules('https://refresher.example/api/status') } = options;
    this.#options = options;
    this.#random = new SeededRandom(seed);
    this.#rules = rules;
    this.#endAt = startMilliseconds + days * dayMilliseconds;
    const phases = this.#random.fork();
    this.#phases = new Map(rules.map(({ name }) => [name, phases.next()]));
  }

  async run(): Promise<AlertSimulation> {
    const { seed, days = 30, periodsToResolve } = this.#options;
    const began = performance.now();
    const random = this.#random;
    const world = createSimulatedWorld(this.#clock, random.fork());
    const cast = new Cast(world, startMilliseconds / 1000, random.fork());
    this.#clock.advanceTo(startMilliseconds - warmUpMilliseconds);
    const app = new MonitoredApp({
      world,
      clock: this.#clock,
      random: random.fork(),
      rules: this.#rules,
      monitoredFrom: startMilliseconds,
      phase: ({ name }) => this.#phases.get(name) ?? 0,
      ...(periodsToResolve === undefined ? {} : { periodsToResolve }),
    });
    const plan = this.#schedule(incidentPlan({ world, cast, app }), random.fork());
    const knowable = await this.#live(app, plan);
    return {
      seed,
      startMilliseconds,
      days,
      accounts: cast.size,
      sweeps: app.sweeps.length,
      occurrences: plan.map((planned) => this.#occurrence(planned, plan, knowable.get(planned.incident))),
      notifications: app.notifications,
      ticks: app.ticks,
      openAlerts: app.monitor.openAlerts,
      telemetryWarnings: app.warnings,
      realSeconds: (performance.now() - began) / 1000,
    };
  }

  /** Lets everything happen in its order. */
  async #live(app: MonitoredApp, plan: readonly Planned[]): Promise<Map<StagedIncident, number>> {
    const knowable = new Map<StagedIncident, number>();
    const mends = new Map<StagedIncident, Mend>();
    const moments = plan.flatMap(({ incident, beginAt, endAt = Number.POSITIVE_INFINITY }) => [
      {
        at: beginAt,
        act: () =>
          mends.set(
            incident,
            incident.begin((at) => knowable.set(incident, at)),
          ),
      },
      { at: endAt, act: () => mends.get(incident)?.() },
    ]);
    for (const { at, act } of moments.sort((a, b) => a.at - b.at)) {
      if (at > this.#endAt) break;
      await app.runUntil(at);
      act();
    }
    await app.runUntil(this.#endAt);
    return knowable;
  }

  /** The plan's moments; each day is moved as a whole, so that what overlaps still does. */
  #schedule(incidents: readonly StagedIncident[], random: SeededRandom): Planned[] {
    const shifts = Array.from({ length: 60 }, () => random.between(0, 5) * hourMilliseconds);
    const plan = incidents
      .map((incident) => {
        const { day, hours, isExact = false } = incident;
        const shift = isExact
          ? 0
          : (shifts[Math.floor(day)] ?? 0) + random.between(0, 15) * minuteMilliseconds;
        const planned = startMilliseconds + day * dayMilliseconds + shift;
        const beginAt = isExact ? planned : this.#awayFromReminders(incident, planned, true);
        const end = this.#awayFromReminders(incident, beginAt + hours * hourMilliseconds, false);
        const isMended = end <= this.#endAt - quietMilliseconds;
        return { incident, beginAt, endAt: isMended ? end : undefined };
      })
      .sort((a, b) => a.beginAt - b.beginAt);
    return plan.filter((one) => unveiled(one, plan, one.beginAt) <= this.#endAt - quietMilliseconds);
  }

  /** Moves a moment on, so that no daily evaluation falls where it could tell of the incident or not. */
  #awayFromReminders({ reminder }: StagedIncident, moment: number, isBegin: boolean): number {
    if (reminder === undefined) return moment;
    const from = isBegin ? moment + reminder.afterHours * hourMilliseconds : moment;
    const hit = this.#evaluations(reminder.rule, from, from + uncertainMilliseconds).length > 0;
    return hit ? moment + uncertainMilliseconds : moment;
  }

  /** When a rule is evaluated after a moment, until another. */
  #evaluations(name: string, from: number, until: number): number[] {
    const rule = this.#rules.find((candidate) => candidate.name === name);
    if (rule === undefined) throw new RangeError(`there is no rule "${name}"`);
    const frequency = durationMilliseconds(rule.evaluationFrequency);
    const first = startMilliseconds + Math.floor(frequency * (this.#phases.get(name) ?? 0));
    const found: number[] = [];
    for (let at = first; at <= until; at += frequency) if (at > from) found.push(at);
    return found;
  }

  #occurrence(planned: Planned, plan: readonly Planned[], knowable: number | undefined): Occurrence {
    const { incident, beginAt, endAt } = planned;
    const { reminder } = incident;
    const knowableAt = unveiled(planned, plan, Math.max(beginAt, knowable ?? 0));
    const remindFrom = knowableAt + (reminder?.afterHours ?? 0) * hourMilliseconds;
    return {
      incident,
      beganAt: beginAt,
      mendedAt: endAt,
      knowableAt,
      remindersDueAt:
        reminder === undefined ? [] : this.#evaluations(reminder.rule, remindFrom, endAt ?? this.#endAt),
    };
  }
}

/** The first moment from `at` on at which no other incident keeps this one from being found. */
function unveiled(planned: Planned, plan: readonly Planned[], at: number): number {
  const { incident } = planned;
  const veil = plan.find(
    ({ incident: other, beginAt, endAt = Number.POSITIVE_INFINITY }) =>
      other !== incident && beginAt <= at && at < endAt && hides(other, incident),
  );
  return veil === undefined ? at : unveiled(planned, plan, veil.endAt ?? Number.POSITIVE_INFINITY);
}

function hides({ hides: veil }: StagedIncident, { client, limit }: StagedIncident): boolean {
  if (veil === undefined || 'minutes' in limit) return false;
  if (veil === 'all sweeps') return true;
  return client !== undefined && (veil === 'all redemptions' || veil === client);
}

/** Runs a simulated month; equal options give equal results, but for the real time. */
export function simulateAlerts(options: AlertSimulationOptions): Promise<AlertSimulation> {
  return new RunningAlertSimulation(options).run();
}

const sources: readonly ((stage: Stage) => StagedIncident[])[] = [
  lostConsents,
  blockedAccounts,
  strangeAnswers,
  rejectedClients,
  endingSecrets,
  providerIncidents,
  vaultIncidents,
  appIncidents,
];

/** The incidents of the month, in no order. Those of one day overlap. */
function incidentPlan(stage: Stage): StagedIncident[] {
  return sources.flatMap((incidentsOf) => incidentsOf(stage));
}
