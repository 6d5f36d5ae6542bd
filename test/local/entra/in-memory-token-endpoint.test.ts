import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  aadsts,
  type EntraFault,
  EntraFaults,
  type FaultMatch,
  htmlBadGateway,
  serviceUnavailable,
  tooManyRequests,
  transientInvalidGrant,
} from '../../../local/entra/entra-faults.ts';
import type { EntraState } from '../../../local/entra/entra-state.ts';
import { InMemoryTokenEndpoint } from '../../../local/entra/in-memory-token-endpoint.ts';
import type { SkippingClock } from '../../../local/skipping-clock.ts';
import type { Exchange } from '../../../src/oauth/exchange.ts';
import { Sensitive } from '../../../src/sensitive.ts';
import {
  adsScope,
  clientId,
  codeOf,
  consent,
  entra,
  json,
  otherTenantId,
  personalUser,
  secret,
  tenantId,
  user,
} from './fixture.ts';

interface Scene {
  readonly state: EntraState;
  readonly clock: SkippingClock;
  readonly faults: EntraFaults;
  readonly token: string;
  readonly send: (refreshToken?: string) => Promise<Exchange>;
}

function scene(latencyMilliseconds?: () => number): Scene {
  const { state, clock } = entra();
  const faults = new EntraFaults();
  const endpoint = new InMemoryTokenEndpoint({
    state,
    faults,
    ...(latencyMilliseconds === undefined ? {} : { latencyMilliseconds }),
  });
  const token = consent(state);
  const send = (refreshToken = token) =>
    endpoint.send({
      url: `https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      form: [
        ['grant_type', 'refresh_token'],
        ['client_id', clientId],
        ['client_secret', new Sensitive(secret)],
        ['refresh_token', new Sensitive(refreshToken)],
        ['scope', `${adsScope} offline_access`],
      ],
    });
  return { state, clock, faults, token, send };
}

function answered(exchange: Exchange): {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
} {
  assert.ok(exchange.kind === 'answered');
  return { status: exchange.status, headers: exchange.headers, body: exchange.body.reveal() };
}

const succeeded = ({ state, token }: Scene) => state.countsOf(state.grantOf(token) ?? '').succeeded;

test('a redemption answers like the model and takes no time without latency', async () => {
  const here = scene();
  const exchange = await here.send();
  assert.equal(exchange.durationMilliseconds, 0);
  assert.equal(here.state.accepts(String(json(answered(exchange))['refresh_token'])), true);
});

test("latency passes on the model's clock, half before the redemption and half after", async ({ mock }) => {
  const here = scene(() => 80);
  const sleep = mock.method(here.clock, 'sleep');
  const exchange = await here.send();
  assert.equal(exchange.durationMilliseconds, 80);
  assert.deepEqual(
    sleep.mock.calls.map(({ arguments: [milliseconds] }) => milliseconds),
    [40, 40],
  );
});

test('header names may be in any case', async () => {
  const { state } = entra();
  const endpoint = new InMemoryTokenEndpoint({ state, faults: new EntraFaults() });
  const exchange = await endpoint.send({
    url: `https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`,
    headers: { Origin: 'https://a.test' },
    form: [
      ['grant_type', 'refresh_token'],
      ['client_id', clientId],
      ['refresh_token', consent(state)],
    ],
  });
  assert.equal(codeOf(answered(exchange)), 9002326);
});

const networkFaults = [
  ['refused', 'not_sent', 'connection_refused', 0, 0],
  ['reset_before', 'outcome_unknown', 'connection_reset', 0, 0],
  ['reset_after', 'outcome_unknown', 'connection_reset', 1, 0],
  ['close_mid_body', 'outcome_unknown', 'connection_closed', 1, 0],
  ['hang', 'outcome_unknown', 'response_timeout', 0, 30_000],
] as const;

suite('the network fault', () => {
  for (const [network, kind, failure, redeemed, durationMilliseconds] of networkFaults) {
    test(`${network} is ${kind}, redeemed ${redeemed} times, and over after once`, async () => {
      const here = scene();
      here.faults.add({ network, times: 1 });
      assert.deepEqual(await here.send(), { kind, failure, durationMilliseconds });
      assert.equal(succeeded(here), redeemed);
      assert.equal(answered(await here.send()).status, 200);
      assert.equal(here.faults.size, 0);
    });
  }

  test('hang lasts as long as the client waits, latency included', async () => {
    const here = scene(() => 100);
    here.faults.add({ network: 'hang' });
    assert.equal((await here.send()).durationMilliseconds, 30_000);
  });
});

const answers: readonly [string, EntraFault, number, Record<string, string | undefined>, string | RegExp][] =
  [
    ['429 without Retry-After', tooManyRequests(), 429, { 'retry-after': undefined }, 'Too Many Requests'],
    ['429 with Retry-After', tooManyRequests(60), 429, { 'retry-after': '60' }, 'Too Many Requests'],
    [
      '503 in JSON',
      serviceUnavailable(),
      503,
      { 'retry-after': undefined },
      /temporarily_unavailable.*90033/,
    ],
    ['503 with Retry-After 0', serviceUnavailable(0), 503, { 'retry-after': '0' }, /90033/],
    ['502 in HTML', htmlBadGateway(), 502, { 'content-type': 'text/html' }, /^<html>/],
    [
      'a raw answer',
      { answer: { status: 302, headers: { location: 'https://a.test' }, body: '' } },
      302,
      { location: 'https://a.test' },
      '',
    ],
  ];

suite('the answer fault', () => {
  for (const [sentence, fault, status, headers, body] of answers) {
    test(`${sentence} is given instead of a redemption`, async () => {
      const here = scene();
      here.faults.add(fault);
      const answer = answered(await here.send());
      assert.equal(answer.status, status);
      for (const [name, value] of Object.entries(headers)) assert.equal(answer.headers[name], value);
      if (typeof body === 'string') assert.equal(answer.body, body);
      else assert.match(answer.body, body);
      assert.deepEqual(here.state.countsOf(here.state.grantOf(here.token) ?? ''), {
        succeeded: 0,
        refused: 1,
      });
    });
  }

  test('a transient 70000 fails once, then the same token works', async () => {
    const here = scene();
    here.faults.add(transientInvalidGrant());
    assert.equal(codeOf(answered(await here.send())), 70000);
    assert.equal(codeOf(answered(await here.send())), 0);
  });

  test("a refusal is rendered with the moment's time", async () => {
    const here = scene();
    here.faults.add({ answer: aadsts(50196) });
    here.clock.advance(60 * 1000);
    assert.equal(json(answered(await here.send()))['timestamp'], '2026-03-01 08:01:00Z');
  });
});

const numbers = [
  [7000215, 'invalid_client', 401, undefined],
  [70002, 'invalid_client', 401, undefined],
  [700016, 'unauthorized_client', 400, undefined],
  [700082, 'invalid_grant', 400, undefined],
  [50173, 'invalid_grant', 400, 'bad_token'],
  [50196, 'invalid_grant', 400, undefined],
  [53003, 'invalid_grant', 400, 'message_only'],
  [70011, 'invalid_scope', 400, undefined],
  [500011, 'invalid_resource', 400, undefined],
  [90033, 'temporarily_unavailable', 503, undefined],
  [50000, 'server_error', 500, undefined],
  [9999999, 'invalid_grant', 400, undefined],
] as const;

suite('a named refusal', () => {
  for (const [code, oauthError, status, suberror] of numbers) {
    test(`of ${code} is ${oauthError} with ${status}${suberror === undefined ? '' : ` and ${suberror}`}`, () => {
      const named = aadsts(code);
      assert.deepEqual([named.oauthError, named.status, named.suberror], [oauthError, status, suberror]);
    });
  }

  test('of 50076 is interaction_required on v1 only', () => {
    assert.equal(aadsts(50076, { version: 'v1' }).oauthError, 'interaction_required');
    assert.equal(aadsts(50076).oauthError, 'invalid_grant');
  });

  test('may say otherwise', async () => {
    const here = scene();
    const claims = '{"access_token":{"capolids":{"essential":true,"values":["x"]}}}';
    const answer = aadsts(50076, {
      message: 'Due to a configuration change',
      oauthError: 'interaction_required',
      status: 418,
      suberror: 'additional_action',
      claims,
    });
    here.faults.add({ answer });
    const response = answered(await here.send());
    const body = json(response);
    assert.equal(response.status, 418);
    assert.match(String(body['error_description']), /^AADSTS50076: Due to a configuration change\r\n/);
    assert.deepEqual(
      [body['error'], body['suberror'], body['claims']],
      ['interaction_required', 'additional_action', claims],
    );
  });
});

suite('a fault meets', () => {
  const matches: readonly [string, (here: Scene) => FaultMatch, boolean][] = [
    ['its client', () => ({ clientId: clientId.toUpperCase() }), true],
    ['no other client', () => ({ clientId: otherTenantId }), false],
    ['its tenant', () => ({ tenant: tenantId.toUpperCase() }), true],
    ['no other tenant', () => ({ tenant: otherTenantId }), false],
    ['its user', () => ({ user }), true],
    ['no other user', () => ({ user: personalUser }), false],
    ['its grant', ({ state, token }) => ({ grantId: state.grantOf(token) ?? '' }), true],
    ['no other grant', () => ({ grantId: 'other' }), false],
    ['its refresh token', ({ token }) => ({ refreshToken: token }), true],
    ['no other refresh token', ({ state }) => ({ refreshToken: consent(state) }), false],
    ['only what agrees with everything', () => ({ clientId, tenant: otherTenantId }), false],
  ];
  for (const [sentence, match, met] of matches) {
    test(sentence, async () => {
      const here = scene();
      here.faults.add({ ...tooManyRequests(), match: match(here) });
      assert.equal(answered(await here.send()).status, met ? 429 : 200);
    });
  }

  test('as many requests as it says, then the next fault does', async () => {
    const here = scene();
    here.faults.add({ ...tooManyRequests(), times: 2 });
    here.faults.add({ ...htmlBadGateway(), times: 1 });
    const statuses = [];
    for (let index = 0; index < 4; index++) statuses.push(answered(await here.send()).status);
    assert.deepEqual(statuses, [429, 429, 502, 200]);
  });

  test('nothing more once taken back or cleared', async () => {
    const here = scene();
    const takeBack = here.faults.add(tooManyRequests());
    here.faults.add(htmlBadGateway());
    takeBack();
    assert.equal(answered(await here.send()).status, 502);
    here.faults.clear();
    assert.equal(answered(await here.send()).status, 200);
  });
});

suite('a hook', () => {
  test('before runs before the redemption and decides its fate', async () => {
    const here = scene();
    here.faults.add({ before: async () => here.state.revoke({ user }) });
    assert.equal(codeOf(answered(await here.send())), 50173);
  });

  test('after runs when the token is issued and not yet heard of', async () => {
    const here = scene();
    const seen: number[] = [];
    here.faults.add({
      network: 'reset_after',
      after: async (_, response) => {
        seen.push(response.status, succeeded(here));
      },
    });
    assert.equal((await here.send()).kind, 'outcome_unknown');
    assert.deepEqual(seen, [200, 1]);
  });

  test('a delay passes before the answer', async () => {
    const here = scene();
    here.faults.add({ delayMilliseconds: 4000 });
    const exchange = await here.send();
    assert.equal(exchange.durationMilliseconds, 4000);
    assert.equal(answered(exchange).status, 200);
  });
});
