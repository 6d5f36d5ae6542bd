import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { parseEventLine } from '../../local/event-lines.ts';
import type { FunctionsHost } from '../../local/functions-host/functions-host.ts';
import { type LocalEnvironment, startLocalEnvironment } from '../../local/local-environment.ts';
import { openApp, startApp, timerFunction } from '../../local/run-app.ts';
import { SkippingClock } from '../../local/skipping-clock.ts';
import { useClock } from '../../src/app/environment.ts';
import { isoTime } from '../../src/time.ts';
import { secretValues } from '../support/vault-values.ts';
import { crm } from '../support/world.ts';

const key = 'a-function-key';
const clock = new SkippingClock();
const lines: string[] = [];
let local: LocalEnvironment;
let host: FunctionsHost;
let url: string;

interface Answer {
  readonly accounts: readonly Readonly<Record<string, unknown>>[];
  readonly counts: Readonly<Record<string, number>>;
  readonly error?: Readonly<Partial<Record<'code' | 'cause' | 'remedy' | 'since' | 'until', string>>>;
  readonly [field: string]: unknown;
}

before(async () => {
  clock.moveTo(Math.ceil(clock.nowMilliseconds() / 1_800_000) * 1_800_000);
  useClock(clock);
  local = await startLocalEnvironment({ clock });
  host = await startApp(local.appSettings, (line) => lines.push(line));
  url = `${(await openApp(host, { functionKey: key })).url}/refresh`;
});

after(async () => {
  await host.stop();
  await local.close();
});

beforeEach(() => {
  lines.length = 0;
  local.world.credentialsFaults.clear();
});

async function post(body = '', query = '', headers: Record<string, string> = { 'x-functions-key': key }) {
  const response = await fetch(url + query, { method: 'POST', headers, body });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: (text === '' ? {} : JSON.parse(text)) as Answer,
  };
}

const events = () => lines.flatMap((line) => parseEventLine(line)?.event ?? []);
const acceptsTokenOf = (id: string) => local.world.entra.accepts(local.world.refreshTokenOf(id) ?? '');

describe('POST /api/refresh', () => {
  test('names the settings that are wrong', async () => {
    const { TOKENS_VAULT_URL = '' } = local.appSettings;
    delete process.env['TOKENS_VAULT_URL'];
    const { status, json } = await post();
    assert.deepEqual([status, json.error?.code], [500, 'configuration_invalid']);
    assert.match(json.error?.cause ?? '', /TOKENS_VAULT_URL is missing/);
    process.env['TOKENS_VAULT_URL'] = TOKENS_VAULT_URL;
  });

  test('sweeps all accounts and answers with the report when it is over', async () => {
    local.world.addAccount({ id: 'ads', client: crm, accessTokenMinutesLeft: 20, owner: 'team-ads' });
    local.world.addAccount({ id: 'fresh', client: crm, accessTokenMinutesLeft: 300 });
    local.world.addAccount({ id: 'asleep', client: crm, paused: true });
    const { status, headers, json } = await post();
    assert.equal(status, 200);
    assert.equal(headers.get('content-type'), 'application/json; charset=utf-8');
    assert.equal(headers.get('cache-control'), 'no-store');
    const { due, refreshed, remaining, counts } = json;
    assert.deepEqual([due, refreshed, remaining], [1, 1, 0]);
    assert.deepEqual([counts['healthy'], counts['paused']], [2, 1]);
    const told = json.accounts.map(({ account, state, outcome, reason }) => [
      account,
      state,
      outcome,
      reason,
    ]);
    assert.deepEqual(told, [
      ['ads', 'healthy', 'refreshed', 'expires_before_next_sweep'],
      ['asleep', 'paused', 'not_due', 'paused'],
      ['fresh', 'healthy', 'not_due', 'fresh'],
    ]);
    assert.match(String(json.accounts[0]?.['accessTokenExpiresAt']), /^20\d\d-.*Z$/);
    assert.deepEqual(events().sort(), [
      ...['AccountState', 'AccountState', 'AccountState'],
      ...['ClientCredential', 'Redemption', 'SweepCompleted'],
    ]);
  });

  test('does the same for {}', async () => {
    const { status, json } = await post('{}');
    assert.deepEqual([status, json['due'], json.accounts.length], [200, 0, 3]);
  });

  test('refreshes one account that is asked for by name although it is fresh, and no other', async () => {
    const { status, json } = await post('{"account":"fresh"}');
    assert.equal(status, 200);
    const told = json.accounts.map(({ account, outcome, reason }) => [account, outcome, reason]);
    assert.deepEqual(told, [['fresh', 'refreshed', 'on_demand']]);
    assert.equal(local.world.tokens.versionsOf('access-token-fresh').length, 2);
    assert.deepEqual(events(), ['Redemption', 'AccountState']);
  });

  for (const [seconds, refreshed, remaining] of [
    [150, 3, 0],
    [200, 1, 2],
  ] as const) {
    test(`says that ${remaining} of 3 due accounts remain when the first one took ${seconds} s`, async () => {
      const ids = [0, 1, 2].map((index) => `slow-${seconds}-${index}`);
      for (const id of ids) local.world.addAccount({ id, client: crm, accessTokenMinutesLeft: 20 });
      local.world.credentialsFaults.add({
        operation: 'set',
        name: /^refresh-token-slow/,
        times: 1,
        before: () => clock.moveTo(startedAt + seconds * 1000),
      });
      const startedAt = clock.nowMilliseconds();
      const { status, json } = await post();
      assert.deepEqual([status, json['refreshed'], json['remaining']], [200, refreshed, remaining]);
      const after = await post();
      assert.deepEqual([after.json['refreshed'], after.json['remaining']], [remaining, 0]);
    });
  }

  test('says why a dead account stays dead, with cause and remedy', async () => {
    const { user } = local.world.addAccount({ id: 'left', client: crm, accessTokenMinutesLeft: 20 });
    local.world.entra.revoke({ user });
    const [account] = (await post('{"account":"left"}')).json.accounts;
    assert.deepEqual([account?.['state'], account?.['code']], ['reconsent', 'AADSTS50173']);
    assert.match(String(account?.['cause']), /revoked/);
    assert.match(String(account?.['remedy']), /consent again/);
    assert.match(String(account?.['since']), /Z$/);
  });

  test('does not attempt a paused account', async () => {
    const { status, json } = await post('{"account":"asleep"}');
    assert.equal(status, 200);
    assert.deepEqual(
      [json['due'], json.accounts[0]?.['outcome'], json.accounts[0]?.['reason']],
      [0, 'not_due', 'paused'],
    );
  });

  test('answers 404 for an account that nobody knows', async () => {
    const { status, json } = await post('{"account":"<nobody>"}');
    assert.deepEqual([status, json.error?.code], [404, 'account_unknown']);
    assert.equal(json.error?.cause, 'There is no account "<nobody>".');
  });

  for (const body of ['{', '[]', '{"acount":"ads"}', '{"account":7}']) {
    test(`answers 400 to ${body} and names the fault`, async () => {
      const { status, json } = await post(body);
      assert.deepEqual([status, json.error?.code], [400, 'request_invalid']);
      assert.match(json.error?.cause ?? '', /body|"acount"|"account"/);
      assert.deepEqual(events(), []);
    });
  }

  for (const [what, query, headers, status] of [
    ['no key', '', {}, 401],
    ['a wrong key', '', { 'x-functions-key': 'other' }, 401],
    ['the key in the address', `?code=${key}`, {}, 400],
  ] as const) {
    test(`answers ${status} to ${what}, with nothing done`, async () => {
      const answer = await post('', query, headers);
      assert.equal(answer.status, status);
      assert.ok(!answer.text.includes(key));
      assert.deepEqual(events(), []);
    });
  }

  test('is no GET', async () => {
    const response = await fetch(url, { headers: { 'x-functions-key': key } });
    await response.body?.cancel();
    assert.equal(response.status, 404);
  });

  test('answers 409 with since and until while another process sweeps, and sweeps with force', async () => {
    const now = Math.floor(clock.nowMilliseconds() / 1000);
    const [since, until] = [isoTime(now - 60), isoTime(now + 600)];
    const name = 'refresher-heartbeat';
    const { version } = local.world.credentials.get(name);
    const tags = { 'running-sweep-since': since, 'running-sweep-until': until };
    local.world.credentials.update(name, version, { tags });
    lines.length = 0;
    const { status, json } = await post();
    assert.deepEqual([status, json.error?.code], [409, 'sweep_running']);
    assert.deepEqual([json.error?.['since'], json.error?.['until']], [since, until]);
    assert.match(json.error?.cause ?? '', new RegExp(`since ${since}, until ${until}`));
    assert.deepEqual(events(), []);
    assert.equal((await post('{"account":"fresh"}')).status, 200);
    assert.equal((await post('{"force":true}')).status, 200);
    assert.equal((await post()).status, 200);
  });

  test('answers 503 with the remedy when a vault fails the sweep', async () => {
    local.world.credentialsFaults.add({
      operation: 'set',
      behaviour: { kind: 'status', status: 403, code: 'Forbidden', innerCode: 'ForbiddenByRbac' },
    });
    for (const body of ['', '{"account":"ads"}']) {
      const { status, json } = await post(body);
      assert.deepEqual([status, json.error?.code], [503, 'vault_forbidden']);
      assert.match(json.error?.remedy ?? '', /setSecret\/action/);
    }
  });

  for (const body of ['', '{"account":"both"}']) {
    test(`harms nothing while a timer sweeps: ${body || 'all accounts'}`, async () => {
      local.world.addAccount({ id: 'both', client: crm, accessTokenMinutesLeft: 5 });
      const [first, , second] = await Promise.all([post(body), host.runTimer(timerFunction), post(body)]);
      for (const { status, json } of [first, second]) {
        // Who has joined another's sweep is told that it runs, because this clock does not wait for it.
        if (status === 202) assert.deepEqual(Object.keys(json), ['running']);
        else assert.equal(json.accounts.find(({ account }) => account === 'both')?.['state'], 'healthy');
      }
      assert.ok(acceptsTokenOf('both'));
      const after = await post('{"account":"both"}');
      assert.equal(after.json.accounts[0]?.['state'], 'healthy');
    });
  }

  test('tells no secret', async () => {
    const values = secretValues(local.world);
    assert.ok(values.length > 5);
    const texts = [await post(), await post('{"account":"ads"}'), await post('{"account":"left"}')];
    for (const { text } of texts)
      assert.deepEqual(
        values.filter((value) => text.includes(value)),
        [],
      );
  });
});
