import assert from 'node:assert/strict';
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import * as client from 'openid-client';
import {
  adsScope,
  byCertificate,
  bySecret,
  clientSecret,
  EmulatedEntra,
  keyAndCertificate,
  person,
  redirectUri,
  tenantId,
} from './emulated-entra.ts';

// A certified OpenID Connect client against the emulator. It verifies signature, issuer, audience, nonce and times of
// id tokens by its own code.

const fetchFrom =
  (entra: EmulatedEntra): client.CustomFetch =>
  async (url, { method, headers, body }) => {
    const form = typeof body === 'string' || body instanceof URLSearchParams ? `${body}` : '';
    const answer = entra.send(method, url, Object.fromEntries(new Headers(headers)), form);
    return new Response(answer.body, { status: answer.status, headers: answer.headers });
  };

async function byPrivateKey(host: string): Promise<client.ClientAuth> {
  const pkcs8 = createPrivateKey(keyAndCertificate.privateKey).export({ type: 'pkcs8', format: 'der' });
  const algorithm = { name: 'RSA-PSS', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
  const { raw } = new X509Certificate(keyAndCertificate.certificate);
  return client.PrivateKeyJwt(key, {
    // Entra: certificate credentials: the thumbprint in the header, the token endpoint as audience.
    [client.modifyAssertion]: (header, payload) => {
      header['x5t#S256'] = createHash('sha256').update(raw).digest('base64url');
      payload['aud'] = `https://${host}/${tenantId}/oauth2/v2.0/token`;
    },
  });
}

async function discover(
  entra: EmulatedEntra,
  issuer: string,
  authentication: client.ClientAuth,
  clientId = bySecret,
) {
  const config = await client.discovery(new URL(issuer), clientId, undefined, authentication, {
    [client.customFetch]: fetchFrom(entra),
  });
  client.enableNonRepudiationChecks(config);
  return config;
}

async function signIn(entra: EmulatedEntra, config: client.Configuration) {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: `openid profile offline_access ${adsScope}`,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  });
  const back = entra.accept(address.href);
  return client.authorizationCodeGrant(
    config,
    back,
    {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    },
    { scope: `openid profile offline_access ${adsScope}`, client_info: '1' },
  );
}

const authorities: readonly (readonly [string, string, string])[] = [
  ['the tenant', `https://login.microsoftonline.com/${tenantId}/v2.0`, 'login.microsoftonline.com'],
  [
    'common, whose issuer is a template',
    'https://login.microsoftonline.com/common/v2.0',
    'login.microsoftonline.com',
  ],
  ['External ID', `https://${tenantId}.ciamlogin.com/${tenantId}/v2.0`, `${tenantId}.ciamlogin.com`],
];

describe('openid-client accepts the emulator as an OpenID provider', () => {
  for (const [name, issuer, host] of authorities) {
    test(`at ${name}: discovery, sign-in with PKCE, a verified id token, refresh`, async () => {
      const entra = new EmulatedEntra();
      const config = await discover(entra, issuer, client.ClientSecretPost(clientSecret));
      const signedIn = await signIn(entra, config);
      const claims = signedIn.claims();
      assert.deepEqual([claims?.['tid'], claims?.['oid']], [tenantId, person.objectId]);
      assert.ok(claims?.iss.startsWith(`https://${host}/${tenantId}/`));
      assert.ok(entra.asked.some((asked) => /^GET .*\/discovery\/v2\.0\/keys$/.test(asked)));
      const info = JSON.parse(Buffer.from(String(signedIn['client_info']), 'base64url').toString());
      assert.deepEqual(info, { uid: person.objectId, utid: person.tenantId });
      const refreshed = await client.refreshTokenGrant(config, signedIn.refresh_token ?? '', {
        scope: `offline_access ${adsScope}`,
      });
      assert.notEqual(refreshed.access_token, signedIn.access_token);
      assert.notEqual(refreshed.refresh_token, signedIn.refresh_token);
    });
  }

  test('with a certificate (private_key_jwt)', async () => {
    const entra = new EmulatedEntra();
    const issuer = `https://login.microsoftonline.com/${tenantId}/v2.0`;
    const config = await discover(
      entra,
      issuer,
      await byPrivateKey('login.microsoftonline.com'),
      byCertificate,
    );
    const signedIn = await signIn(entra, config);
    assert.equal(signedIn.claims()?.aud, byCertificate);
    const refreshed = await client.refreshTokenGrant(config, signedIn.refresh_token ?? '');
    assert.ok(refreshed.access_token);
  });

  test('and tells a forged id token from a good one', async () => {
    const entra = new EmulatedEntra();
    const issuer = `https://login.microsoftonline.com/${tenantId}/v2.0`;
    const config = await discover(entra, issuer, client.ClientSecretPost(clientSecret));
    entra.idTokenFault = 'foreign_key';
    await assert.rejects(signIn(entra, config));
    entra.idTokenFault = undefined;
    assert.ok(await signIn(entra, config));
  });

  test('and its refusals as OAuth errors', async () => {
    const entra = new EmulatedEntra();
    const issuer = `https://login.microsoftonline.com/${tenantId}/v2.0`;
    const wrong = await discover(entra, issuer, client.ClientSecretPost('wrong'));
    await assert.rejects(client.refreshTokenGrant(wrong, 'x'), { error: 'invalid_client', status: 401 });
    const right = await discover(entra, issuer, client.ClientSecretPost(clientSecret));
    await assert.rejects(client.refreshTokenGrant(right, 'x'), { error: 'invalid_grant', status: 400 });
  });
});
