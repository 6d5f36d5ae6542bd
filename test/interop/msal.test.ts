import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import {
  ConfidentialClientApplication,
  type Configuration,
  CryptoProvider,
  PublicClientApplication,
} from '@azure/msal-node';
import {
  adsScope,
  byCertificate,
  byNothing,
  bySecret,
  clientSecret,
  EmulatedEntra,
  guest,
  keyAndCertificate,
  person,
  redirectUri,
  tenantId,
} from './emulated-entra.ts';

// Microsoft's own client against the emulator: what it refuses, the emulator does wrong.

type NetworkModule = NonNullable<NonNullable<Configuration['system']>['networkClient']>;

const networkOf = (entra: EmulatedEntra): NetworkModule => {
  const send = async <T>(
    method: string,
    url: string,
    options: Parameters<NetworkModule['sendGetRequestAsync']>[1],
  ) => {
    const { status, headers, body } = entra.send(method, url, options?.headers ?? {}, options?.body ?? '');
    return { status, headers, body: JSON.parse(body) as T };
  };
  return {
    sendGetRequestAsync: (url, options) => send('GET', url, options),
    sendPostRequestAsync: (url, options) => send('POST', url, options),
  };
};

const thumbprintSha256 = createHash('sha256')
  .update(new X509Certificate(keyAndCertificate.certificate).raw)
  .digest('hex');

const clients = {
  'a client secret': { clientId: bySecret, clientSecret },
  'a certificate': {
    clientId: byCertificate,
    clientCertificate: { thumbprintSha256, privateKey: keyAndCertificate.privateKey },
  },
  'nothing, as a public client': { clientId: byNothing },
};
const hosts = [
  'login.microsoftonline.com',
  'login.windows.net',
  'login.microsoftonline.us',
  'login.chinacloudapi.cn',
  // Of this one MSAL knows nothing by heart and asks for the metadata.
  `${tenantId}.ciamlogin.com`,
];

function application(entra: EmulatedEntra, host: string, client: Partial<Configuration['auth']>) {
  const authority = `https://${host}/${tenantId}`;
  const Application = client.clientId === byNothing ? PublicClientApplication : ConfidentialClientApplication;
  return new Application({
    auth: { clientId: '', ...client, authority, knownAuthorities: [host] },
    system: { networkClient: networkOf(entra) },
  });
}

describe('MSAL for Node accepts the emulator as Entra', () => {
  for (const host of hosts) {
    for (const [by, client] of Object.entries(clients)) {
      test(`at ${host}, with ${by}: sign-in with PKCE, cached account, refresh`, async () => {
        const entra = new EmulatedEntra();
        const app = application(entra, host, client);
        const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
        const scopes = [adsScope];
        const address = await app.getAuthCodeUrl({
          scopes,
          redirectUri,
          responseMode: 'query',
          codeChallenge: challenge,
          codeChallengeMethod: 'S256',
          nonce: 'the nonce',
          state: 'the state',
        });
        assert.equal(new URL(address).host, new URL(`https://${host}`).host);
        const returned = entra.accept(address).searchParams;
        assert.equal(returned.get('state'), 'the state');
        const code = returned.get('code') ?? '';
        const signedIn = await app.acquireTokenByCode({
          code,
          scopes,
          redirectUri,
          codeVerifier: verifier,
          nonce: 'the nonce',
        });
        assert.deepEqual(signedIn.scopes.includes(adsScope), true);
        assert.equal(signedIn.account?.homeAccountId, `${person.objectId}.${person.tenantId}`);
        assert.equal(signedIn.account.username, person.userPrincipalName);
        assert.equal(signedIn.tenantId, tenantId);
        const again = await app.acquireTokenSilent({ account: signedIn.account, scopes, forceRefresh: true });
        assert.equal(again.fromCache, false);
        assert.notEqual(again.accessToken, signedIn.accessToken);
      });
    }
  }

  test('and a guest as somebody of another tenant, whose ids here are others', async () => {
    const entra = new EmulatedEntra();
    const app = application(entra, 'login.microsoftonline.com', clients['a client secret']);
    const request = { scopes: [adsScope], redirectUri };
    const address = await app.getAuthCodeUrl({ ...request, responseMode: 'query' });
    const code = entra.accept(address, guest).searchParams.get('code') ?? '';
    const { account, uniqueId, tenantId: issuer } = await app.acquireTokenByCode({ ...request, code });
    assert.equal(account?.homeAccountId, `${guest.objectId}.${guest.tenantId}`);
    assert.deepEqual([uniqueId, issuer], [guest.guestIn?.[0]?.objectId, tenantId]);
    const again = await app.acquireTokenSilent({ account, scopes: [adsScope], forceRefresh: true });
    assert.equal(again.fromCache, false);
  });

  test('and another nonce as another answer', async () => {
    const entra = new EmulatedEntra();
    const app = application(entra, 'login.microsoftonline.com', clients['a client secret']);
    const request = { scopes: [adsScope], redirectUri };
    const address = await app.getAuthCodeUrl({ ...request, responseMode: 'query', nonce: 'one nonce' });
    const code = entra.accept(address).searchParams.get('code') ?? '';
    const redeemed = app.acquireTokenByCode({ ...request, code, nonce: 'another' });
    await assert.rejects(redeemed, { errorCode: 'nonce_mismatch' });
  });

  test('and its refusals as Entra’s: a wrong secret, a revoked grant', async () => {
    const entra = new EmulatedEntra();
    const refreshToken = entra.state.grant({
      clientId: bySecret,
      user: person,
      scopes: [adsScope, 'offline_access'],
    });
    const refresh = (secret: string) =>
      application(entra, 'login.microsoftonline.com', {
        clientId: bySecret,
        clientSecret: secret,
      }).acquireTokenByRefreshToken({ refreshToken, scopes: [adsScope] });
    await assert.rejects(refresh('wrong'), { errorCode: 'invalid_client' });
    assert.ok((await refresh(clientSecret))?.accessToken);
    entra.state.revoke({ user: person });
    await assert.rejects(refresh(clientSecret), { errorCode: 'invalid_grant' });
  });
});
