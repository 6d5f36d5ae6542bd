import { createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import tls from 'node:tls';
import { secondsPerDay } from '../../time.ts';

/** A server certificate and its key in PEM, made for this process and never written to disk. */
export interface LoopbackCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

/**
 * Makes a self-signed P-256 certificate (RFC 5280) for 127.0.0.1 and the given host names, valid for a year. It is
 * its own authority: a client that names it as `ca` trusts the server.
 */
export function createLoopbackCertificate(
  hostNames: readonly string[] = ['localhost'],
  now = new Date(),
): LoopbackCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const toBeSigned = tbsCertificate(publicKey.export({ type: 'spki', format: 'der' }), hostNames, now);
  const signature = createSign('sha256').update(toBeSigned).sign(privateKey);
  const der = sequence(toBeSigned, ecdsaWithSha256, bitString(signature));
  return {
    certificate: pem(der),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** Makes every TLS client of this process trust the certificate, beside what it trusts already. */
export function trustInThisProcess(certificate: string): void {
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), certificate]);
}

const yearMilliseconds = 365 * secondsPerDay * 1000;
const dayMilliseconds = secondsPerDay * 1000;

function tbsCertificate(publicKey: Buffer, hostNames: readonly string[], now: Date): Buffer {
  const name = sequence(set(sequence(commonName, der(0x0c, Buffer.from('loopback')))));
  return sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ecdsaWithSha256,
    name,
    sequence(utcTime(now.getTime() - dayMilliseconds), utcTime(now.getTime() + yearMilliseconds)),
    name,
    publicKey,
    der(0xa3, sequence(sequence(subjectAlternativeName, der(0x04, alternativeNames(hostNames))))),
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

function utcTime(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replace(/\D/g, '');
  return der(0x17, Buffer.from(`${digits.slice(2, 14)}Z`));
}

const commonName = Buffer.from('0603550403', 'hex');
const subjectAlternativeName = Buffer.from('0603551d11', 'hex');
const ecdsaWithSha256 = Buffer.from('300a06082a8648ce3d040302', 'hex');

function pem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
