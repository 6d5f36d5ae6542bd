import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cookieLifetimeSeconds, openAttempt, sealAttempt } from '../../src/consent/consent-attempt.ts';
import { Sensitive } from '../../src/sensitive.ts';

const now = 1_800_000_000;
const key = new Sensitive('the signing key');
const attempt = { account: 'ads', link: 'l', state: 's', nonce: 'n', codeVerifier: 'verifier-in-the-cookie' };
const sealed = await sealAttempt(attempt, key, now);

describe('the cookie of a consent', () => {
  test('opens to what was sealed', async () => {
    assert.deepEqual(await openAttempt(sealed, key, now), attempt);
  });

  test('shows nothing of what it holds', () => {
    const parts = sealed.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    assert.doesNotMatch(parts.join(' ') + sealed, /verifier/);
  });

  for (const [sentence, moment, opens] of [
    ['a second before its end', now + cookieLifetimeSeconds - 1, true],
    ['at its end', now + cookieLifetimeSeconds, false],
  ] as const) {
    test(`${opens ? 'opens' : 'is refused'} ${sentence}`, async () => {
      assert.equal((await openAttempt(sealed, key, moment)) !== undefined, opens);
    });
  }

  test('is refused under another key', async () => {
    assert.equal(await openAttempt(sealed, new Sensitive('another key'), now), undefined);
  });

  for (const text of ['', 'x', '....', sealed.slice(0, -4), `${sealed}AAAA`, 'x'.repeat(100_000)]) {
    test(`a damaged one of ${text.length} characters is refused`, async () => {
      assert.equal(await openAttempt(text, key, now), undefined);
    });
  }
});
