import type { LocalWorld } from '../../local/local-world.ts';
import { afterTwoSweeps, type Stage, type StagedIncident, withinTwoTicks } from './incident.ts';
import {
  failOverVault,
  failProvider,
  forbidVault,
  type Mend,
  slowProvider,
  throttleVault,
} from './mishaps.ts';
import type { MonitoredApp } from './monitored-app.ts';

/** Entra as a whole. */
export function providerIncidents({ world }: Stage): StagedIncident[] {
  const down = (kind: Parameters<typeof failProvider>[1], day: number, hours: number): StagedIncident => ({
    what: `Entra: ${kind}`,
    rule: 'provider-degraded',
    dimensions: { AuthorityHost: 'login.microsoftonline.com' },
    day,
    hours,
    ...afterTwoSweeps,
    hides: 'all redemptions',
    begin: () => failProvider(world, kind),
  });
  return [down('5xx', 3.3, 4), down('429', 7.4, 3), down('timeouts', 20.3, 6)];
}

/** A vault as a whole. */
export function vaultIncidents({ world }: Stage): StagedIncident[] {
  const failing = (what: string, day: number, hours: number, begin: () => Mend): StagedIncident => ({
    what,
    rule: 'sweep-aborted',
    dimensions: {},
    day,
    hours,
    ...withinTwoTicks,
    hides: 'all sweeps',
    begin,
  });
  return [
    failing('credentials vault forbidden', 1.8, 4, () => forbidVault(world.credentialsFaults)),
    failing('tokens vault read-only', 8.3, 5, () => failOverVault(world.tokensFaults)),
    failing('credentials vault throttled', 19.4, 3, () => throttleVault(world.credentialsFaults)),
  ];
}

/** The app itself. */
export function appIncidents({ world, app }: Stage): StagedIncident[] {
  const silent = (day: number, hours: number): StagedIncident => ({
    what: 'timer silent',
    rule: 'refresher-silent',
    dimensions: {},
    day,
    hours,
    limit: { minutes: 100 },
    hides: 'all sweeps',
    begin: () => {
      app.isTimerOn = false;
      return () => {
        app.isTimerOn = true;
      };
    },
  });
  return [
    silent(1.0, 3),
    silent(17.0, 4),
    {
      what: 'over capacity',
      rule: 'over-capacity',
      dimensions: {},
      day: 12.3,
      hours: 6,
      ...afterTwoSweeps,
      begin: () => overload(world, app),
    },
  ];
}

/** Entra answers late, and somebody has set the app to one account at a time within five minutes. */
function overload(world: LocalWorld, app: MonitoredApp): Mend {
  const mend = slowProvider(world, 4200);
  app.configure({ concurrency: 1, functionTimeoutSeconds: 300 });
  return () => {
    mend();
    app.configure({});
  };
}
