import assert from 'node:assert/strict';
import { constants, createPrivateKey, verify, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { createSelfSignedCertificate } from '../../local/self-signed-certificate.ts';
import {
  type ClientCertificate,
  parseClientCertificate,
  signClientAssertion,
} from '../../src/oauth/client-certificate.ts';
import { Sensitive } from '../../src/sensitive.ts';

const fixture = readFileSync(new URL('../fixtures/certificates/client.pem', import.meta.url), 'utf8');
const validity = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2027-01-01T00:00:00Z') };
const made = createSelfSignedCertificate({ key: 'rsa', commonName: 'a', ...validity });
const other = createSelfSignedCertificate({ key: 'rsa', commonName: 'b', ...validity });
const curve = createSelfSignedCertificate({ key: 'ec', commonName: 'c', ...validity });
const short = createSelfSignedCertificate({ key: 'rsa', modulusBits: 1024, commonName: 'd', ...validity });

const pem = (key: { privateKey: string }, ...certificates: { certificate: string }[]) =>
  [key.privateKey, ...certificates.map(({ certificate }) => certificate)].join('');
const read = (text: string) => parseClientCertificate(new Sensitive(text));

function certificateOf(text: string): ClientCertificate {
  const result = read(text);
  assert.ok(result.ok, 'fault' in result ? result.fault : '');
  return result.certificate;
}

describe('a key and its certificate are read', () => {
  test('as OpenSSL writes them, with the thumbprints that OpenSSL prints', () => {
    const { sha256Thumbprint, sha1Thumbprint, notBefore, notAfter } = certificateOf(fixture);
    assert.deepEqual(
      [sha256Thumbprint, sha1Thumbprint, notBefore, notAfter],
      [
        'ENv46_jk3DhbiByEOvUe-eC5HBet2rK02mnafYGLiQ8',
        'QQQYwAzAX0-hNZXGaQgnL5OFff0',
        Date.parse('2026-11-25T16:40:23Z') / 1000,
        Date.parse('2126-11-01T16:40:23Z') / 1000,
      ],
    );
  });

  const expected = certificateOf(pem(made, made)).sha256Thumbprint;
  const pkcs1 = createPrivateKey(made.privateKey).export({ type: 'pkcs1', format: 'pem' }).toString();
  for (const [sentence, text] of [
    ['with the certificate first', made.certificate + made.privateKey],
    ['with others of the chain before its own', pem(made, other, made)],
    [
      'with one of the chain that cannot be read',
      pem(made, { certificate: other.certificate.replace('MII', 'AAA') }, made),
    ],
    ['with line ends of Windows', pem(made, made).replaceAll('\n', '\r\n')],
    ['with a PKCS#1 key', pem({ privateKey: pkcs1 }, made)],
  ] as const) {
    test(sentence, () => assert.equal(certificateOf(text).sha256Thumbprint, expected));
  }

  test('and print nothing of the key', () => {
    const certificate = certificateOf(pem(made, made));
    const printed = inspect(certificate, { depth: 8, showHidden: true }) + JSON.stringify(certificate);
    const secret = made.privateKey.split('\n')[3] ?? '';
    assert.ok(secret.length > 40);
    assert.ok(!printed.includes(secret));
  });
});

describe('what cannot be used is told without quoting it', () => {
  const locked = createPrivateKey(made.privateKey)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString();
  const rows: readonly (readonly [string, string, RegExp])[] = [
    ['a client secret', 'aB3~Qx.9ZkLm-8Wq_Rt5Yp2Vn7Hs4Dj6Fg1Kc0Ue', /^holds no private key in PEM$/],
    ['nothing', '', /^holds no private key in PEM$/],
    ['a certificate alone', made.certificate, /^holds no private key in PEM$/],
    ['a PKCS#12 container', 'MIIJqQIBAzCCCW8GCSqGSIb3DQEHAaCCCWA', /^holds a PKCS#12 container, not PEM$/],
    ['a key under a password', locked + made.certificate, /^holds a key under a password$/],
    ['a damaged key', pem({ privateKey: made.privateKey.replace('MII', 'AAA') }, made), /cannot be read$/],
    ['a key of an elliptic curve', pem(curve, curve), /^holds a key that is no RSA key$/],
    ['a key of 1024 bits', pem(short, short), /^holds an RSA key of less than 2048 bits$/],
    ['a key alone', made.privateKey, /^holds no certificate beside the key$/],
    ["another key's certificate", pem(made, other), /^holds no readable certificate of its private key$/],
  ];
  for (const [sentence, text, fault] of rows) {
    test(sentence, () => {
      const result = read(text);
      assert.ok(!result.ok);
      assert.match(result.fault, fault);
    });
  }
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
