import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import { Agent, request } from 'undici';
import { type EntraEmulator, startEntraEmulator } from '../../../local/entra/entra-emulator.ts';
import { aadsts, tooManyRequests } from '../../../local/entra/entra-faults.ts';
import type { EntraState } from '../../../local/entra/entra-state.ts';
import { adsScope, clientId, codeOf, consent, entra, json, secret, tenantId } from './fixture.ts';

const attemptId = 'b6908274-2c58-4e91-aea9-1f6b9c99347c';
const agent = new Agent();
let emulator: EntraEmulator;
let state: EntraState;
let token: string;

before(async () => {
  state = entra({ loopDetection: false }).state;
  emulator = await startEntraEmulator({ state, latencyMilliseconds: () => 0 });
});
beforeEach(() => {
  emulator.faults.clear();
  token = consent(state);
});
after(async () => {
  await agent.destroy();
  await emulator.close();
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

async function post(
  headers: Record<string, string> = {},
  path = `/${tenantId}/oauth2/v2.0/token`,
): Promise<Answer> {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: clientId,
    client_secret: secret,
    refresh_token: token,
    scope: `${adsScope} offline_access`,
  });
  const {
    statusCode,
    headers: received,
    body,
  } = await request(emulator.url + path, {
    method: 'POST',
    dispatcher: agent,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: form.toString(),
  });
  return { status: statusCode, headers: received, body: await body.text() };
}

const counts = () => state.countsOf(state.grantOf(token) ?? '');

suite('over HTTP', () => {
  test('a redemption is answered with the headers and cookies of Entra', async () => {
    const { status, headers, body } = await post({
      'client-request-id': attemptId,
      'return-client-request-id': 'true',
    });
    assert.equal(status, 200);
    assert.equal(state.accepts(String(json({ body })['refresh_token'])), true);
    assert.equal(headers['client-request-id'], attemptId);
    assert.equal(headers['date'], 'Sun, 01 Mar 2026 08:00:00 GMT');
    assert.match(String(headers['x-ms-request-id']), /^[0-9a-f-]{36}$/);
    assert.equal(headers['content-length'], String(body.length));
    const cookies = [headers['set-cookie'] ?? []].flat().map((cookie) => cookie.split('=')[0]);
    assert.deepEqual(cookies, ['fpc', 'x-ms-gateway-slice', 'stsservicecookie']);
  });

  test('a form is read as it was encoded, once', async () => {
    assert.equal((await post()).status, 200);
    state.registerClient({ clientId, secrets: [{ value: encodeURIComponent(secret) }], tenants: [tenantId] });
    assert.equal(codeOf(await post()), 7000215);
    state.registerClient({ clientId, secrets: [{ value: secret }], tenants: [tenantId] });
  });

  test('a GET is refused, another path is not found', async () => {
    const url = `${emulator.url}/${tenantId}/oauth2/v2.0/token`;
    const { statusCode, body } = await request(url, { dispatcher: agent });
    assert.equal(codeOf({ status: statusCode, body: await body.text() }), 900561);
    const { status, body: empty } = await post({}, '/elsewhere');
    assert.deepEqual([status, empty], [404, '']);
  });

  test('an answer fault is an answer', async () => {
    emulator.faults.add({ ...tooManyRequests(7), times: 1 });
    emulator.faults.add({ answer: aadsts(50057), times: 1 });
    const throttled = await post();
    assert.deepEqual([throttled.status, throttled.headers['retry-after']], [429, '7']);
    assert.equal(codeOf(await post()), 50057);
    assert.equal((await post()).status, 200);
  });

  for (const [network, redeemed] of [
    ['refused', 0],
    ['reset_before', 0],
    ['reset_after', 1],
  ] as const) {
    test(`${network} resets the connection, redeemed ${redeemed} times`, async () => {
      emulator.faults.add({ network, times: 1 });
      await assert.rejects(post(), { code: 'ECONNRESET' });
      assert.equal(counts().succeeded, redeemed);
      assert.equal((await post()).status, 200);
    });
  }

  test('close_mid_body ends the answer early, redeemed once', async () => {
    emulator.faults.add({ network: 'close_mid_body', times: 1 });
    await assert.rejects(post(), { code: 'UND_ERR_SOCKET' });
    assert.equal(counts().succeeded, 1);
  });

  test('a hook that fails is said aloud', async () => {
    const fail = () => {
      throw new Error('the hook is broken');
    };
    emulator.faults.add({ before: fail, times: 1 });
    assert.deepEqual(await post().then(({ status, body }) => [status, body]), [
      500,
      'Error: the hook is broken',
    ]);
  });
});

test('a hanging request ends when the emulator is closed', async () => {
  const own = await startEntraEmulator({ state });
  const hanging = new Promise<void>((resolve) => {
    own.faults.add({ network: 'hang', before: () => resolve() });
  });
  const asked = assert.rejects(
    request(`${own.url}/${tenantId}/oauth2/v2.0/token`, { method: 'POST', dispatcher: agent, body: 'a=b' }),
    { code: /ECONNRESET|UND_ERR_SOCKET/ },
  );
  await hanging;
  await own.close();
  await asked;
});

test('latency is real time before the request is looked at', async () => {
  let drawn = 0;
  const own = await startEntraEmulator({ state, latencyMilliseconds: () => ++drawn });
  const { statusCode, body } = await request(own.url, { dispatcher: agent });
  await body.dump();
  await own.close();
  assert.deepEqual([statusCode, drawn], [404, 1]);
});
