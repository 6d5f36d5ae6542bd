import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import { decodeJwt } from 'jose';
import type { ClientInfoFault } from '../../../local/entra/entra-faults.ts';
import type { DirectoryUser } from '../../../local/entra/users.ts';
import {
  adsScope,
  authorizePath,
  codesOf,
  json,
  otherTenantId,
  pageError,
  personalTenantId,
  resource,
  type SignIn,
  startSignIn,
  tenantId,
  tokenPath,
  type Values,
} from './sign-in-fixture.ts';

const here = { tenantId, objectId: '99999999-0000-4000-8000-000000000009' };
const sam: DirectoryUser = {
  tenantId: otherTenantId,
  objectId: '33333333-0000-4000-8000-000000000003',
  displayName: 'Sam Guest',
  userPrincipalName: 'guest@fabrikam.example',
  guestIn: [here],
};
const pat: DirectoryUser = {
  tenantId: personalTenantId,
  objectId: '00000000-0000-0000-66f3-3332eca7ea99',
  displayName: 'Pat Guest',
  userPrincipalName: 'pat@outlook.example',
  guestIn: [{ tenantId, objectId: '99999999-0000-4000-8000-00000000000a' }],
};
const v1: Values = { scope: undefined, resource };
let signIn: SignIn;

before(async () => {
  signIn = await startSignIn({ accessTokenLength: 0, refreshTokenLength: 0 });
  signIn.state.registerUser(sam);
  signIn.state.registerUser(pat);
});
beforeEach(() => signIn.emulator.faults.clear());
after(() => signIn.close());

async function redeem(who: DirectoryUser, version: 'v1' | 'v2', tenant = tenantId) {
  const changes = version === 'v1' ? v1 : {};
  const code = await signIn.code(changes, authorizePath(tenant, version), who);
  const asked = { ...changes, client_info: '1' };
  const answer = await signIn.redeem(code, asked, tokenPath(tenant, version));
  assert.deepEqual(codesOf(answer), [], answer.body);
  return json(answer);
}

const claimsOf = (body: Record<string, unknown>) => decodeJwt(String(body['id_token']));
const clientInfoOf = (body: Record<string, unknown>) =>
  JSON.parse(Buffer.from(String(body['client_info']), 'base64url').toString()) as object;

suite('a guest', () => {
  for (const who of [sam, pat]) {
    for (const version of ['v1', 'v2'] as const) {
      test(`${who.displayName} on ${version}: the id token has the ids of here, client_info those of home`, async () => {
        const body = await redeem(who, version);
        const { tid, oid, iss } = claimsOf(body);
        assert.deepEqual([tid, oid], [tenantId, who.guestIn?.[0]?.objectId]);
        assert.ok(iss?.includes(tenantId));
        assert.deepEqual(clientInfoOf(body), { uid: who.objectId, utid: who.tenantId });
      });
    }
  }

  test('at home and on the shared paths is nobody’s guest', async () => {
    for (const tenant of ['common', 'organizations']) {
      const { tid, oid } = claimsOf(await redeem(sam, 'v2', tenant));
      assert.deepEqual([tid, oid], [sam.tenantId, sam.objectId]);
    }
  });

  test('is named as at home on v2, and without upn on v1', async () => {
    assert.equal(claimsOf(await redeem(pat, 'v2'))['preferred_username'], pat.userPrincipalName);
    const names = async (who: DirectoryUser) => {
      const { upn, unique_name } = claimsOf(await redeem(who, 'v1'));
      return [upn, unique_name];
    };
    assert.deepEqual(await names(sam), [undefined, sam.userPrincipalName]);
    assert.deepEqual(await names(pat), [undefined, `live.com#${pat.userPrincipalName}`]);
  });

  test('is refreshed where he is a guest', async () => {
    const body = await redeem(pat, 'v1');
    const refresh = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']), ...v1 };
    const refreshed = await signIn.redeem(
      '',
      { code: undefined, ...refresh, client_info: '1' },
      tokenPath(tenantId, 'v1'),
    );
    assert.deepEqual(codesOf(refreshed), []);
    assert.deepEqual(clientInfoOf(json(refreshed)), { uid: pat.objectId, utid: pat.tenantId });
  });

  test('is a stranger where nobody has invited him', async () => {
    const answer = await signIn.decide(
      'accept',
      { ...sam, objectId: sam.objectId },
      {},
      authorizePath('consumers'),
    );
    assert.equal(pageError(answer), 50020);
  });
});

const faults: readonly ClientInfoFault[] = ['missing', 'no_base64', 'no_json', 'no_ids', 'no_guid'];
suite('client_info', () => {
  for (const clientInfo of faults) {
    test(`${clientInfo} on demand, and nothing else changes`, async () => {
      signIn.emulator.faults.add({ clientInfo });
      const { client_info: told, ...rest } = await redeem(sam, 'v2');
      assert.equal(told === undefined, clientInfo === 'missing');
      assert.ok(rest['refresh_token'] && rest['id_token'] && rest['access_token']);
      assert.equal(rest['scope'], adsScope);
    });
  }
});
