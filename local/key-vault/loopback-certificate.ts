import tls from 'node:tls';
import { secondsPerDay } from '../../src/time.ts';
import { createSelfSignedCertificate, type KeyAndCertificate } from '../self-signed-certificate.ts';

const yearMilliseconds = 365 * secondsPerDay * 1000;
const dayMilliseconds = secondsPerDay * 1000;

/**
 * Makes a server's P-256 certificate for 127.0.0.1 and the given host names, valid for a year. It is its own
 * authority: a client that names it as `ca` trusts the server.
 */
export function createLoopbackCertificate(
  hostNames: readonly string[] = ['localhost'],
  now = new Date(),
): KeyAndCertificate {
  return createSelfSignedCertificate({
    key: 'ec',
    commonName: 'loopback',
    hostNames,
    notBefore: new Date(now.getTime() - dayMilliseconds),
    notAfter: new Date(now.getTime() + yearMilliseconds),
  });
}

/** Makes every TLS client of this process trust the certificate, beside what it trusts already. */
export function trustInThisProcess(certificate: string): void {
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), certificate]);
}
