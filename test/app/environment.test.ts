import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type EventLine, parseEventLine } from '../../local/event-lines.ts';
import type { LogLine } from '../../local/functions-host/app.ts';
import type { FunctionsHost } from '../../local/functions-host/functions-host.ts';
import { type LocalEnvironment, startLocalEnvironment } from '../../local/local-environment.ts';
import { startApp, timerFunction } from '../../local/run-app.ts';
import { SkippingClock } from '../../local/skipping-clock.ts';
import { useClock } from '../../src/app/environment.ts';
import { crm } from '../support/world.ts';

const clock = new SkippingClock();
const lines: string[] = [];
let listener: (line: LogLine) => void = () => {};
let local: LocalEnvironment;
let host: FunctionsHost;

before(async () => {
  // On a tick, so that what is due does not depend on when the test runs.
  clock.moveTo(Math.ceil(clock.nowMilliseconds() / 1_800_000) * 1_800_000);
  useClock(clock);
  local = await startLocalEnvironment({ clock });
  host = await startApp(local.appSettings, (text, line) => {
    lines.push(text);
    listener(line);
  });
});

after(async () => {
  await host.stop();
  await local.close();
});

beforeEach(() => {
  listener = () => {};
  lines.length = 0;
  local.world.credentialsFaults.clear();
  local.world.tokensFaults.clear();
});

function events(name: string): EventLine[] {
  return lines.flatMap((line) => parseEventLine(line) ?? []).filter(({ event }) => event === name);
}

interface Endpoint {
  readonly methods: readonly string[];
  readonly segments: readonly string[];
}

function overlap(one: Endpoint, other: Endpoint): boolean {
  const isParameter = (segment: string | undefined) => segment?.startsWith('{') === true;
  const fits = (segment: string, index: number) => {
    const against = other.segments[index];
    return isParameter(segment) || isParameter(against) || segment.toLowerCase() === against?.toLowerCase();
  };
  const sameMethod = one.methods.some((method) => other.methods.includes(method));
  return sameMethod && one.segments.length === other.segments.length && one.segments.every(fits);
}

const published = (id: string) => local.world.tokens.versionsOf(`access-token-${id}`);

describe('the function app on the real libraries', () => {
  test('a setting that is missing fails the invocation and is named, in the error and in an event', async () => {
    const { TOKENS_VAULT_URL = '' } = local.appSettings;
    delete process.env['TOKENS_VAULT_URL'];
    process.env['SWEEP_CONCURRENCY'] = 'many';
    await assert.rejects(
      host.runTimer(timerFunction),
      /TOKENS_VAULT_URL is missing.*SWEEP_CONCURRENCY must be a whole number/,
    );
    assert.match(String(events('SweepAborted')[0]?.['cause']), /TOKENS_VAULT_URL/);
    assert.equal(events('SweepAborted')[0]?.['code'], 'configuration_invalid');
    process.env['TOKENS_VAULT_URL'] = TOKENS_VAULT_URL;
    delete process.env['SWEEP_CONCURRENCY'];
  });

  test('registers exactly the functions of this project, with their way in', () => {
    const ways = host.functions.map(({ name, kind, schedule, bindings }) => {
      const [trigger] = Object.values(bindings);
      const way = `${trigger?.['authLevel']} ${trigger?.['methods']} ${trigger?.['route']}`;
      return [name, kind === 'timer' ? schedule : way];
    });
    assert.deepEqual(ways, [
      ['consentCallback', 'anonymous GET consent/callback'],
      ['consentDone', 'anonymous GET consent/done'],
      ['consent', 'anonymous GET,POST consent/for/{account}'],
      ['consentLink', 'function POST tools/consent-link/{account}'],
      ['newConsentLink', 'anonymous POST consent-link/{account}'],
      ['refreshNow', 'function POST refresh'],
      ['refreshTokens', '0 */30 * * * *'],
      ['status', 'anonymous GET status'],
      ['statusForTools', 'function GET tools/status'],
    ]);
  });

  test('has no two routes that could match one path for one method, so that their order does not matter', () => {
    const endpoints = host.functions.flatMap(({ name, bindings }) =>
      Object.values(bindings).flatMap(({ methods, route }) =>
        typeof route === 'string' ? [{ name, methods: methods as string[], segments: route.split('/') }] : [],
      ),
    );
    assert.equal(endpoints.length, 8);
    for (const [index, one] of endpoints.entries())
      for (const other of endpoints.slice(index + 1))
        assert.ok(!overlap(one, other), `${one.name} and ${other.name} overlap`);
  });

  test('refuses a key in the address, in any letter case, wherever a key is asked for', async () => {
    const door = await host.listen({ functionKey: 'a-key' });
    const keyed = host.functions.flatMap(({ bindings }) =>
      Object.values(bindings).filter(({ authLevel }) => authLevel === 'function'),
    );
    assert.equal(keyed.length, 3);
    for (const { methods, route } of keyed)
      for (const name of ['code', 'Code', 'CODE']) {
        const path = String(route).replace('{account}', 'ads');
        const [method = ''] = methods as string[];
        const answer = await fetch(`${door.url}/${path}?${name}=a-key`, { method });
        assert.deepEqual([answer.status, /key_in_url/.test(await answer.text())], [400, true], path);
      }
  });

  test('never runs the timer on start', () => {
    const timer = host.functions.find(({ name }) => name === 'refreshTokens');
    assert.ok(timer !== undefined);
    for (const binding of Object.values(timer.bindings)) assert.notEqual(binding['runOnStartup'], true);
  });

  test('refreshes a due account, publishes the bare token and says so in one line', async () => {
    const { grantId = '' } = local.world.addAccount({ id: 'ads', client: crm, accessTokenMinutesLeft: 20 });
    await host.runTimer(timerFunction, { isPastDue: true });
    assert.equal(local.world.entra.countsOf(grantId).succeeded, 1);
    assert.equal(published('ads').length, 2);
    assert.equal(published('ads').at(-1)?.contentType, 'urn:ietf:params:oauth:token-type:access_token');
    assert.ok(local.world.entra.accepts(local.world.refreshTokenOf('ads') ?? ''));
    assert.equal(events('SweepCompleted')[0]?.['pastDue'], 'true');
    assert.ok(lines.some((line) => /^Sweep .*: 1 of 1 due accounts refreshed; 1 healthy;/.test(line)));
  });

  test('prints every event of a sweep as its own, whatever requests come and go meanwhile', async () => {
    local.world.addAccount({ id: 'beside', client: crm, accessTokenMinutesLeft: 20 });
    const spoken: LogLine[] = [];
    listener = (line) => spoken.push(line);
    const visit = () => host.invokeHttp('consentDone', { method: 'GET', url: 'http://127.0.0.1/' });
    for (const operation of ['list', 'set'] as const)
      local.world.credentialsFaults.add({ operation, before: async () => void (await visit()) });
    const { invocationId } = await host.runTimer(timerFunction);
    const told = spoken.flatMap((line) => {
      const event = parseEventLine(line.message)?.event;
      return event === undefined ? [] : [[event, line.invocationId === invocationId]];
    });
    for (const event of ['Redemption', 'AccountState', 'SweepCompleted'])
      assert.deepEqual(told.filter(([name]) => name === event).slice(-1), [[event, true]], event);
    assert.ok(told.every(([, own]) => own));
  });

  test('a failed account does not fail the invocation', async () => {
    const { user } = local.world.addAccount({ id: 'left', client: crm, accessTokenMinutesLeft: 20 });
    local.world.entra.revoke({ user });
    await host.runTimer(timerFunction);
    const states = events('AccountState').map(({ account, state }) => [account, state]);
    assert.deepEqual(states, [
      ['ads', 'healthy'],
      ['beside', 'healthy'],
      ['left', 'reconsent'],
    ]);
  });

  for (const [setting, faults] of [
    ['CREDENTIALS_VAULT_URL', () => local.world.credentialsFaults],
    ['TOKENS_VAULT_URL', () => local.world.tokensFaults],
  ] as const) {
    test(`a vault that denies writes fails the invocation before anything is redeemed and names ${setting} and the right`, async () => {
      local.world.addAccount({ id: `due-${setting.length}`, client: crm, accessTokenMinutesLeft: 5 });
      faults().denied.add('set');
      await assert.rejects(host.runTimer(timerFunction), (error: Error) => {
        assert.match(error.message, new RegExp(`probe.*${setting}.*secrets/setSecret/action`));
        return true;
      });
      assert.equal(events('Redemption').length, 0);
      assert.equal(events('SweepAborted')[0]?.['stage'], 'probe');
    });
  }

  test('a vault that does not answer fails the invocation and names the vault', async () => {
    local.world.credentialsFaults.add({
      operation: 'list',
      behaviour: { kind: 'status', status: 403, code: 'Forbidden', innerCode: 'ForbiddenByFirewall' },
    });
    await assert.rejects(host.runTimer(timerFunction), /"list".*ForbiddenByFirewall.*The firewall of/);
  });
});
