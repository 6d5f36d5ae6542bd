import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loseGrant, renewClientSecret } from '../../../lab/alerts/mishaps.ts';
import { federatedCredentialOf } from '../../../local/entra/managed-identities.ts';
import type { SampleClient } from '../../../local/samples.ts';
import { Sensitive } from '../../../src/sensitive.ts';
import { consentInBrowser } from './consent-in-browser.ts';
import { accountsOf, crm, day, hour, MonitoredWorld, minute, startSeconds } from './monitored-world.ts';

const secondsPerDay = 86_400;

describe('healthy accounts', () => {
  test('raise nothing in a week', async () => {
    const accounts = accountsOf({ ...crm, secretExpiresAt: startSeconds + 300 * secondsPerDay });
    const world = await MonitoredWorld.start({ accounts });
    await world.pass(7 * day);
    assert.deepEqual(world.told, []);
  });

  test('raise nothing when single requests fail', async () => {
    const world = await MonitoredWorld.start();
    world.entraFaults.add({ network: 'reset_before', times: 3 });
    world.credentialsFaults.add({ operation: 'get', behaviour: { kind: 'throttle' }, times: 2 });
    await world.pass(3 * hour);
    assert.deepEqual(world.told, []);
  });
});

describe('a lost consent', () => {
  test('is told again once a day, from the second day on, until the user consents', async () => {
    const world = await MonitoredWorld.start();
    const mend = loseGrant(world, world.a);
    await world.pass(23 * hour);
    assert.deepEqual(world.told, ['consent-lost fired']);
    await world.pass(4 * day);
    const reminders = world.app.notifications.filter(({ rule }) => rule.name === 'consent-lost-reminder');
    assert.equal(reminders.length, 4);
    for (const [index, { metricValue = 0 }] of reminders.entries()) {
      assert.ok(metricValue >= 24 * (index + 1) && metricValue <= 24 * (index + 2), String(metricValue));
    }
    mend();
    await world.pass(2 * day);
    assert.equal(world.told.filter((one) => one.includes('reminder')).length, 4);
  });

  test('is over with the consent: nobody waits for the next sweep', async () => {
    const accounts = accountsOf(crm).map((sample) => ({
      ...sample,
      name: { displayName: sample.id, userPrincipalName: `${sample.id}@contoso.example` },
    }));
    const world = await MonitoredWorld.start({ accounts });
    loseGrant(world, world.a);
    await world.pass(hour + 20 * minute);
    world.only('consent-lost', 'fired');
    world.app.isTimerOn = false;
    await consentInBrowser(world, world.a);
    await world.pass(50 * minute);
    world.only('consent-lost', 'resolved');
  });
});

describe('a client secret', () => {
  const cases: readonly [what: string, daysLeft: number | undefined, age: number, told: string[]][] = [
    ['that ends in 31 days is not told', 31, 0, []],
    ['that ends in 29 days is told', 29, 0, ['credential-expiring fired']],
    ['that ends in 8 days is told', 8, 0, ['credential-expiring fired']],
    ['that ends in 6 days is told with more weight', 6, 0, ['credential-expiring-soon fired']],
    ['without a noted end is not told on its 28th day', undefined, 28 * day, []],
  ];
  for (const [what, daysLeft, age, told] of cases) {
    test(`${what}, once`, async () => {
      const ends = daysLeft === undefined ? {} : { secretExpiresAt: startSeconds + daysLeft * secondsPerDay };
      const world = await MonitoredWorld.start({ accounts: accountsOf({ ...crm, ...ends }), age });
      await world.pass(20 * hour);
      assert.deepEqual(world.told, told);
      if (told.length === 0) return;
      assert.equal(world.app.notifications[0]?.metricValue, 4);
      renewClientSecret(world, crm, startSeconds + 200 * secondsPerDay);
      await world.pass(5 * hour);
      assert.deepEqual(world.told.slice(1), [told[0]?.replace('fired', 'resolved')]);
    });
  }

  test('without a noted end is told once a day when it is 30 days old, until an end is noted', async () => {
    const world = await MonitoredWorld.start({ age: 30 * day });
    await world.pass(4 * day);
    const rule = 'credential-expiry-unknown fired';
    assert.deepEqual(world.told, [rule, rule, rule, rule]);
    renewClientSecret(world, crm, startSeconds + 200 * secondsPerDay);
    await world.pass(3 * day);
    assert.equal(world.told.length, 4);
  });

  test('goes from the first warning to the second as its end comes nearer', async () => {
    const ends = startSeconds + 8 * secondsPerDay;
    const world = await MonitoredWorld.start({ accounts: accountsOf({ ...crm, secretExpiresAt: ends }) });
    await world.pass(2 * day);
    assert.deepEqual(world.told, [
      'credential-expiring fired',
      'credential-expiring-soon fired',
      'credential-expiring resolved',
    ]);
  });
});

describe('the version before a rejected one serves', () => {
  test('which is told once, until the newest is accepted', async () => {
    const accounts = accountsOf({ ...crm, secretExpiresAt: startSeconds + 200 * secondsPerDay });
    const world = await MonitoredWorld.start({ accounts });
    const expiresAt = startSeconds + 300 * secondsPerDay;
    world.credentials.set(crm.secretName, { value: new Sensitive('not the secret'), expiresAt });
    await world.pass(10 * hour);
    assert.deepEqual(world.told, ['credential-fallback fired']);
    assert.equal(world.app.notifications[0]?.metricValue, 4);
    renewClientSecret(world, crm, expiresAt);
    await world.pass(5 * hour);
    assert.deepEqual(world.told.slice(1), ['credential-fallback resolved']);
  });
});

describe('a client without a secret', () => {
  const identity: SampleClient = { ...crm, method: 'managed_identity' };

  test('has no end to be told of, however old it is', async () => {
    const world = await MonitoredWorld.start({ accounts: accountsOf(identity), age: 60 * day });
    await world.pass(2 * day);
    assert.deepEqual(world.told, []);
  });

  test('that is rejected is one alert, whose cause names no secret', async () => {
    const world = await MonitoredWorld.start({ accounts: accountsOf(identity) });
    const { clientId } = identity;
    const trusted = federatedCredentialOf(world.identity);
    const other = { ...trusted, subject: clientId };
    world.entra.registerClient({ clientId, secrets: [], federatedCredentials: [other] });
    await world.pass(5 * hour);
    const fired = world.only('client-credential-rejected', 'fired');
    assert.equal(fired.dimensions['Code'], 'AADSTS700213');
    assert.match(fired.dimensions['Cause'] ?? '', /assertion's subject\.$/);
    world.entra.registerClient({ clientId, secrets: [], federatedCredentials: [trusted] });
    await world.pass(2 * hour);
    assert.deepEqual(world.told, ['client-credential-rejected fired', 'client-credential-rejected resolved']);
  });
});
