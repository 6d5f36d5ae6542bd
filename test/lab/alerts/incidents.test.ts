import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  blockByPolicy,
  breakRegistration,
  changeClient,
  endClientSecret,
  failOverVault,
  failProvider,
  forbidVault,
  loseGrant,
  type Mend,
  refuseRefreshToken,
  slowProvider,
  throttleVault,
  withholdRotation,
} from '../../../lab/alerts/mishaps.ts';
import { ads } from '../../support/world.ts';
import {
  accountsOf,
  crm,
  day,
  hour,
  MonitoredWorld,
  type MonitoredWorldOptions,
  minute,
  tellingTime,
} from './monitored-world.ts';

interface IncidentCase {
  readonly what: string;
  readonly rule: string;
  /** Default: four accounts. */
  readonly world?: MonitoredWorldOptions;
  readonly begin: (world: MonitoredWorld) => Mend;
  /** Which sweep after the fault must raise it; default: the first. */
  readonly sweep?: number;
  /** Of the alert. */
  readonly dimensions: Readonly<Record<string, string>>;
  readonly value?: number;
}

const account = {
  Account: 'a',
  Owner: 'team-crm',
  StatusUrl: 'https://refresher.example/api/status?account=a',
};
const host = 'login.microsoftonline.com';

/** Mended, and refreshed by hand: by itself the app would try again only after hours. */
function refreshedAtOnce(world: MonitoredWorld, mend: Mend): Mend {
  return () => {
    mend();
    world.app.refreshNow('a');
  };
}

const cases: readonly IncidentCase[] = [
  {
    what: 'a revoked grant',
    rule: 'consent-lost',
    begin: (world) => loseGrant(world, world.a),
    dimensions: { ...account, Code: 'AADSTS50173' },
  },
  {
    what: 'a grant that is refused without proof, in the sweep that asks twice',
    rule: 'consent-lost',
    begin: (world) => loseGrant(world, world.a, 70000),
    dimensions: { ...account, Code: 'AADSTS70000' },
  },
  {
    what: 'an ended client secret, once for four accounts',
    rule: 'client-credential-rejected',
    begin: (world) => endClientSecret(world, crm),
    dimensions: { Client: crm.clientId, Owners: 'team-crm', Code: 'AADSTS7000222' },
    value: 4,
  },
  {
    what: 'a Conditional Access policy',
    rule: 'account-blocked',
    begin: (world) => refreshedAtOnce(world, blockByPolicy(world, world.a)),
    dimensions: { ...account, Code: 'AADSTS53003' },
  },
  {
    what: 'a broken registration',
    rule: 'account-blocked',
    begin: (world) => breakRegistration(world, world.a),
    dimensions: { Account: 'a', Code: 'registration_invalid' },
  },
  ...(['5xx', 'timeouts', '429'] as const).map((kind) => ({
    what: `Entra in trouble (${kind}), after two sweeps`,
    rule: 'provider-degraded',
    begin: (world: MonitoredWorld) => failProvider(world, kind),
    sweep: 2,
    dimensions: { AuthorityHost: host },
    value: 4,
  })),
  {
    what: 'one account without an answer, in the last sweep before its token ends',
    rule: 'access-token-running-out',
    begin: (world) => failProvider(world, '5xx', world.a),
    dimensions: { ...account, Code: 'AADSTS90033' },
  },
  {
    what: 'an account that was given another client, in the last sweep before its token ends',
    rule: 'access-token-running-out',
    begin: (world) => changeClient(world, world.a, ads),
    dimensions: { ...account, Code: 'client_changed' },
  },
  {
    what: 'a credentials vault that forbids everything',
    rule: 'sweep-aborted',
    begin: (world) => forbidVault(world.credentialsFaults),
    dimensions: { Stage: 'list', Code: 'vault_forbidden', Vault: 'https://credentials.vault.azure.net' },
  },
  {
    what: 'a tokens vault that forbids writing',
    rule: 'sweep-aborted',
    begin: (world) => forbidVault(world.tokensFaults, ['set']),
    dimensions: { Stage: 'probe', Code: 'vault_forbidden', Vault: 'https://tokens.vault.azure.net' },
  },
  {
    what: 'a read-only credentials vault',
    rule: 'sweep-aborted',
    begin: (world) => failOverVault(world.credentialsFaults),
    dimensions: { Stage: 'probe', Code: 'vault_read_only', Vault: 'https://credentials.vault.azure.net' },
  },
  {
    what: 'a throttled tokens vault',
    rule: 'sweep-aborted',
    begin: (world) => throttleVault(world.tokensFaults),
    dimensions: { Stage: 'list', Code: 'vault_throttled', Vault: 'https://tokens.vault.azure.net' },
  },
  {
    what: 'a refresh token that the vault refuses',
    rule: 'rotated-token-not-stored',
    begin: (world) => refreshedAtOnce(world, refuseRefreshToken(world, world.a)),
    dimensions: { ...account, Secret: 'refresh-token-a' },
  },
  {
    what: 'a refresh token that two redemptions do not replace',
    rule: 'generation-stalled',
    begin: (world) => withholdRotation(world, world.a),
    sweep: 2,
    dimensions: account,
  },
  {
    what: 'sweeps that leave accounts behind twice',
    rule: 'over-capacity',
    begin: (world) => {
      const mend = slowProvider(world, 28_000);
      world.app.configure({ concurrency: 1, functionTimeoutSeconds: 300 });
      return () => {
        mend();
        world.app.configure({});
      };
    },
    // So long that whoever is left behind can wait for the next sweep.
    world: { accounts: accountsOf(crm, 8), accessTokenMinutes: 70 },
    sweep: 2,
    dimensions: { StatusUrl: 'https://refresher.example/api/status' },
  },
];

describe('each rule, when its incident comes about in the local environment', () => {
  for (const { what, rule, world: options, begin, sweep = 1, dimensions, value } of cases) {
    test(`${what}: ${rule} fires once on its sweep and resolves when mended`, async () => {
      const world = await MonitoredWorld.start(options);
      const beganAt = world.now;
      const mend = begin(world);
      await world.pass(day + 2 * hour);
      const fired = world.only(rule, 'fired');
      for (const [column, text] of Object.entries(dimensions)) assert.equal(fired.dimensions[column], text);
      if (value !== undefined) assert.equal(fired.metricValue, value);
      const raising = world.app.sweeps.filter((at) => at > beganAt)[sweep - 1] ?? 0;
      assert.ok(fired.atMilliseconds > raising, 'it fires too early');
      // A sweep in trouble goes on in rounds until three minutes before the next one.
      assert.ok(fired.atMilliseconds <= raising + 27 * minute + tellingTime, 'it fires too late');
      const others = world.told.filter((one) => one !== `${rule} fired` && !one.includes('reminder'));
      assert.deepEqual(others, []);
      mend();
      const mendedAt = world.now;
      await world.pass(2 * hour);
      const resolved = world.only(rule, 'resolved');
      assert.deepEqual(resolved.dimensions, fired.dimensions);
      assert.ok(resolved.atMilliseconds > mendedAt);
      assert.equal(world.app.monitor.openAlerts, 0);
    });
  }
});
