import assert from 'node:assert/strict';
import { constants, createHash, sign, X509Certificate } from 'node:crypto';
import { suite, test } from 'node:test';
import type { EntraState } from '../../../local/entra/entra-state.ts';
import { federatedCredentialOf } from '../../../local/entra/managed-identities.ts';
import { createSelfSignedCertificate } from '../../../local/self-signed-certificate.ts';
import { clientId, codeOf, consent, entra, json, redeem, startMilliseconds, tenantId } from './fixture.ts';

const day = 86_400_000;
const make = (from: number, to: number) =>
  createSelfSignedCertificate({
    key: 'rsa',
    commonName: 'client',
    notBefore: new Date(startMilliseconds + from * day),
    notAfter: new Date(startMilliseconds + to * day),
  });
const registered = make(-1, 90);
const stranger = make(-1, 90);
const ended = make(-90, -1);
const now = Math.floor(startMilliseconds / 1000);
const endpoint = `https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`;
const digest = (hash: string, pem: string) =>
  createHash(hash).update(new X509Certificate(pem).raw).digest('base64url');

interface Change {
  readonly header?: object;
  readonly claims?: object;
  readonly key?: string;
  readonly padding?: number;
}

/** A good assertion, signed here and changed; undefined takes a field away. */
function assertion({ header, claims, key = registered.privateKey, padding }: Change = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const thumbprint = { 'x5t#S256': digest('sha256', registered.certificate) };
  const head = part({ alg: 'PS256', typ: 'JWT', ...thumbprint, ...header });
  const times = { iat: now, nbf: now, exp: now + 600 };
  const body = part({ aud: endpoint, iss: clientId, sub: clientId, jti: 'one', ...times, ...claims });
  const { RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST } = constants;
  const options = { key, padding: padding ?? RSA_PKCS1_PSS_PADDING, saltLength: RSA_PSS_SALTLEN_DIGEST };
  return `${head}.${body}.${sign('sha256', Buffer.from(`${head}.${body}`), options).toString('base64url')}`;
}

const rs256 = { header: { alg: 'RS256' }, padding: constants.RSA_PKCS1_PADDING };

const form = (text: string) => ({
  form: {
    client_secret: undefined,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: text,
  },
});

function withCertificates(): EntraState {
  const { state } = entra();
  const certificates = [registered, ended].map(({ certificate }) => certificate);
  state.registerClient({ clientId, secrets: [], certificates });
  return state;
}

// [sentence, assertion, AADSTS number (0: redeemed), OAuth error]
const rows: readonly [string, string, number, string?][] = [
  ['a good one is accepted', assertion(), 0],
  ['RS256 as well', assertion(rs256), 0],
  [
    'with the SHA-1 thumbprint as well',
    assertion({ header: { 'x5t#S256': undefined, x5t: digest('sha1', registered.certificate) } }),
    0,
  ],
  ['the v1 endpoint is an audience, too', assertion({ claims: { aud: endpoint.replace('v2.0/', '') } }), 0],
  ['no JWT is refused', 'no.jwt', 50027, 'invalid_request'],
  ['a JWT of no JSON is refused', 'a.b.c', 50027],
  ['another subject is refused', assertion({ claims: { sub: tenantId } }), 50048, 'invalid_client'],
  ['without a thumbprint it is refused', assertion({ header: { 'x5t#S256': undefined } }), 50027],
  [
    'an unknown thumbprint is refused',
    assertion({ header: { 'x5t#S256': digest('sha256', stranger.certificate) }, key: stranger.privateKey }),
    700027,
    'invalid_client',
  ],
  ['another key is refused', assertion({ key: stranger.privateKey }), 7000274, 'invalid_client'],
  ['PS256 in name only is refused', assertion({ padding: constants.RSA_PKCS1_PADDING }), 7000274],
  ['an unsigned one is refused', assertion({ header: { alg: 'none' } }), 5002730, 'invalid_request'],
  ['HS256 is refused', assertion({ header: { alg: 'HS256' } }), 5002730],
  [
    'a certificate that has ended is refused',
    assertion({ header: { 'x5t#S256': digest('sha256', ended.certificate) }, key: ended.privateKey }),
    1000502,
    'invalid_client',
  ],
  ['another audience is refused', assertion({ claims: { aud: 'https://a.test' } }), 700023, 'invalid_client'],
  [
    "another tenant's endpoint is refused",
    assertion({ claims: { aud: endpoint.replace(tenantId, 'common') } }),
    700023,
  ],
  ['five minutes early are forgiven', assertion({ claims: { nbf: now + 300 } }), 0],
  [
    'more than five minutes early are not',
    assertion({ claims: { nbf: now + 301 } }),
    700024,
    'invalid_client',
  ],
  ['just short of five minutes late are forgiven', assertion({ claims: { exp: now - 299 } }), 0],
  ['five minutes late are not', assertion({ claims: { exp: now - 300 } }), 700024],
  ['without an end it is refused', assertion({ claims: { exp: undefined } }), 50027],
  ['without an id it is refused', assertion({ claims: { jti: undefined } }), 50027],
  ['a stranger as issuer is refused', assertion({ claims: { iss: tenantId, sub: tenantId } }), 70025],
];

suite('an assertion of a certificate', () => {
  for (const [sentence, text, number, error] of rows) {
    test(sentence, () => {
      const state = withCertificates();
      const response = redeem(state, consent(state), form(text));
      assert.equal(codeOf(response), number, response.body);
      if (error !== undefined) assert.equal(json(response)['error'], error);
    });
  }

  test('the same one may come again, another one with its id may not', () => {
    const state = withCertificates();
    const once = assertion();
    for (const [text, number] of [
      [once, 0],
      [once, 0],
      [assertion({ claims: { exp: now + 601 } }), 50027],
      [assertion({ claims: { exp: now + 601, jti: 'two' } }), 0],
    ] as const) {
      assert.equal(codeOf(redeem(state, consent(state), form(text))), number);
    }
  });

  test('of a client without certificates is refused', () => {
    const { state } = entra();
    assert.equal(codeOf(redeem(state, consent(state), form(assertion()))), 700026);
  });

  test('of another type counts as none', () => {
    const state = withCertificates();
    const other = { ...form(assertion()).form, client_assertion_type: 'saml' };
    assert.equal(codeOf(redeem(state, consent(state), { form: other })), 7000218);
  });
});

const identity = { tenantId, objectId: '5b1c8f4a-30d2-4c6e-9a77-0c9d2f1e6b38' };
const audience = 'api://AzureADTokenExchange';

// [sentence, what the token is issued for, what the client trusts, AADSTS number (0: redeemed)]
const trusts: readonly [string, Partial<ReturnType<typeof federatedCredentialOf>>, number][] = [
  ['is accepted by a client that trusts it', {}, 0],
  ['of another issuer is refused', { issuer: 'https://token.actions.githubusercontent.com' }, 700211],
  ['of another subject is refused', { subject: clientId }, 700213],
  ['of a subject in other letter case is refused', { subject: identity.objectId.toUpperCase() }, 7002138],
  ['for another audience is refused', { audience: 'api://AzureADTokenExchangeUSGov' }, 700212],
];

suite("a managed identity's token", () => {
  const trusting = (change: object): EntraState => {
    const { state } = entra();
    const trusted = { ...federatedCredentialOf(identity), ...change };
    state.registerClient({ clientId, secrets: [], federatedCredentials: [trusted] });
    return state;
  };

  for (const [sentence, change, number] of trusts) {
    test(sentence, () => {
      const state = trusting(change);
      const response = redeem(state, consent(state), form(state.identityToken(identity, audience)));
      assert.equal(codeOf(response), number, response.body);
    });
  }

  test('that has ended is refused', () => {
    const state = trusting({});
    const text = state.identityToken(identity, audience, -301);
    assert.equal(codeOf(redeem(state, consent(state), form(text))), 700024);
  });

  test('signed by somebody else is refused', () => {
    const state = trusting({});
    const [head = '', body = ''] = state.identityToken(identity, audience).split('.');
    const forged = sign('sha256', Buffer.from(`${head}.${body}`), stranger.privateKey).toString('base64url');
    assert.equal(codeOf(redeem(state, consent(state), form(`${head}.${body}.${forged}`))), 50013);
  });

  test('of a client that trusts nobody is refused', () => {
    const state = withCertificates();
    const text = state.identityToken(identity, audience);
    assert.equal(codeOf(redeem(state, consent(state), form(text))), 70025);
  });
});
