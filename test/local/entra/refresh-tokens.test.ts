import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { decodeRefreshToken } from '../../../local/entra/issued-tokens.ts';
import {
  adsScope,
  clientId,
  codeOf,
  consent,
  entra,
  json,
  otherTenantId,
  redeem,
  rotated,
  secret,
  tenantId,
  user,
} from './fixture.ts';

const ninetyDays = 90 * 86_400;
const generationOf = (token: string) => decodeRefreshToken(token)?.generation;

suite('under lenient rotation', () => {
  test('a refresh token stays valid when it was used', () => {
    const { state } = entra();
    const first = consent(state);
    const second = rotated(redeem(state, first));
    const third = rotated(redeem(state, first));
    assert.equal(new Set([first, second, third]).size, 3);
    assert.deepEqual([first, second, third].map(generationOf), [0, 1, 1]);
    for (const token of [first, second, third]) assert.equal(codeOf(redeem(state, token)), 0);
  });

  test('the 90 days count from the issue of the presented token, not of the newest', () => {
    const { state, clock } = entra();
    const first = consent(state);
    clock.advance((ninetyDays - 1) * 1000);
    const second = rotated(redeem(state, first));
    assert.equal(state.accepts(first), true);
    clock.advance(1000);
    assert.equal(state.accepts(first), false);
    const response = redeem(state, first);
    assert.equal(codeOf(response), 700082);
    assert.match(response.body, /issued on 2026-03-01T08:00:00.250Z and was inactive for 90.00:00:00/);
    assert.equal(codeOf(redeem(state, second)), 0);
  });

  test('the lifetime can be set', () => {
    const { state, clock } = entra({ refreshTokenLifetimeSeconds: 60 });
    const token = consent(state);
    clock.advance(59 * 1000);
    assert.equal(state.accepts(token), true);
    clock.advance(1000);
    assert.equal(state.accepts(token), false);
  });
});

suite('under strict rotation', () => {
  test('the used refresh token dies, the new one lives', () => {
    const { state } = entra({ rotation: 'strict' });
    const first = consent(state);
    const second = rotated(redeem(state, first));
    assert.deepEqual([state.accepts(first), state.accepts(second)], [false, true]);
    assert.equal(codeOf(redeem(state, first)), 70000);
    assert.equal(codeOf(redeem(state, second)), 0);
  });

  test('a token is not spent when none came back', () => {
    const { state } = entra({ rotation: 'strict' });
    const token = consent(state);
    redeem(state, token, { form: { scope: adsScope } });
    assert.equal(state.accepts(token), true);
  });

  test('a replay ends the whole grant only when asked for', () => {
    const { state } = entra({ rotation: 'strict', revokeFamilyOnReplay: true });
    const first = consent(state);
    const unrelated = consent(state);
    const second = rotated(redeem(state, first));
    assert.equal(state.accepts(first), false, 'asking is not a replay');
    assert.equal(state.accepts(second), true);
    assert.equal(codeOf(redeem(state, first)), 70000);
    assert.equal(codeOf(redeem(state, second)), 70000);
    assert.equal(codeOf(redeem(state, unrelated)), 0);
  });
});

suite('a grant', () => {
  test('is refused with 50173 and bad_token when revoked by user, a later consent is not', () => {
    const { state } = entra();
    const before = consent(state);
    state.revoke({ user: { ...user, objectId: user.objectId.toUpperCase() } });
    const after = consent(state);
    const response = redeem(state, before);
    assert.deepEqual([codeOf(response), json(response)['suberror']], [50173, 'bad_token']);
    assert.equal(codeOf(redeem(state, after)), 0);
    assert.deepEqual([state.accepts(before), state.accepts(after)], [false, true]);
  });

  test('is refused alone when revoked by its id, with the number given', () => {
    const { state } = entra();
    const dead = consent(state);
    const alive = consent(state);
    state.revoke({ grantId: state.grantOf(dead) ?? '' }, 65001);
    const response = redeem(state, dead);
    assert.deepEqual([codeOf(response), json(response)['suberror']], [65001, 'consent_required']);
    assert.equal(codeOf(redeem(state, alive)), 0);
  });

  test('is dead without a reason with 70000', () => {
    const { state } = entra();
    const dead = consent(state);
    state.revoke({ grantId: state.grantOf(dead) ?? '' }, 70000);
    assert.equal(codeOf(redeem(state, dead)), 70000);
  });

  test('that nobody knows is refused with 70000', () => {
    const token = consent(entra().state);
    const { state } = entra({ random: () => 0.5 });
    consent(state);
    assert.equal(codeOf(redeem(state, token)), 70000);
    assert.deepEqual([state.accepts(token), state.grantOf(token)], [false, undefined]);
  });

  test('of a disabled user waits until he is enabled', () => {
    const { state } = entra();
    const token = consent(state);
    state.disableUser(user);
    assert.deepEqual([codeOf(redeem(state, token)), state.accepts(token)], [50057, false]);
    state.enableUser(user);
    assert.deepEqual([codeOf(redeem(state, token)), state.accepts(token)], [0, true]);
  });

  test('of a deleted user is refused with 500341, another user is not', () => {
    const { state } = entra();
    const token = consent(state);
    const other = consent(state, { user: { ...user, objectId: clientId } });
    state.deleteUser(user);
    assert.equal(codeOf(redeem(state, token)), 500341);
    assert.equal(codeOf(redeem(state, other)), 0);
  });

  test('is bound to its client', () => {
    const { state } = entra();
    state.registerClient({ clientId: otherTenantId, secrets: [{ value: secret }] });
    const token = consent(state);
    assert.equal(codeOf(redeem(state, token, { form: { client_id: otherTenantId } })), 700007);
  });

  test('from a single-page redirect is for browsers', () => {
    const { state } = entra();
    assert.equal(codeOf(redeem(state, consent(state, { platform: 'spa' }))), 9002327);
  });

  test('of a guest is redeemed in the tenant of the consent and at home', () => {
    const { state } = entra();
    const token = consent(state, { tenant: otherTenantId });
    for (const tenant of [otherTenantId, tenantId]) {
      assert.equal(codeOf(redeem(state, token, { path: `/${tenant}/oauth2/v2.0/token` })), 0);
    }
  });

  test('needs scopes or a resource', () => {
    const { state } = entra();
    assert.throws(() => state.grant({ clientId, user }), TypeError);
  });

  test('counts how often it was asked for, and how often it gave', () => {
    const { state } = entra();
    const token = consent(state);
    const grantId = state.grantOf(token) ?? '';
    redeem(state, token);
    redeem(state, token, { form: { client_secret: 'wrong' } });
    state.revoke({ grantId });
    redeem(state, token);
    assert.deepEqual(state.countsOf(grantId), { succeeded: 1, refused: 2 });
    assert.deepEqual(
      state.recentRequests().map(({ grantId: id, status, code }) => [id === grantId, status, code]),
      [
        [true, 200, undefined],
        [true, 401, 7000215],
        [true, 400, 50173],
      ],
    );
    assert.doesNotMatch(JSON.stringify(state.recentRequests()), new RegExp(token.slice(0, 40)));
  });
});

suite('the text of a refresh token', () => {
  test('is 1 to 2 KB long unless asked otherwise', () => {
    for (const [options, length] of [
      [{}, 1400],
      [{ refreshTokenLength: 2000 }, 2000],
    ] as const) {
      const { state } = entra(options);
      assert.ok(Math.abs(consent(state).length - length) < 8);
    }
    const { state } = entra({ refreshTokenLength: 0 });
    assert.ok(consent(state).length < 50);
  });

  test('is malformed when anything of it is lost or changed', () => {
    const { state } = entra({ loopDetection: false });
    const token = consent(state);
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom('', 'x', 'é', '.', ' '), (at, character) => {
        const damaged = token.slice(0, at) + character + token.slice(at + 1);
        fc.pre(damaged !== token);
        assert.equal(codeOf(redeem(state, damaged)), 9002313);
        assert.equal(codeOf(redeem(state, token.slice(0, at + 1) + token)), 9002313);
        if (at > 0) assert.equal(codeOf(redeem(state, token.slice(0, at))), 9002313);
        assert.deepEqual([state.accepts(damaged), state.grantOf(damaged)], [false, undefined]);
      }),
    );
  });
});

type Step = readonly ['redeem' | 'revoke' | 'disable' | 'enable' | 'wait', number];
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(
    fc.constantFrom(
      'redeem' as const,
      'revoke' as const,
      'disable' as const,
      'enable' as const,
      'wait' as const,
    ),
    fc.nat(20),
  ),
  { maxLength: 40 },
);

for (const rotation of ['lenient', 'strict'] as const) {
  test(`under ${rotation} rotation accepts() foretells every redemption`, () => {
    fc.assert(
      fc.property(steps, (plan) => {
        const { state, clock } = entra({ rotation, refreshTokenLength: 0, loopDetection: false });
        const tokens = [consent(state), consent(state)];
        for (const [what, pick] of plan) {
          const token = tokens[pick % tokens.length] ?? '';
          if (what === 'revoke') state.revoke({ grantId: state.grantOf(token) ?? '' });
          if (what === 'disable') state.disableUser(user);
          if (what === 'enable') state.enableUser(user);
          if (what === 'wait') clock.advance(pick * 5 * 86_400 * 1000);
          if (what !== 'redeem') continue;
          const expected = state.accepts(token);
          const response = redeem(state, token);
          assert.equal(response.status === 200, expected);
          if (expected) tokens.push(rotated(response));
        }
      }),
    );
  });
}
