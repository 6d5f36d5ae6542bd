import assert from 'node:assert/strict';
import { userKey } from '../../local/entra/users.ts';
import type { SampleAccount, SeededAccount } from '../../local/samples.ts';
import { SeededRandom } from '../../local/seeded-random.ts';
import { type ConsentResult, completeConsent } from '../../src/consent/complete-consent.ts';
import { type ConsentRefusal, createLink, openLink } from '../../src/consent/consent-account.ts';
import { beginConsent, openAttempt } from '../../src/consent/consent-attempt.ts';
import type { LinkEnvironment } from '../../src/consent/signing-key.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { nowSeconds } from '../../src/time.ts';
import { hourLong, toNextTick } from '../refresh/harness.ts';
import { crm, TestWorld } from '../support/world.ts';

// Both protocols in one process on a virtual clock. The account is on v1, whose id tokens take no signature: real
// cryptography would be work that the clock does not see.

/** What a server does with a spent refresh token: takes it, refuses it, or ends the grant. */
export type Server = 'lenient' | 'strict' | 'reuse_detection';
export const redirectUri = 'http://localhost/api/consent/callback';
const user = { displayName: 'Person', userPrincipalName: 'person@contoso.example' };

type Audience = Pick<SampleAccount, 'resource' | 'tokens'>;
export const oneToken: Audience = { resource: 'https://service.contoso.com/' };
export const twoTokens: Audience = {
  tokens: {
    service: { resource: 'https://service.contoso.com/' },
    store: { resource: 'https://store.contoso.com/' },
  },
};
/** A consent on v1 covers what the client's manifest names. */
export const client = { ...crm, permissions: ['https://store.contoso.com/user_impersonation'] };

/** An account that is due at this tick, its grant alive or revoked, and its user on the way back from Entra. */
export interface Scene {
  readonly world: TestWorld;
  readonly account: SeededAccount;
  readonly audience: Audience;
}

export async function createScene(
  grant: 'alive' | 'revoked',
  server: Server,
  audience: Audience = oneToken,
): Promise<Scene> {
  const world = new TestWorld({
    entra: {
      ...hourLong,
      rotation: server === 'lenient' ? 'lenient' : 'strict',
      revokeFamilyOnReplay: server === 'reuse_detection',
      random: new SeededRandom(1).next,
      accessTokenLength: 0,
      refreshTokenLength: 0,
    },
  });
  const account = world.addAccount({
    id: 'a',
    client,
    ...audience,
    name: user,
  });
  for (let sweep = 0; sweep < 3; sweep++) await world.nextSweep();
  toNextTick(world);
  if (grant === 'revoked') world.entra.revoke({ user: account.user });
  return { world, account, audience };
}

/** The user's way through Entra; what is left is the callback. */
export async function signIn({ world, account }: Scene): Promise<(environment: LinkEnvironment) => Callback> {
  const environment = world.createEnvironment();
  const minted = await createLink(environment, 'a');
  assert.equal(minted.kind, 'link');
  const link = 'link' in minted ? minted.link : '';
  const opened = await openLink(environment, 'a', link);
  assert.ok(!('kind' in opened));
  const begun = await beginConsent(environment, opened, link, redirectUri);
  const { key } = opened.signingKey;
  const attempt = await openAttempt(begun.cookie.replace(/^\w+\./, ''), key, nowSeconds(world.clock));
  assert.ok(attempt);
  const { pathname, search } = new URL(begun.authorizeUrl);
  const form = new URLSearchParams({ decision: 'accept', user: userKey(account.user) });
  const answer = world.entra.serve({ method: 'POST', path: pathname + search, headers: {}, form });
  const code = new URL(answer.headers['location'] ?? '').searchParams.get('code') ?? '';
  return async (callback) => {
    const confirmed = await openLink(callback, 'a', link);
    if ('kind' in confirmed) return confirmed;
    return completeConsent(callback, {
      account: confirmed,
      attempt,
      code: new Sensitive(code),
      redirectUri,
      issuer,
    });
  };
}

const issuer = {
  kind: 'trusted' as const,
  issuer: 'https://sts.windows.net/{tenantid}/',
  keys: () => Promise.reject(new Error('v1 id tokens are not signed')),
};

export type Callback = Promise<ConsentResult | ConsentRefusal>;
