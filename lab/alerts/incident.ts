import type { LocalWorld } from '../../local/local-world.ts';
import type { SampleClient } from '../../local/samples.ts';
import type { Cast } from './cast.ts';
import type { Mend } from './mishaps.ts';
import type { MonitoredApp } from './monitored-app.ts';

/** What an incident keeps from being found while it lasts. */
type Veil = 'all sweeps' | 'all redemptions' | SampleClient;

/** One thing that goes wrong, and the alert that it must raise. */
export interface StagedIncident {
  readonly what: string;
  /** Of the alert; absent where only reminders tell of it. */
  readonly rule?: string;
  /** Told once a day after so many hours. */
  readonly reminder?: { readonly rule: string; readonly afterHours: number };
  /** Those that tell its alert and reminders from others of the rule. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** When it begins, in days after the start of the month. */
  readonly day: number;
  readonly hours: number;
  /** It begins at just that moment. */
  readonly isExact?: boolean;
  /** How late the alert may be; ticks of the timer between fault and alert, or minutes. */
  readonly limit: { readonly ticks: number } | { readonly minutes: number };
  readonly hides?: Veil;
  /** The client behind which it is hidden; absent where no redemption is needed to find it. */
  readonly client?: SampleClient;
  /** @param knowable to be told the moment from which it can be known, in milliseconds since 1970, if later */
  begin(knowable: (atMilliseconds: number) => void): Mend;
}

/** Of an account or what its sweep needs. */
export const withinTwoTicks = { limit: { ticks: 2 } } as const;
/** Two sweeps must have met it before it counts. */
export const afterTwoSweeps = { limit: { ticks: 3 } } as const;

/** Where incidents take place. */
export interface Stage {
  readonly world: LocalWorld;
  readonly cast: Cast;
  readonly app: MonitoredApp;
}
