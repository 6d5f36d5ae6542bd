import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InMemoryVault } from '../../local/key-vault/in-memory-vault.ts';
import { VaultState } from '../../local/key-vault/vault-state.ts';
import { VirtualClock } from '../../local/virtual-clock.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { NoTokenError } from '../../src/vault/call-failures.ts';
import { IdentityPatience, patientVault } from '../../src/vault/identity-patience.ts';
import { VaultError } from '../../src/vault/secret-vault.ts';

const clock = new VirtualClock(0);
const noToken = () => new NoTokenError('CredentialUnavailableError');

/** A vault whose identity endpoint fails from now on for some seconds. */
function coldVault(seconds: number): InMemoryVault {
  const warmAt = clock.nowMilliseconds() + seconds * 1000;
  const signIn = async (): Promise<void> => {
    if (clock.nowMilliseconds() < warmAt) throw noToken();
  };
  return new InMemoryVault({ state: new VaultState({ clock }), signIn });
}

describe('a request waits for the app’s identity', () => {
  for (const [seconds, patient] of [
    [0, true],
    [1, true],
    [20, true],
    [39, true],
    [40, false],
    [600, false],
  ] as const) {
    test(`that is cold for ${seconds} s: ${patient ? 'answered' : 'refused'}`, async () => {
      const startedAt = clock.nowMilliseconds();
      const vault = patientVault(coldVault(seconds), () => new IdentityPatience(clock));
      const written = clock.run(vault.set('name', { value: new Sensitive('v'), contentType: '', tags: {} }));
      if (!patient) {
        await assert.rejects(written, { code: 'unauthenticated' });
        assert.equal(clock.nowMilliseconds() - startedAt, 39_000);
        return;
      }
      await written;
      assert.equal((await vault.versions('name')).length, 1);
    });
  }

  test('once for all that it asks', async () => {
    const patience = new IdentityPatience(clock);
    clock.advanceTo(clock.nowMilliseconds() + 39_500);
    const startedAt = clock.nowMilliseconds();
    await assert.rejects(clock.run(patientVault(coldVault(3), () => patience).list()), {
      code: 'unauthenticated',
    });
    assert.equal(clock.nowMilliseconds(), startedAt);
  });

  test('also for a token of its own', async () => {
    const warmAt = clock.nowMilliseconds() + 5000;
    const token = () =>
      clock.nowMilliseconds() < warmAt ? Promise.reject(noToken()) : Promise.resolve('token');
    assert.equal(await clock.run(new IdentityPatience(clock).wait(token)), 'token');
  });

  for (const code of ['forbidden', 'token_refused', 'unreachable', 'throttled'] as const) {
    test(`and for nothing else: ${code}`, async () => {
      const error = new VaultError({ code, vaultUrl: 'https://a.test', operation: 'list' });
      const startedAt = clock.nowMilliseconds();
      await assert.rejects(
        new IdentityPatience(clock).wait(() => Promise.reject(error)),
        error,
      );
      assert.equal(clock.nowMilliseconds(), startedAt);
    });
  }
});
