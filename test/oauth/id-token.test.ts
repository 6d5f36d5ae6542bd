import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { type IdTokenExpectation, verifyIdToken } from '../../src/oauth/id-token.ts';
import { Sensitive } from '../../src/sensitive.ts';

const now = 1_800_000_000;
const tid = '7fe81447-da57-4385-becb-6de57f21477e';
const oid = '68389AE2-62fa-4b18-91fe-53dd109d74f5';
const clientId = '6731de76-14a6-49ae-97bc-6eba6914391e';
const { publicKey, privateKey } = await generateKeyPair('RS256');
const foreign = await generateKeyPair('RS256');
const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256' }] });

const claims = {
  iss: `https://login.microsoftonline.com/${tid}/v2.0`,
  aud: clientId,
  exp: now + 3600,
  nonce: 'the nonce',
  tid,
  oid,
  preferred_username: 'adele@contoso.example',
};

const expectation: IdTokenExpectation = {
  endpoint: 'v2',
  issuer: { kind: 'trusted', issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0', keys },
  clientId,
  nonce: 'the nonce',
  now,
};

type Claims = Readonly<Record<string, unknown>>;

async function signed(changes: Claims = {}, key = privateKey): Promise<Sensitive> {
  const payload = Object.fromEntries(
    Object.entries({ ...claims, ...changes }).filter(([, value]) => value !== undefined),
  );
  return new Sensitive(await new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).sign(key));
}

describe('a v2 id token', () => {
  test('names the user, ids in lower case', async () => {
    assert.deepEqual(await verifyIdToken(await signed(), expectation), {
      kind: 'valid',
      user: { tenantId: tid, objectId: oid.toLowerCase(), userName: 'adele@contoso.example' },
    });
  });

  const refused: [string, Claims, string][] = [
    ['for another client', { aud: 'another' }, 'aud'],
    ['with another nonce', { nonce: 'another' }, 'nonce'],
    ['without a nonce', { nonce: undefined }, 'nonce'],
    ['of another tenant', { iss: 'https://login.microsoftonline.com/other/v2.0' }, 'iss'],
    ['of another authority', { iss: `https://evil.example/${tid}/v2.0` }, 'iss'],
    ['past its end and the tolerance', { exp: now - 300 }, 'exp'],
    ['without an end', { exp: undefined }, 'exp'],
    ['without a tenant', { tid: undefined }, 'tid'],
    ['without a user', { oid: undefined }, 'oid'],
    ['with an empty user', { oid: '' }, 'oid'],
  ];
  for (const [sentence, changes, reason] of refused) {
    test(`${sentence} is refused`, async () => {
      assert.deepEqual(await verifyIdToken(await signed(changes), expectation), { kind: 'invalid', reason });
    });
  }

  test('is good within the tolerance of five minutes', async () => {
    assert.equal((await verifyIdToken(await signed({ exp: now - 299 }), expectation)).kind, 'valid');
  });

  test('signed by a foreign key is refused', async () => {
    const token = await signed({}, foreign.privateKey);
    assert.deepEqual(await verifyIdToken(token, expectation), { kind: 'invalid', reason: 'signature' });
  });

  test('that is not signed is refused', async () => {
    const token = new Sensitive(new UnsecuredJWT(claims).encode());
    assert.equal((await verifyIdToken(token, expectation)).kind, 'invalid');
  });

  test('signed with a shared secret is refused', async () => {
    const jwt = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new Uint8Array(32));
    assert.deepEqual(await verifyIdToken(new Sensitive(jwt), expectation), {
      kind: 'invalid',
      reason: 'signature',
    });
  });

  for (const text of ['', 'x', 'a.b.c', 'x'.repeat(100_000)]) {
    test(`a text of ${text.length} characters is refused`, async () => {
      assert.equal((await verifyIdToken(new Sensitive(text), expectation)).kind, 'invalid');
    });
  }
});

describe('a v1 id token', () => {
  const issuer = { ...expectation.issuer, issuer: 'https://sts.windows.net/{tenantid}/' };
  const v1 = { ...expectation, endpoint: 'v1' as const, issuer };
  const iss = `https://sts.windows.net/${tid}/`;
  const unsigned = (changes: Claims = {}) =>
    new Sensitive(new UnsecuredJWT({ ...claims, iss, upn: 'adele@contoso.example', ...changes }).encode());

  test('is taken unsigned, because it came from the token endpoint', async () => {
    assert.equal((await verifyIdToken(unsigned(), v1)).kind, 'valid');
  });

  for (const [sentence, changes, reason] of [
    ['for another client', { aud: 'another' }, 'aud'],
    ['past its end', { exp: now - 300 }, 'exp'],
    ['with another nonce', { nonce: 'another' }, 'nonce'],
    ['of another issuer', { iss: claims.iss }, 'iss'],
    ['without a tenant', { tid: 7 }, 'iss'],
    ['whose tenant is no id', { tid: 'x', iss: 'https://sts.windows.net/x/' }, 'tid'],
  ] as const) {
    test(`${sentence} is refused`, async () => {
      assert.deepEqual(await verifyIdToken(unsigned(changes), v1), { kind: 'invalid', reason });
    });
  }
});
