import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventContract } from '../../src/telemetry/events.ts';

/** Keys that the envelopes of the adapters use themselves. */
const reserved = new Set(['time', 'event', 'warning']);
/** The SDK reads attributes of these names as its own and takes them out of an event's properties. */
const sdkPrefixes = ['_MS.', 'microsoft', 'ai.'];

describe('the event contract', () => {
  it('has exactly the known events', () => {
    const sweeps = ['SweepCompleted', 'SweepAborted', 'AccountState', 'ClientCredential'];
    const others = ['Redemption', 'RotatedTokenNotStored', 'ConsentCompleted'];
    assert.deepEqual(Object.keys(eventContract), [...sweeps, ...others]);
  });

  for (const [name, { properties, measurements }] of Object.entries(eventContract)) {
    const keys: readonly string[] = [...properties, ...measurements];
    const isOwn = (key: string) => reserved.has(key) || sdkPrefixes.some((prefix) => key.startsWith(prefix));

    for (const [what, isWrong] of [
      ['no key twice, nor as both property and measurement', (key, index) => keys.indexOf(key) !== index],
      ["none of the envelope's own keys", isOwn],
      ['keys in camel case', (key) => !/^[a-z]+(?:[A-Z][a-z]+)*$/.test(key)],
    ] satisfies [string, (key: string, index: number) => boolean][])
      it(`${name} has ${what}`, () => assert.deepEqual(keys.filter(isWrong), []));

    it(`${name} fits the 128 attributes of a log record`, () => assert.ok(keys.length < 120));
  }
});
