import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  type JSONWebKeySet,
  type JWTVerifyResult,
  jwtVerify,
} from 'jose';
import type { IdTokenFault } from '../../../local/entra/id-tokens.ts';
import { InMemoryTokenEndpoint } from '../../../local/entra/in-memory-token-endpoint.ts';
import { Sensitive } from '../../../src/sensitive.ts';
import {
  adele,
  adsScope,
  authorizePath,
  clientId,
  jordan,
  json,
  lee,
  otherClientId,
  personalTenantId,
  redirectUri,
  type SignIn,
  secret,
  startSignIn,
  tenantId,
  tokenPath,
  unknownClientId,
  type Values,
  v1,
  verifier,
} from './sign-in-fixture.ts';

const common = { authorize: authorizePath('common'), token: tokenPath('common') };
const onV1 = { authorize: authorizePath(undefined, 'v1'), token: tokenPath(undefined, 'v1') };
let signIn: SignIn;

before(async () => {
  signIn = await startSignIn();
});
beforeEach(() => signIn.emulator.faults.clear());
after(() => signIn.close());

async function idToken(
  changes: Values = {},
  paths: Partial<typeof common> = {},
  who = adele,
): Promise<string | undefined> {
  const code = await signIn.code(changes, paths.authorize, who);
  const answer = await signIn.redeem(code, { scope: undefined, ...changes, ...forToken(who) }, paths.token);
  assert.equal(answer.status, 200, answer.body);
  const token = json(answer)['id_token'];
  return token === undefined ? undefined : String(token);
}

/** Personal accounts name the scope again. */
const forToken = (who: typeof adele): Values => (who === jordan ? { scope: adsScope } : {});

async function servedKeys(tenant = 'common'): Promise<JSONWebKeySet> {
  const { status, headers, body } = await signIn.get(`/${tenant}/discovery/v2.0/keys`);
  assert.deepEqual([status, headers['content-type']], [200, 'application/json; charset=utf-8']);
  return JSON.parse(body) as JSONWebKeySet;
}

/** As a careful client verifies: key, issuer of the tenant, audience, times. */
async function verify(
  token: string | undefined,
  audience = clientId,
  tenant = tenantId,
): Promise<JWTVerifyResult> {
  return jwtVerify(token ?? '', createLocalJWKSet(await servedKeys()), {
    issuer: `${signIn.emulator.url}/${tenant}/v2.0`,
    audience,
    algorithms: ['RS256'],
    currentDate: new Date(signIn.clock.nowMilliseconds()),
  });
}

suite('an id token of v2', () => {
  test('verifies against the served keys and has the documented claims', async () => {
    const { payload, protectedHeader } = await verify(await idToken());
    const now = Math.floor(signIn.clock.nowMilliseconds() / 1000);
    const { sub, ...claims } = payload;
    assert.deepEqual(claims, {
      aud: clientId,
      iss: `${signIn.emulator.url}/${tenantId}/v2.0`,
      iat: now - 300,
      nbf: now - 300,
      exp: now + 3600,
      tid: tenantId,
      nonce: 'nonce-1',
      oid: adele.objectId,
      preferred_username: adele.userPrincipalName,
      name: adele.displayName,
      ver: '2.0',
    });
    const { kid, ...header } = protectedHeader;
    assert.deepEqual(header, { typ: 'JWT', alg: 'RS256' });
    assert.equal(kid, (await servedKeys()).keys[0]?.kid);
    assert.ok(sub);
  });

  test('at common names the tenant of the user', async () => {
    const { payload } = await verify(await idToken({}, common));
    assert.equal(payload['tid'], tenantId);
    const client = { client_id: otherClientId };
    const personal = await verify(await idToken(client, common, jordan), otherClientId, personalTenantId);
    assert.deepEqual([personal.payload['tid'], personal.payload['oid']], [personalTenantId, jordan.objectId]);
  });

  test('is of the user who was picked, whatever the hint', async () => {
    const token = await idToken({ login_hint: adele.userPrincipalName }, {}, lee);
    assert.equal((await verify(token)).payload['oid'], lee.objectId);
  });

  test('has no nonce when none was sent', async () => {
    assert.equal('nonce' in (await verify(await idToken({ nonce: undefined }))).payload, false);
  });

  test('names a subject of its own for every client and user', async () => {
    const subject = async (changes: Values, who = adele) =>
      decodeJwt((await idToken(changes, {}, who)) ?? '').sub;
    const first = await subject({});
    assert.equal(await subject({}), first);
    assert.notEqual(await subject({ client_id: otherClientId }), first);
    assert.notEqual(await subject({}, lee), first);
  });

  test('needs openid, and profile for the user', async () => {
    assert.equal(await idToken({ scope: `${adsScope} profile` }), undefined);
    const { payload } = await verify(await idToken({ scope: `${adsScope} openid` }));
    assert.deepEqual(
      ['tid', 'ver', 'oid', 'name', 'preferred_username'].filter((claim) => claim in payload),
      ['tid', 'ver'],
    );
  });

  test('is signed by a key of this emulator alone', async () => {
    const other = await startSignIn();
    const { body } = await other.get('/common/discovery/v2.0/keys');
    await other.close();
    const [mine] = (await servedKeys()).keys;
    const [theirs] = (JSON.parse(body) as JSONWebKeySet).keys;
    assert.notEqual(mine?.kid, theirs?.kid);
    assert.notEqual(mine?.n, theirs?.n);
  });
});

suite('an id token of v1', () => {
  test('is unsigned and has the documented issuer and claims', async () => {
    const token = (await idToken(v1, onV1)) ?? '';
    assert.match(token, /^[^.]+\.[^.]+\.$/);
    assert.deepEqual(decodeProtectedHeader(token), { typ: 'JWT', alg: 'none' });
    const now = Math.floor(signIn.clock.nowMilliseconds() / 1000);
    const { sub, ...claims } = decodeJwt(token);
    assert.deepEqual(claims, {
      aud: clientId,
      iss: `https://sts.windows.net/${tenantId}/`,
      iat: now - 300,
      nbf: now - 300,
      exp: now + 3600,
      tid: tenantId,
      nonce: 'nonce-1',
      oid: adele.objectId,
      upn: adele.userPrincipalName,
      unique_name: adele.userPrincipalName,
      name: adele.displayName,
      ver: '1.0',
    });
    assert.ok(sub);
  });
});

suite('a fault of the id token', () => {
  const refused: readonly (readonly [IdTokenFault, object])[] = [
    ['other_audience', { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: 'aud' }],
    ['other_issuer', { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: 'iss' }],
    ['expired', { code: 'ERR_JWT_EXPIRED' }],
    ['foreign_key', { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' }],
  ];
  for (const [fault, error] of refused) {
    test(`${fault} fails verification, once`, async () => {
      signIn.emulator.faults.add({ idToken: fault, times: 1 });
      await assert.rejects(verify(await idToken()), error);
      await verify(await idToken());
    });
  }

  test('other_nonce verifies and has another nonce', async () => {
    signIn.emulator.faults.add({ idToken: 'other_nonce' });
    assert.notEqual((await verify(await idToken())).payload['nonce'], 'nonce-1');
  });

  test('missing leaves it out', async () => {
    signIn.emulator.faults.add({ idToken: 'missing' });
    assert.equal(await idToken(), undefined);
  });

  test('changes the claims of v1, too', async () => {
    for (const [fault, claim] of [
      ['other_nonce', 'nonce'],
      ['other_audience', 'aud'],
      ['other_issuer', 'iss'],
      ['expired', 'exp'],
    ] as const) {
      const good = decodeJwt((await idToken(v1, onV1)) ?? '');
      signIn.emulator.faults.add({ idToken: fault, times: 1 });
      assert.notEqual(decodeJwt((await idToken(v1, onV1)) ?? '')[claim], good[claim], fault);
    }
  });
});

suite('discovery', () => {
  test('serves one RSA key without its private half', async () => {
    for (const tenant of ['common', tenantId]) {
      const { keys } = await servedKeys(tenant);
      assert.equal(keys.length, 1);
      assert.deepEqual(Object.keys(keys[0] ?? {}).sort(), ['e', 'issuer', 'kid', 'kty', 'n', 'use', 'x5t']);
      assert.equal(Object(keys[0])['issuer'], `${signIn.emulator.url}/{tenantid}/v2.0`);
    }
  });

  const issuers: readonly (readonly [string, string])[] = [
    ['common', '{tenantid}'],
    ['organizations', '{tenantid}'],
    ['consumers', personalTenantId],
    [tenantId.toUpperCase(), tenantId],
    ['contoso.example', tenantId],
  ];
  for (const [tenant, issuer] of issuers) {
    test(`names ${issuer} as the issuer of ${tenant}`, async () => {
      const { status, body } = await signIn.get(`/${tenant}/v2.0/.well-known/openid-configuration`);
      const base = `${signIn.emulator.url}/${tenant.toLowerCase()}`;
      assert.equal(status, 200);
      assert.equal(json({ body })['issuer'], `${signIn.emulator.url}/${issuer}/v2.0`);
      assert.equal(json({ body })['jwks_uri'], `${base}/discovery/v2.0/keys`);
      assert.equal(json({ body })['authorization_endpoint'], `${base}/oauth2/v2.0/authorize`);
      assert.equal(json({ body })['token_endpoint'], `${base}/oauth2/v2.0/token`);
    });
  }

  test('names the issuer of v1, and its keys at common', async () => {
    for (const [tenant, issuer] of [
      ['common', '{tenantid}'],
      [tenantId, tenantId],
    ] as const) {
      const { status, body } = await signIn.get(`/${tenant}/.well-known/openid-configuration`);
      assert.equal(status, 200);
      assert.equal(json({ body })['issuer'], `https://sts.windows.net/${issuer}/`);
      assert.equal(json({ body })['jwks_uri'], `${signIn.emulator.url}/common/discovery/keys`);
    }
    assert.equal((await signIn.get('/common/discovery/keys')).status, 200);
  });

  const aliases: readonly (readonly [authority: string, v2: string, v1: string])[] = [
    ['login.microsoftonline.com', 'login.microsoftonline.com/{tid}/v2.0', 'sts.windows.net/{tid}/'],
    ['login.windows.net', 'login.microsoftonline.com/{tid}/v2.0', 'sts.windows.net/{tid}/'],
    ['login.chinacloudapi.cn', 'login.partner.microsoftonline.cn/{tid}/v2.0', 'sts.chinacloudapi.cn/{tid}/'],
    ['contoso.ciamlogin.com', '{tid}.ciamlogin.com/{tid}/v2.0', 'sts.windows.net/{tid}/'],
  ];
  for (const [host, v2Issuer, v1Issuer] of aliases) {
    test(`of ${host} names the cloud’s one issuer`, () => {
      const authority = `https://${host}`;
      const metadata = (path: string) =>
        json(signIn.state.serve({ method: 'GET', path, headers: {}, form: '', authority }));
      const named = (text: string) => `https://${text.replaceAll('{tid}', tenantId)}`;
      const v2 = metadata(`/${tenantId}/v2.0/.well-known/openid-configuration`);
      assert.equal(v2['issuer'], named(v2Issuer));
      assert.equal(v2['jwks_uri'], `${authority}/${tenantId}/discovery/v2.0/keys`);
      const v1Metadata = metadata(`/${tenantId}/.well-known/openid-configuration`);
      assert.equal(v1Metadata['issuer'], named(v1Issuer));
    });
  }

  test('knows no unknown tenant and no other path', async () => {
    for (const path of ['discovery/v2.0/keys', 'v2.0/.well-known/openid-configuration']) {
      const { status, body } = await signIn.get(`/${unknownClientId}/${path}`);
      assert.deepEqual([status, json({ body })['error_codes']], [400, [90002]]);
    }
    assert.equal((await signIn.get('/common/discovery/keys2')).status, 404);
    assert.equal((await signIn.get('/common/oauth2/authorize2')).status, 404);
  });
});

test('without sockets the issuer is the authority of the request', async () => {
  const endpoint = new InMemoryTokenEndpoint({ state: signIn.state, faults: signIn.emulator.faults });
  const exchange = await endpoint.send({
    url: `https://login.microsoftonline.us${tokenPath()}`,
    headers: {},
    form: [
      ['grant_type', 'authorization_code'],
      ['client_id', clientId],
      ['client_secret', new Sensitive(secret)],
      ['code', new Sensitive(await signIn.code())],
      ['redirect_uri', redirectUri],
      ['code_verifier', new Sensitive(verifier)],
    ],
  });
  assert.ok(exchange.kind === 'answered');
  const token = String(json({ body: exchange.body.reveal() })['id_token']);
  assert.equal(decodeJwt(token).iss, `https://login.microsoftonline.us/${tenantId}/v2.0`);
});
