import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns';
import { Agent } from 'node:https';
import { test } from 'node:test';
import { SecretClient } from '@azure/keyvault-secrets';
import { startKeyVaultEmulator } from '../../../local/key-vault/key-vault-emulator.ts';
import {
  createLoopbackCertificate,
  trustInThisProcess,
} from '../../../local/key-vault/loopback-certificate.ts';
import { VaultState } from '../../../local/key-vault/vault-state.ts';
import { acceptedToken, stillClock } from './harness.ts';

const credential = {
  getToken: async () => ({ token: acceptedToken, expiresOnTimestamp: Date.now() + 3_600_000 }),
};

async function start(hostNames?: string[]) {
  const state = new VaultState({ clock: stillClock() });
  const certificate = createLoopbackCertificate(hostNames);
  return startKeyVaultEmulator({ state, certificate, acceptsToken: (token) => token === acceptedToken });
}

test('is valid for 127.0.0.1 and the host names, from a day ago for a year, and signed by itself', () => {
  const now = new Date('2026-05-06T07:08:09Z');
  const { certificate } = createLoopbackCertificate(['a.example', 'b.example'], now);
  const x509 = new X509Certificate(certificate);
  assert.equal(x509.checkIP('127.0.0.1'), '127.0.0.1');
  assert.equal(x509.checkHost('b.example'), 'b.example');
  assert.equal(x509.checkHost('c.example'), undefined);
  assert.equal(x509.validFromDate.toISOString(), '2026-05-05T07:08:09.000Z');
  assert.equal(x509.validToDate.toISOString(), '2027-05-06T07:08:09.000Z');
  assert.equal(x509.verify(x509.publicKey), true);
  assert.notEqual(
    x509.serialNumber,
    new X509Certificate(createLoopbackCertificate().certificate).serialNumber,
  );
});

test('is refused by a client that was not told to trust it, and accepted once the process trusts it', async (t) => {
  const vault = await start();
  t.after(() => vault.close());
  const createClient = () =>
    new SecretClient(vault.url, credential, { disableChallengeResourceVerification: true });
  await assert.rejects(createClient().getSecret('colour'), /self-signed certificate/);
  trustInThisProcess(vault.certificate);
  assert.equal((await createClient().setSecret('colour', 'green')).value, 'green');
});

test('serves a vault under its real host name, with every check of the SDK left on', async (t) => {
  const vault = await start(['my-vault.vault.azure.net']);
  t.after(() => vault.close());
  const agent = new Agent({
    ca: vault.certificate,
    lookup: (_hostName, options, callback) => lookup('127.0.0.1', options, callback),
  });
  const { port } = new URL(vault.url);
  const client = new SecretClient(`https://my-vault.vault.azure.net:${port}`, credential, { agent });
  assert.equal((await client.setSecret('colour', 'green')).value, 'green');
});
