import { secretName } from '../../accounts/account-id.ts';
import { secondsPerDay } from '../../time.ts';
import type { LocalWorld, SampleClient } from '../local-world.ts';
import { type Cast, daysBeforeStart } from './cast.ts';
import {
  blockByPolicy,
  breakRegistration,
  endClientSecret,
  failOverVault,
  failProvider,
  forbidVault,
  loseGrant,
  type Mend,
  refuseRefreshToken,
  renewClientSecret,
  slowProvider,
  throttleVault,
  type WorldAccount,
  withholdRotation,
} from './mishaps.ts';
import type { MonitoredApp } from './monitored-app.ts';

/** What an incident keeps from being found while it lasts. */
export type Veil = 'all sweeps' | 'all redemptions' | SampleClient;

/** One thing that goes wrong, and the alert that it must raise. */
export interface Incident {
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

const ofAccounts = { limit: { ticks: 2 } } as const;
/** Two sweeps must have met it before it counts. */
const ofTwoSweeps = { limit: { ticks: 3 } } as const;
const longAfter = 300 * secondsPerDay;

export interface IncidentPlanOptions {
  readonly world: LocalWorld;
  readonly cast: Cast;
  readonly app: MonitoredApp;
}

/** The incidents of the month, in no order. Those of one day overlap. */
export function incidentPlan(options: IncidentPlanOptions): Incident[] {
  return [
    ...accountIncidents(options),
    ...clientIncidents(options),
    ...providerIncidents(options),
    ...vaultIncidents(options),
    ...appIncidents(options),
  ];
}

function onAccount(
  what: string,
  rule: string,
  account: WorldAccount,
  [day, hours]: readonly [day: number, hours: number],
  begin: Incident['begin'],
): Incident {
  const { id, client } = account.sample;
  return {
    what: `${what}: ${id}`,
    rule,
    dimensions: { Account: id },
    day,
    hours,
    ...ofAccounts,
    client,
    begin,
  };
}

function accountIncidents({ world, cast, app }: IncidentPlanOptions): Incident[] {
  const lost = (day: number, hours: number, code?: number, client?: SampleClient): Incident => {
    const account = cast.account(client);
    const begin = () => loseGrant(world, account, code);
    const reminder = { rule: 'consent-lost-reminder', afterHours: 24 };
    return { ...onAccount('consent lost', 'consent-lost', account, [day, hours], begin), reminder };
  };
  const blocked = cast.account();
  const misspelt = cast.account();
  const unrotated = cast.account();
  const refused = cast.account();
  const alone = cast.account();
  return [
    lost(0.5, 6),
    lost(1.3, 58, 65001),
    // While the vault is forbidden, and while the client is rejected.
    lost(1.85, 12),
    lost(2.65, 18, 50173, cast.client(1)),
    // While Entra is down.
    onAccount('policy', 'account-blocked', blocked, [3.35, 20], () => {
      const lift = blockByPolicy(world, blocked);
      return () => {
        lift();
        // By now it would be tried again only after hours.
        app.refreshNow(blocked.sample.id);
      };
    }),
    onAccount('registration broken', 'account-blocked', misspelt, [6.4, 8], () =>
      breakRegistration(world, misspelt),
    ),
    onAccount('no rotation', 'generation-stalled', unrotated, [9.2, 24], (knowable) =>
      unrotatedUntil(world, unrotated, () => knowable(app.nowMilliseconds)),
    ),
    onAccount('token not stored', 'rotated-token-not-stored', refused, [13.3, 3], () =>
      refuseRefreshToken(world, refused),
    ),
    onAccount('no answer for one', 'access-token-running-out', alone, [15.6, 5], (knowable) => {
      knowable(lastSweepBeforeExpiry(world, alone));
      return failProvider(world, 'timeouts', alone);
    }),
    lost(16.3, 100),
    lost(16.31, 3),
    lost(21.4, 30, 70000),
    lost(25.5, 400),
  ];
}

/** It can be known after the second redemption that brings no new refresh token. */
function unrotatedUntil(world: LocalWorld, account: WorldAccount, second: () => void): Mend {
  let redemptions = 0;
  return withholdRotation(world, account, () => {
    redemptions += 1;
    if (redemptions === 2) second();
  });
}

/** Before the next sweep has ended, 35 minutes at the latest, the token would be over. */
function lastSweepBeforeExpiry(world: LocalWorld, { sample }: WorldAccount): number {
  const expiresAt = world.tokens.find(secretName('accessToken', sample.id))?.expiresAt ?? 0;
  return (expiresAt - 35 * 60) * 1000;
}

function clientIncidents({ world, cast }: IncidentPlanOptions): Incident[] {
  const on = (number: number, day: number, hours: number) => {
    const { clientId } = cast.client(number);
    return { dimensions: { Client: clientId }, day, hours, ...ofAccounts };
  };
  const rejected = (number: number, day: number, hours: number): Incident => {
    const client = cast.client(number);
    return {
      ...on(number, day, hours),
      what: `client secret ended: client ${number}`,
      rule: 'client-credential-rejected',
      hides: client,
      client,
      begin: () => endClientSecret(world, client, endOfNext(world)),
    };
  };
  const renewal = (number: number) => () => () =>
    renewClientSecret(world, cast.client(number), endOfNext(world));
  const nothing = () => () => {};
  return [
    rejected(1, 2.6, 5),
    // While the timer is silent.
    rejected(2, 17.05, 8),
    rejected(1, 24.2, 20),
    {
      ...on(3, 5, 7 * 24),
      what: 'secret ends in 30 days: client 3',
      rule: 'credential-expiring',
      isExact: true,
      begin: renewal(3),
    },
    {
      // Nobody renews this one until the second warning has come.
      ...on(4, 0, 13 * 24),
      what: 'secret ends in 30 days: client 4',
      rule: 'credential-expiring',
      isExact: true,
      begin: nothing,
    },
    {
      ...on(4, 13, 60),
      what: 'secret ends in 7 days: client 4',
      rule: 'credential-expiring-soon',
      isExact: true,
      begin: renewal(4),
    },
    {
      ...on(5, 30 - daysBeforeStart, 4 * 24),
      what: 'end of secret unknown: client 5',
      reminder: { rule: 'credential-expiry-unknown', afterHours: 0 },
      isExact: true,
      begin: renewal(5),
    },
  ];
}

const endOfNext = (world: LocalWorld): number => Math.floor(world.clock.nowMilliseconds() / 1000) + longAfter;

function providerIncidents({ world }: IncidentPlanOptions): Incident[] {
  const down = (kind: Parameters<typeof failProvider>[1], day: number, hours: number): Incident => ({
    what: `Entra: ${kind}`,
    rule: 'provider-degraded',
    dimensions: { AuthorityHost: 'login.microsoftonline.com' },
    day,
    hours,
    ...ofTwoSweeps,
    hides: 'all redemptions',
    begin: () => failProvider(world, kind),
  });
  return [down('5xx', 3.3, 4), down('429', 7.4, 3), down('timeouts', 20.3, 6)];
}

function vaultIncidents({ world }: IncidentPlanOptions): Incident[] {
  const failing = (what: string, day: number, hours: number, begin: () => Mend): Incident => ({
    what,
    rule: 'sweep-aborted',
    dimensions: {},
    day,
    hours,
    ...ofAccounts,
    hides: 'all sweeps',
    begin,
  });
  return [
    failing('credentials vault forbidden', 1.8, 4, () => forbidVault(world.credentialsFaults)),
    failing('tokens vault read-only', 8.3, 5, () => failOverVault(world.tokensFaults)),
    failing('credentials vault throttled', 19.4, 3, () => throttleVault(world.credentialsFaults)),
  ];
}

function appIncidents({ world, app }: IncidentPlanOptions): Incident[] {
  const silent = (day: number, hours: number): Incident => ({
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
      ...ofTwoSweeps,
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
