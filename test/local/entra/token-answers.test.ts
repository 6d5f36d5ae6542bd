import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { decodeAccessToken } from '../../../local/entra/issued-tokens.ts';
import {
  adsScope,
  consent,
  entra,
  json,
  onV1,
  redeem,
  startMilliseconds,
  tenantId,
  user,
} from './fixture.ts';

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const attemptId = 'b6908274-2c58-4e91-aea9-1f6b9c99347c';
const hour = () => 3600;

suite('a success', () => {
  test('of v2 has numbers and the consented scopes of the resource', () => {
    const { state } = entra({ accessTokenLifetimeSeconds: hour });
    const scopes = [adsScope, `${adsScope}.read`, 'https://graph.microsoft.com/User.Read', 'offline_access'];
    const { access_token, refresh_token, ...rest } = json(redeem(state, consent(state, { scopes })));
    assert.deepEqual(rest, {
      token_type: 'Bearer',
      scope: `${adsScope} ${adsScope}.read`,
      expires_in: 3600,
      ext_expires_in: 3600,
    });
    assert.equal(typeof access_token, 'string');
    assert.equal(typeof refresh_token, 'string');
  });

  test('of v1 has strings, absolute times and the resource', () => {
    const { state } = entra({ accessTokenLifetimeSeconds: hour });
    const token = consent(state, { scopes: [], resource: 'https://service.contoso.com/' });
    const change = { ...onV1, form: { scope: undefined } };
    const { access_token, refresh_token, ...rest } = json(redeem(state, token, change));
    const now = Math.floor(startMilliseconds / 1000);
    assert.deepEqual(rest, {
      token_type: 'Bearer',
      scope: 'user_impersonation',
      expires_in: '3600',
      ext_expires_in: '3600',
      expires_on: String(now + 3600),
      not_before: String(now - 300),
      resource: 'https://service.contoso.com/',
    });
    assert.equal(typeof access_token, 'string');
    assert.equal(typeof refresh_token, 'string');
  });

  for (const [scope, given] of [
    [`${adsScope} offline_access`, true],
    [adsScope, false],
    [`${adsScope} openid profile`, false],
  ] as const) {
    test(`of v2 for "${scope}" has ${given ? 'a' : 'no'} refresh token`, () => {
      const { state } = entra();
      const body = json(redeem(state, consent(state), { form: { scope } }));
      assert.equal('refresh_token' in body, given);
    });
  }

  test('names the user only when client_info is asked for', () => {
    const { state } = entra();
    assert.equal('client_info' in json(redeem(state, consent(state))), false);
    for (const change of [{}, onV1]) {
      const form = { ...change.form, client_info: '1' };
      const { client_info } = json(redeem(state, consent(state), { ...change, form }));
      const decoded: unknown = JSON.parse(Buffer.from(String(client_info), 'base64url').toString());
      assert.deepEqual(decoded, { uid: user.objectId, utid: tenantId });
    }
  });

  for (const [seconds, refreshIn] of [
    [7199, undefined],
    [7200, 3600],
  ] as const) {
    test(`for ${seconds} seconds ${refreshIn === undefined ? 'has no' : 'has a'} refresh_in`, () => {
      const { state } = entra({ accessTokenLifetimeSeconds: () => seconds });
      assert.equal(json(redeem(state, consent(state)))['refresh_in'], refreshIn);
    });
  }

  test('has another access token each time, of about 1.5 KB, whose facts can be read here', () => {
    const { state } = entra({ accessTokenLifetimeSeconds: hour });
    const token = consent(state);
    const [first, second] = [redeem(state, token), redeem(state, token)].map((answer) =>
      String(json(answer)['access_token']),
    );
    assert.notEqual(first, second);
    assert.ok(Math.abs((first ?? '').length - 1500) < 8);
    assert.deepEqual(decodeAccessToken(first ?? ''), {
      grantId: state.grantOf(token),
      issuedAtMilliseconds: startMilliseconds,
      expiresAtMilliseconds: startMilliseconds + 3_600_000,
    });
    assert.equal(decodeAccessToken(token), undefined, 'a refresh token is no access token');
    assert.equal(state.grantOf(first ?? ''), undefined, 'an access token is no refresh token');
  });
});

suite('the lifetime of an access token', () => {
  test('lies between 60 and 90 minutes and uses the whole range', () => {
    const { state } = entra({ loopDetection: false });
    const token = consent(state);
    const lifetimes = Array.from({ length: 500 }, () => Number(json(redeem(state, token))['expires_in']));
    assert.ok(lifetimes.every((seconds) => seconds >= 3600 && seconds < 5400 && Number.isInteger(seconds)));
    assert.ok(Math.min(...lifetimes) < 3650 && Math.max(...lifetimes) > 5350);
  });

  for (const [random, seconds] of [
    [0, 3600],
    [1 - Number.EPSILON, 5399],
  ] as const) {
    test(`is ${seconds} seconds at the edge ${random}`, () => {
      let drawn = 0;
      // The first draw makes the grant's id.
      const { state } = entra({ random: () => (drawn++ === 0 ? 0.5 : random) });
      assert.equal(json(redeem(state, consent(state)))['expires_in'], seconds);
    });
  }
});

suite('an error body', () => {
  test('has every field of the documented sample', () => {
    const { state } = entra();
    const headers = { 'client-request-id': attemptId, 'return-client-request-id': 'true' };
    const answer = redeem(state, 'nonsense', { headers });
    const { trace_id, ...body } = json(answer);
    assert.match(String(trace_id), guid);
    assert.deepEqual(body, {
      error: 'invalid_grant',
      error_description:
        'AADSTS9002313: Invalid request. Request is malformed or invalid.\r\n' +
        `Trace ID: ${trace_id}\r\nCorrelation ID: ${attemptId}\r\nTimestamp: 2026-03-01 08:00:00Z`,
      error_codes: [9002313],
      timestamp: '2026-03-01 08:00:00Z',
      correlation_id: attemptId,
      error_uri: 'https://login.microsoftonline.com/error?code=9002313',
    });
    assert.equal(answer.headers['x-ms-request-id'], trace_id);
    assert.equal(answer.headers['client-request-id'], attemptId);
  });

  test('has a correlation id of its own without a GUID to echo', () => {
    const { state } = entra();
    for (const headers of [{}, { 'client-request-id': 'attempt 1' }]) {
      const answer = redeem(state, 'nonsense', { headers });
      assert.match(String(json(answer)['correlation_id']), guid);
      assert.equal(answer.headers['client-request-id'], undefined);
    }
  });
});

test("every answer is not to be stored and carries the model's time", () => {
  const { state } = entra();
  for (const token of [consent(state), 'nonsense']) {
    const { headers } = redeem(state, token);
    assert.equal(headers['cache-control'], 'no-store, no-cache');
    assert.equal(headers['content-type'], 'application/json; charset=utf-8');
    assert.equal(headers['date'], 'Sun, 01 Mar 2026 08:00:00 GMT');
    assert.match(headers['x-ms-ests-server'] ?? '', / ProdSlices$/);
  }
});
