import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RegisteredClientAuthentication } from '../../src/accounts/client-authentication.ts';
import { parseTenant } from '../../src/accounts/entra-ids.ts';
import { ClientGate } from '../../src/client/client.ts';
import { Clients } from '../../src/client/clients.ts';
import { parseAuthority } from '../../src/oauth/authority.ts';
import type { FailureFacts } from '../../src/oauth/outcome.ts';
import { TestWorld } from '../support/world.ts';

const facts: FailureFacts = {
  code: 'AADSTS7000215',
  codeKnown: true,
  cause: 'The client secret is wrong.',
  remedy: 'Store the right one.',
};

/** True when the promise is settled once everything that can run has run. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe('the gate of a client', () => {
  test('lets the first account probe and the others wait', () => {
    const gate = new ClientGate();
    assert.deepEqual([gate.enter(0), gate.enter(0), gate.enter(0)], ['probe', 'wait', 'wait']);
  });

  test('lets everybody go once the probe came back', () => {
    const gate = new ClientGate();
    gate.enter(0);
    gate.open();
    assert.deepEqual([gate.enter(0), gate.enter(0)], ['go', 'go']);
  });

  test('sends nobody once the credential was rejected, and says why', () => {
    const gate = new ClientGate();
    gate.enter(0);
    gate.reject(facts);
    assert.deepEqual(gate.enter(0), { kind: 'credential', facts });
    gate.open();
    assert.deepEqual(gate.enter(0), { kind: 'credential', facts });
  });

  test('sends nobody more after a rejection that came when it was open', () => {
    const gate = new ClientGate();
    gate.enter(0);
    gate.open();
    gate.reject(facts);
    assert.deepEqual(gate.enter(0), { kind: 'credential', facts });
  });

  test('sends nobody more in a round that brought a doubt, and one to look again in the next', () => {
    const gate = new ClientGate();
    gate.enter(0);
    assert.equal(gate.doubt(facts, 0), true);
    gate.open();
    assert.deepEqual(gate.enter(0), { kind: 'credential', facts, doubted: true });
    assert.deepEqual([gate.enter(1), gate.enter(1)], ['probe', 'wait']);
    gate.open();
    assert.equal(gate.enter(1), 'go');
  });

  test('doubts once: by all that are on their way, and not at the second look nor after it', () => {
    const gate = new ClientGate();
    assert.deepEqual([gate.doubt(facts, 0), gate.doubt(facts, 0)], [true, true]);
    gate.enter(1);
    assert.equal(gate.doubt(facts, 1), false);
    gate.open();
    assert.equal(gate.doubt(facts, 1), false);
  });
});

const secretOf = (secretName: string) => ({ method: 'client_secret', secretName }) as const;

function clientsIn(world: TestWorld) {
  const clients = new Clients(world.createEnvironment());
  const of = (
    clientId: string,
    clientAuthentication: RegisteredClientAuthentication = secretOf('a'),
    host = 'login.microsoftonline.com',
  ) => {
    const tenant = parseTenant('common');
    const authority = parseAuthority(`https://${host}`);
    assert.ok(tenant !== undefined && authority.kind === 'authority');
    const tokens = [{ audience: { endpoint: 'v2', scopes: ['a'] } }] as const;
    return clients.of({ tenant, clientId, clientAuthentication, tokens }, authority.authority, {});
  };
  return { clients, of };
}

describe('one client in a sweep', () => {
  test('is told by authority, client id, method, secret and algorithm, whatever their letter case', () => {
    const { of } = clientsIn(new TestWorld());
    assert.equal(of('x'), of('X', secretOf('A')));
    const certificate = { method: 'certificate', secretName: 'a', algorithm: 'PS256' } as const;
    const clients = [
      of('x'),
      of('y'),
      of('x', secretOf('b')),
      of('x', secretOf('a'), 'login.microsoftonline.us'),
      of('x', certificate),
      of('x', { ...certificate, algorithm: 'RS256' }),
      of('x', { method: 'managed_identity' }),
    ];
    assert.equal(new Set(clients).size, clients.length);
  });
});

describe('who waits for a verdict', () => {
  const two = () => {
    const { clients, of } = clientsIn(new TestWorld());
    return { clients, a: of('a'), b: of('b') };
  };

  test('waits while no probe has come back', async () => {
    assert.equal(await isSettled(two().clients.nextVerdict()), false);
  });

  for (const which of ['a', 'b'] as const) {
    test(`is woken by the probe of ${which === 'a' ? 'its' : 'any other'} client, all at once`, async () => {
      const { clients, ...each } = two();
      const verdicts = [clients.nextVerdict(), clients.nextVerdict()];
      each[which].leave();
      assert.deepEqual(await Promise.all(verdicts.map(isSettled)), [true, true]);
    });
  }

  test('is not woken by a verdict from before', async () => {
    const { clients, a } = two();
    a.leave();
    assert.equal(await isSettled(clients.nextVerdict()), false);
  });
});
