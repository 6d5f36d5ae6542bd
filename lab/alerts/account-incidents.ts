import type { LocalWorld } from '../../local/local-world.ts';
import type { SampleClient } from '../../local/samples.ts';
import { secretName } from '../../src/accounts/account-id.ts';
import { type Stage, type StagedIncident, withinTwoTicks } from './incident.ts';
import {
  blockByPolicy,
  breakRegistration,
  failProvider,
  loseGrant,
  type Mend,
  refuseRefreshToken,
  type WorldAccount,
  withholdRotation,
} from './mishaps.ts';

function onAccount(
  [what, rule]: readonly [what: string, rule: string],
  account: WorldAccount,
  [day, hours]: readonly [day: number, hours: number],
  begin: StagedIncident['begin'],
): StagedIncident {
  const { id, client } = account.sample;
  return {
    what: `${what}: ${id}`,
    rule,
    dimensions: { Account: id },
    day,
    hours,
    ...withinTwoTicks,
    client,
    begin,
  };
}

/** Of users: their grants end. */
export function lostConsents({ world, cast }: Stage): StagedIncident[] {
  const lost = (day: number, hours: number, code?: number, client?: SampleClient): StagedIncident => {
    const account = cast.account(client);
    const begin = () => loseGrant(world, account, code);
    const reminder = { rule: 'consent-lost-reminder', afterHours: 24 };
    return { ...onAccount(['consent lost', 'consent-lost'], account, [day, hours], begin), reminder };
  };
  return [
    lost(0.5, 6),
    lost(1.3, 58, 65001),
    // While the vault is forbidden, and while the client is rejected.
    lost(1.85, 12),
    lost(2.65, 18, 50173, cast.client(1)),
    lost(16.3, 100),
    lost(16.31, 3),
    lost(21.4, 30, 70000),
    lost(25.5, 400),
  ];
}

/** Of single accounts, by administrators and operators. */
export function blockedAccounts({ world, cast, app }: Stage): StagedIncident[] {
  const [blocked, misspelt, refused] = [cast.account(), cast.account(), cast.account()];
  return [
    // While Entra is down.
    onAccount(['policy', 'account-blocked'], blocked, [3.35, 20], () => {
      const lift = blockByPolicy(world, blocked);
      return () => {
        lift();
        // By now it would be tried again only after hours.
        app.refreshNow(blocked.sample.id);
      };
    }),
    onAccount(['registration broken', 'account-blocked'], misspelt, [6.4, 8], () =>
      breakRegistration(world, misspelt),
    ),
    onAccount(['token not stored', 'rotated-token-not-stored'], refused, [13.3, 3], () =>
      refuseRefreshToken(world, refused),
    ),
  ];
}

/** Of single accounts, by Entra. */
export function strangeAnswers({ world, cast, app }: Stage): StagedIncident[] {
  const [unrotated, alone] = [cast.account(), cast.account()];
  return [
    onAccount(['no rotation', 'generation-stalled'], unrotated, [9.2, 24], (knowable) =>
      unrotatedUntil(world, unrotated, () => knowable(app.nowMilliseconds)),
    ),
    onAccount(['no answer for one', 'access-token-running-out'], alone, [15.6, 5], (knowable) => {
      knowable(lastSweepBeforeExpiry(world, alone));
      return failProvider(world, 'timeouts', alone);
    }),
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
