import { createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';

/** A self-signed certificate (RFC 5280) and its key (PKCS#8) in PEM, made for this process and never written to disk. */
export interface KeyAndCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

interface CertificateOptions {
  /** `ec`: P-256. `rsa`: 2,048 bits unless `modulusBits` says otherwise. */
  readonly key: 'ec' | 'rsa';
  readonly modulusBits?: number;
  readonly commonName: string;
  readonly notBefore: Date;
  /** Before 2050. */
  readonly notAfter: Date;
  /** Names of a server: DNS names beside 127.0.0.1. Default: no alternative names at all. */
  readonly hostNames?: readonly string[];
}

/** Makes a key and a certificate that it signs itself. */
export function createSelfSignedCertificate(options: CertificateOptions): KeyAndCertificate {
  const { publicKey, privateKey } = keyPair(options);
  const algorithm = options.key === 'ec' ? ecdsaWithSha256 : rsaWithSha256;
  const toBeSigned = tbsCertificate(publicKey.export({ type: 'spki', format: 'der' }), algorithm, options);
  const signature = createSign('sha256').update(toBeSigned).sign(privateKey);
  return {
    certificate: pem(sequence(toBeSigned, algorithm, bitString(signature))),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function keyPair({ key, modulusBits = 2048 }: CertificateOptions): {
  publicKey: KeyObject;
  privateKey: KeyObject;
} {
  return key === 'ec'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: modulusBits });
}

function tbsCertificate(publicKey: Buffer, algorithm: Buffer, options: CertificateOptions): Buffer {
  const name = sequence(set(sequence(commonName, der(0x0c, Buffer.from(options.commonName)))));
  const { hostNames, notBefore, notAfter } = options;
  const extensions =
    hostNames === undefined
      ? []
      : [der(0xa3, sequence(sequence(subjectAlternativeName, der(0x04, alternativeNames(hostNames)))))];
  return sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    name,
    sequence(utcTime(notBefore), utcTime(notAfter)),
    name,
    publicKey,
    ...extensions,
  );
}

function alternativeNames(hostNames: readonly string[]): Buffer {
  const dnsNames = hostNames.map((hostName) => der(0x82, Buffer.from(hostName)));
  return sequence(der(0x87, Buffer.from([127, 0, 0, 1])), ...dnsNames);
}

// DER (X.690): a tag, a length, the content.

function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(content.length)]), content]);
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

function sequence(...contents: readonly Buffer[]): Buffer {
  return der(0x30, ...contents);
}

function set(...contents: readonly Buffer[]): Buffer {
  return der(0x31, ...contents);
}

function integer(content: Buffer): Buffer {
  return der(0x02, content);
}

function bitString(content: Buffer): Buffer {
  return der(0x03, Buffer.from([0]), content);
}

function utcTime(date: Date): Buffer {
  const digits = date.toISOString().replace(/\D/g, '');
  return der(0x17, Buffer.from(`${digits.slice(2, 14)}Z`));
}

const commonName = Buffer.from('0603550403', 'hex');
const subjectAlternativeName = Buffer.from('0603551d11', 'hex');
const ecdsaWithSha256 = Buffer.from('300a06082a8648ce3d040302', 'hex');
const rsaWithSha256 = Buffer.from('300d06092a864886f70d01010b0500', 'hex');

function pem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
