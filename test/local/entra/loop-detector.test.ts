import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { LoopDetector } from '../../../local/entra/loop-detector.ts';
import { adsScope, codeOf, consent, entra, personalUser, redeem } from './fixture.ts';

const attempts = (count: number, attempt: () => number) => Array.from({ length: count }, attempt);

suite('equal requests', () => {
  test('are refused from the 15th within five minutes, with 50196', () => {
    const { state } = entra();
    const token = consent(state);
    const codes = attempts(16, () => codeOf(redeem(state, token)));
    assert.deepEqual(codes, [...attempts(14, () => 0), 50196, 50196]);
  });

  test('are equal also with another refresh token of the same user', () => {
    const { state } = entra();
    attempts(14, () => codeOf(redeem(state, consent(state))));
    assert.equal(codeOf(redeem(state, consent(state))), 50196);
  });

  test('are not equal for another scope, user or damaged token', () => {
    const { state } = entra();
    const token = consent(state);
    attempts(14, () => codeOf(redeem(state, token)));
    const path = '/common/oauth2/v2.0/token';
    assert.equal(codeOf(redeem(state, token, { form: { scope: adsScope } })), 0);
    assert.equal(codeOf(redeem(state, consent(state, { user: personalUser }), { path })), 0);
    assert.equal(codeOf(redeem(state, 'damaged')), 9002313);
    assert.equal(codeOf(redeem(state, token)), 50196);
  });

  test('may go on when the earlier ones are five minutes old', () => {
    const { state, clock } = entra();
    const token = consent(state);
    attempts(14, () => codeOf(redeem(state, token)));
    clock.advance(299 * 1000);
    assert.equal(codeOf(redeem(state, token)), 50196);
    clock.advance(1000);
    assert.equal(codeOf(redeem(state, token)), 0);
  });

  test('every half minute are never too many', () => {
    const { state, clock } = entra();
    const token = consent(state);
    const codes = attempts(100, () => {
      clock.advance(30 * 1000);
      return codeOf(redeem(state, token));
    });
    assert.deepEqual(new Set(codes), new Set([0]));
  });

  test('may be as many as they like without loop detection', () => {
    const { state } = entra({ loopDetection: false });
    const token = consent(state);
    assert.deepEqual(new Set(attempts(30, () => codeOf(redeem(state, token)))), new Set([0]));
  });
});

test('a loop detector forgets requests older than five minutes', () => {
  const detector = new LoopDetector();
  for (let index = 0; index < 1000; index++) detector.isLooping(`user ${index}`, index * 1000);
  assert.equal(detector.size, 300);
});
