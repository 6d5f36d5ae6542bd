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
    assert.deepEqual([gate.enter('a', 0), gate.enter('a', 0), gate.enter('a', 0)], ['probe', 'wait', 'wait']);
  });

  test('lets everybody go once the probe came back', () => {
    const gate = new ClientGate();
    gate.enter('a', 0);
    gate.open('a');
    assert.deepEqual([gate.enter('a', 0), gate.enter('a', 0)], ['go', 'go']);
  });

  test('sends nobody once the credential was rejected, and says why', () => {
    const gate = new ClientGate();
    gate.enter('a', 0);
    gate.reject('a', facts);
    assert.deepEqual(gate.enter('a', 0), { rejected: facts });
    gate.open('a');
    assert.deepEqual(gate.enter('a', 0), { rejected: facts });
  });

  test('sends nobody more after a rejection that came when it was open', () => {
    const gate = new ClientGate();
    gate.enter('a', 0);
    gate.open('a');
    gate.reject('a', facts);
    assert.deepEqual(gate.enter('a', 0), { rejected: facts });
  });

  test('sends nobody more in a round that brought a doubt, and one to look again in the next', () => {
    const gate = new ClientGate();
    gate.enter('a', 0);
    assert.equal(gate.doubt('a', facts, 0), true);
    gate.open('a');
    assert.deepEqual(gate.enter('a', 0), { doubted: facts });
    assert.deepEqual([gate.enter('a', 1), gate.enter('a', 1)], ['probe', 'wait']);
    gate.open('a');
    assert.equal(gate.enter('a', 1), 'go');
  });

  test('doubts once: by all that are on their way, and not at the second look nor after it', () => {
    const gate = new ClientGate();
    assert.deepEqual([gate.doubt('a', facts, 0), gate.doubt('a', facts, 0)], [true, true]);
    gate.enter('a', 1);
    assert.equal(gate.doubt('a', facts, 1), false);
    gate.open('a');
    assert.equal(gate.doubt('a', facts, 1), false);
    assert.equal(gate.doubt('b', facts, 1), true);
  });

  test('knows nothing of another client, nor of a renewed credential', () => {
    const gate = new ClientGate();
    gate.enter('authority client version-1', 0);
    gate.reject('authority client version-1', facts);
    assert.equal(gate.enter('authority other version-1', 0), 'probe');
    assert.equal(gate.enter('authority client version-2', 0), 'probe');
  });
});

describe('who waits for a verdict', () => {
  test('waits while no probe has come back', async () => {
    const gate = new ClientGate();
    gate.enter('a', 0);
    const verdict = gate.nextVerdict();
    gate.enter('b', 0);
    assert.equal(await isSettled(verdict), false);
  });

  for (const key of ['a', 'b']) {
    test(`is woken by the probe of ${key === 'a' ? 'its' : 'any other'} client, all at once`, async () => {
      const gate = new ClientGate();
      for (const client of ['a', 'b']) gate.enter(client, 0);
      const verdicts = [gate.nextVerdict(), gate.nextVerdict()];
      gate.open(key);
      assert.deepEqual(await Promise.all(verdicts.map(isSettled)), [true, true]);
    });
  }

  test('is woken by the probe that brought a rejection', async () => {
    const gate = new ClientGate();
    gate.enter('a', 0);
    const verdict = gate.nextVerdict();
    gate.reject('a', facts);
    gate.open('a');
    assert.equal(await isSettled(verdict), true);
  });

  test('is not woken by a verdict from before', async () => {
    const gate = new ClientGate();
    gate.enter('a', 0);
    gate.open('a');
    assert.equal(await isSettled(gate.nextVerdict()), false);
  });
});
