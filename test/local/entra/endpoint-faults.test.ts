import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import { authorizePath, json, lee, type SignIn, startSignIn, unknownClientId } from './sign-in-fixture.ts';

let signIn: SignIn;

before(async () => {
  signIn = await startSignIn();
});
beforeEach(() => signIn.emulator.faults.clear());
after(() => signIn.close());

suite('a fault', () => {
  const unavailable = { status: 503, headers: {}, body: '' };

  test('of the token endpoint leaves the others alone', async () => {
    signIn.emulator.faults.add({ answer: unavailable });
    assert.equal((await signIn.authorize()).status, 200);
    assert.equal((await signIn.get('/common/discovery/v2.0/keys')).status, 200);
    assert.equal((await signIn.redeem(await signIn.code())).status, 503);
  });

  for (const [endpoint, path] of [
    ['authorize', `${authorizePath()}?client_id=${unknownClientId}`],
    ['keys', '/common/discovery/v2.0/keys'],
    ['configuration', '/common/v2.0/.well-known/openid-configuration'],
  ] as const) {
    test(`of ${endpoint} meets it alone`, async () => {
      const before = (await signIn.get(path)).status;
      signIn.emulator.faults.add({ match: { endpoint }, answer: unavailable, times: 1 });
      assert.equal((await signIn.redeem('made-up')).status, 400);
      assert.equal((await signIn.get(path)).status, 503);
      assert.equal((await signIn.get(path)).status, before);
    });
  }

  test('can meet code redemptions only, or those of one user', async () => {
    signIn.emulator.faults.add({
      match: { grantType: 'authorization_code', user: lee },
      answer: unavailable,
    });
    const { body } = await signIn.redeem(await signIn.code());
    const refresh = { grant_type: 'refresh_token', refresh_token: String(json({ body })['refresh_token']) };
    assert.equal((await signIn.redeem('', { ...refresh, code: undefined })).status, 200);
    assert.equal((await signIn.redeem(await signIn.code({}, undefined, lee))).status, 503);
    signIn.emulator.faults.clear();
    signIn.emulator.faults.add({ match: { grantType: 'refresh_token' }, answer: unavailable });
    assert.equal((await signIn.redeem(await signIn.code())).status, 200);
    assert.equal((await signIn.redeem('', { ...refresh, code: undefined })).status, 503);
  });

  test('can withhold the new refresh token, and changes nothing else of the answer', async () => {
    signIn.emulator.faults.add({ withholdsRefreshToken: true, times: 1 });
    const withheld = json(await signIn.redeem(await signIn.code()));
    const full = json(await signIn.redeem(await signIn.code()));
    const kept = Object.keys(full).filter((name) => !name.startsWith('refresh_token'));
    assert.ok(kept.length < Object.keys(full).length);
    assert.deepEqual(Object.keys(withheld), kept);
    signIn.emulator.faults.add({ withholdsRefreshToken: true });
    assert.equal(json(await signIn.redeem('made-up'))['error'], 'invalid_grant');
  });

  test('after the redemption loses the answer, and the code with it', async () => {
    const code = await signIn.code();
    signIn.emulator.faults.add({ network: 'reset_after', times: 1 });
    await assert.rejects(signIn.redeem(code), { code: 'ECONNRESET' });
    const answer = await signIn.redeem(code);
    assert.deepEqual(json(answer)['error_codes'], [54005]);
  });
});
