import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ClientAssertions } from '../../src/refresh/client-assertions.ts';
import { Sensitive } from '../../src/sensitive.ts';

describe('a signed assertion is kept', () => {
  // [sentence, key, second at which it is asked for again, signed anew]
  const rows: readonly (readonly [string, string, number, boolean])[] = [
    ['for the same moment', 'a', 1000, false],
    ['until a minute before its end', 'a', 1539, false],
    ['and no longer', 'a', 1540, true],
    ['not for another key', 'b', 1000, true],
    ['not once the clock was put back', 'a', 999, true],
  ];
  for (const [sentence, key, now, anew] of rows) {
    test(sentence, async () => {
      const assertions = new ClientAssertions();
      let signed = 0;
      const make = async () => new Sensitive(`assertion-${++signed}`);
      await assertions.get('a', 1000, 600, make);
      const again = await assertions.get(key, now, 600, make);
      assert.equal(again.reveal(), anew ? 'assertion-2' : 'assertion-1');
    });
  }

  test('not when signing failed', async () => {
    const assertions = new ClientAssertions();
    await assert.rejects(assertions.get('a', 1000, 600, () => Promise.reject(new Error('no key'))));
    const again = await assertions.get('a', 1000, 600, async () => new Sensitive('good'));
    assert.equal(again.reveal(), 'good');
  });
});
