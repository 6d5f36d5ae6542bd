import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FailureFacts } from '../../src/oauth/outcome.ts';
import { ClientGate } from '../../src/refresh/client-gate.ts';

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
    assert.deepEqual([gate.enter('a'), gate.enter('a'), gate.enter('a')], ['probe', 'wait', 'wait']);
  });

  test('lets everybody go once the probe came back', () => {
    const gate = new ClientGate();
    gate.enter('a');
    gate.open('a');
    assert.deepEqual([gate.enter('a'), gate.enter('a')], ['go', 'go']);
  });

  test('sends nobody once the credential was rejected, and says why', () => {
    const gate = new ClientGate();
    gate.enter('a');
    gate.reject('a', facts);
    assert.deepEqual(gate.enter('a'), { rejected: facts });
    gate.open('a');
    assert.deepEqual(gate.enter('a'), { rejected: facts });
  });

  test('sends nobody more after a rejection that came when it was open', () => {
    const gate = new ClientGate();
    gate.enter('a');
    gate.open('a');
    gate.reject('a', facts);
    assert.deepEqual(gate.enter('a'), { rejected: facts });
  });

  test('knows nothing of another client, nor of a renewed credential', () => {
    const gate = new ClientGate();
    gate.enter('authority client version-1');
    gate.reject('authority client version-1', facts);
    assert.equal(gate.enter('authority other version-1'), 'probe');
    assert.equal(gate.enter('authority client version-2'), 'probe');
  });
});

describe('who waits for a verdict', () => {
  test('waits while no probe has come back', async () => {
    const gate = new ClientGate();
    gate.enter('a');
    const verdict = gate.nextVerdict();
    gate.enter('b');
    assert.equal(await isSettled(verdict), false);
  });

  for (const key of ['a', 'b']) {
    test(`is woken by the probe of ${key === 'a' ? 'its' : 'any other'} client, all at once`, async () => {
      const gate = new ClientGate();
      for (const client of ['a', 'b']) gate.enter(client);
      const verdicts = [gate.nextVerdict(), gate.nextVerdict()];
      gate.open(key);
      assert.deepEqual(await Promise.all(verdicts.map(isSettled)), [true, true]);
    });
  }

  test('is woken by the probe that brought a rejection', async () => {
    const gate = new ClientGate();
    gate.enter('a');
    const verdict = gate.nextVerdict();
    gate.reject('a', facts);
    gate.open('a');
    assert.equal(await isSettled(verdict), true);
  });

  test('is not woken by a verdict from before', async () => {
    const gate = new ClientGate();
    gate.enter('a');
    gate.open('a');
    assert.equal(await isSettled(gate.nextVerdict()), false);
  });
});
