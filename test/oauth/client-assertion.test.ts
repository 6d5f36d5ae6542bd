import assert from 'node:assert/strict';
import { constants, verify, X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { createSelfSignedCertificate } from '../../local/self-signed-certificate.ts';
import { signClientAssertion } from '../../src/oauth/client-assertion.ts';
import { parseClientCertificate } from '../../src/oauth/client-certificate.ts';
import { Sensitive } from '../../src/sensitive.ts';

const made = createSelfSignedCertificate({
  key: 'rsa',
  commonName: 'a',
  notBefore: new Date('2026-01-01T00:00:00Z'),
  notAfter: new Date('2027-01-01T00:00:00Z'),
});
const parsed = parseClientCertificate(new Sensitive(made.privateKey + made.certificate));
assert.ok(parsed.ok);
const { certificate } = parsed;
const input = {
  certificate,
  clientId: '6731de76-14a6-49ae-97bc-6eba6914391e',
  audience: 'https://login.microsoftonline.com/common/oauth2/v2.0/token',
  now: 1_800_000_000,
  id: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
};

async function partsOf(algorithm: 'PS256' | 'RS256') {
  const token = (await signClientAssertion({ ...input, algorithm })).reveal();
  const [head = '', body = '', signature = ''] = token.split('.');
  const json = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
  const signed = Buffer.from(`${head}.${body}`);
  return { header: json(head), claims: json(body), signed, signature: Buffer.from(signature, 'base64url') };
}

const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING } = constants;

describe('a client assertion', () => {
  test('claims what Entra asks for, for ten minutes from now', async () => {
    const { claims } = await partsOf('PS256');
    assert.deepEqual(claims, {
      aud: input.audience,
      iss: input.clientId,
      sub: input.clientId,
      jti: input.id,
      iat: 1_800_000_000,
      nbf: 1_800_000_000,
      exp: 1_800_000_600,
    });
  });

  for (const [algorithm, thumbprint, padding, otherPadding] of [
    ['PS256', { 'x5t#S256': certificate.sha256Thumbprint }, RSA_PKCS1_PSS_PADDING, RSA_PKCS1_PADDING],
    ['RS256', { x5t: certificate.sha1Thumbprint }, RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING],
  ] as const) {
    test(`by ${algorithm} names the certificate and is signed by its key`, async () => {
      const { header, signed, signature } = await partsOf(algorithm);
      assert.deepEqual(header, { alg: algorithm, typ: 'JWT', ...thumbprint });
      const key = new X509Certificate(made.certificate).publicKey;
      assert.ok(verify('sha256', signed, { key, padding, saltLength: 32 }, signature));
      assert.ok(!verify('sha256', signed, { key, padding: otherPadding, saltLength: 32 }, signature));
    });
  }
});
