import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventContract } from '../../src/telemetry/events.ts';

/** Keys that the envelopes of the adapters use themselves. */
const reserved = new Set(['time', 'event', 'warning']);
/** The SDK reads attributes of these names as its own and takes them out of an event's properties. */
const sdkPrefixes = ['_MS.', 'microsoft', 'ai.'];

describe('the event contract', () => {
  it('has exactly the known events', () => {
    assert.deepEqual(Object.keys(eventContract), [
      'SweepCompleted',
      'SweepAborted',
      'AccountState',
      'ClientCredential',
      'Redemption',
      'RotatedTokenNotStored',
      'ConsentCompleted',
    ]);
  });

  for (const [name, { properties, measurements }] of Object.entries(eventContract)) {
    const keys: readonly string[] = [...properties, ...measurements];

    it(`${name} names no key twice, nor as both property and measurement`, () => {
      assert.deepEqual(
        keys.filter((key, index) => keys.indexOf(key) !== index),
        [],
      );
    });

    it(`${name} leaves the envelope's own keys alone`, () => {
      assert.deepEqual(
        keys.filter((key) => reserved.has(key) || sdkPrefixes.some((prefix) => key.startsWith(prefix))),
        [],
      );
    });

    it(`${name} has keys in camel case`, () => {
      assert.deepEqual(
        keys.filter((key) => !/^[a-z]+(?:[A-Z][a-z]+)*$/.test(key)),
        [],
      );
    });

    it(`${name} fits the 128 attributes of a log record`, () => assert.ok(keys.length < 120));
  }
});
