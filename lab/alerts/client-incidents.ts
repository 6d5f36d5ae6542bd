import type { LocalWorld } from '../../local/local-world.ts';
import { secondsPerDay } from '../../src/time.ts';
import { daysBeforeStart } from './cast.ts';
import { type Stage, type StagedIncident, withinTwoTicks } from './incident.ts';
import { endClientSecret, renewClientSecret } from './mishaps.ts';

const nextSecretSeconds = 300 * secondsPerDay;

const endOfNext = (world: LocalWorld): number =>
  Math.floor(world.clock.nowMilliseconds() / 1000) + nextSecretSeconds;

const onClient = ({ cast }: Stage, number: number, day: number, hours: number) => ({
  dimensions: { Client: cast.client(number).clientId },
  day,
  hours,
  ...withinTwoTicks,
});

/** Secrets end that nobody has renewed. */
export function rejectedClients(stage: Stage): StagedIncident[] {
  const { world, cast } = stage;
  const rejected = (number: number, day: number, hours: number): StagedIncident => {
    const client = cast.client(number);
    return {
      ...onClient(stage, number, day, hours),
      what: `client secret ended: client ${number}`,
      rule: 'client-credential-rejected',
      hides: client,
      client,
      begin: () => endClientSecret(world, client, endOfNext(world)),
    };
  };
  // The second one while the timer is silent.
  return [rejected(1, 2.6, 5), rejected(2, 17.05, 8), rejected(1, 24.2, 20)];
}

/** The ends of secrets come near, or nobody knows them. */
export function endingSecrets(stage: Stage): StagedIncident[] {
  const { world, cast } = stage;
  const renewal = (number: number) => () => () =>
    renewClientSecret(world, cast.client(number), endOfNext(world));
  return [
    {
      ...onClient(stage, 3, 5, 7 * 24),
      what: 'secret ends in 30 days: client 3',
      rule: 'credential-expiring',
      isExact: true,
      begin: renewal(3),
    },
    {
      // Nobody renews this one until the second warning has come.
      ...onClient(stage, 4, 0, 13 * 24),
      what: 'secret ends in 30 days: client 4',
      rule: 'credential-expiring',
      isExact: true,
      begin: () => () => {},
    },
    {
      ...onClient(stage, 4, 13, 60),
      what: 'secret ends in 7 days: client 4',
      rule: 'credential-expiring-soon',
      isExact: true,
      begin: renewal(4),
    },
    {
      ...onClient(stage, 5, 30 - daysBeforeStart, 4 * 24),
      what: 'end of secret unknown: client 5',
      reminder: { rule: 'credential-expiry-unknown', afterHours: 0 },
      isExact: true,
      begin: renewal(5),
    },
  ];
}
