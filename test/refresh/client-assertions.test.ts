import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { describe, test } from 'node:test';
import { createSelfSignedCertificate } from '../../src/local/self-signed-certificate.ts';
import type { ClientAssertionInput } from '../../src/oauth/client-assertion.ts';
import { ClientAssertions } from '../../src/refresh/client-assertions.ts';
import { Sensitive } from '../../src/sensitive.ts';

const { privateKey } = createSelfSignedCertificate({
  key: 'ec',
  commonName: 'a',
  notBefore: new Date(0),
  notAfter: new Date(0),
});
const certificate = {
  privateKey: createPrivateKey(privateKey),
  sha256Thumbprint: 'x',
  sha1Thumbprint: 'y',
  notBefore: 0,
  notAfter: 0,
};
const first: Omit<ClientAssertionInput, 'id'> = {
  certificate,
  algorithm: 'PS256',
  clientId: 'client',
  audience: 'https://login.microsoftonline.com/common/oauth2/v2.0/token',
  now: 1000,
};

function counted() {
  const ids: string[] = [];
  const sign = async ({ id }: ClientAssertionInput) => {
    ids.push(id);
    return new Sensitive(id);
  };
  return { ids, assertions: new ClientAssertions(sign), createId: () => `id-${ids.length}` };
}

describe('a signed assertion is sent again', () => {
  // [sentence, how the second request differs, signed anew]
  const rows: readonly (readonly [string, Partial<ClientAssertionInput>, boolean])[] = [
    ['at the same moment', {}, false],
    ['until a minute before its end', { now: 1539 }, false],
    ['and no longer', { now: 1540 }, true],
    ['not once the clock was put back', { now: 999 }, true],
    ['not for another client', { clientId: 'other' }, true],
    ['not to another endpoint', { audience: 'https://login.microsoftonline.us/a' }, true],
    ['not by another algorithm', { algorithm: 'RS256' }, true],
    ['not of another certificate', { certificate: { ...certificate, sha256Thumbprint: 'z' } }, true],
  ];
  for (const [sentence, change, anew] of rows) {
    test(sentence, async () => {
      const { ids, assertions, createId } = counted();
      await assertions.get(first, createId);
      const again = await assertions.get({ ...first, ...change }, createId);
      assert.equal(again.reveal(), anew ? 'id-1' : 'id-0');
      assert.equal(ids.length, anew ? 2 : 1);
    });
  }

  test('not when signing failed', async () => {
    let tries = 0;
    const assertions = new ClientAssertions(async () => {
      tries += 1;
      if (tries === 1) throw new Error('no key');
      return new Sensitive('good');
    });
    await assert.rejects(assertions.get(first, () => 'id'));
    assert.equal((await assertions.get(first, () => 'id')).reveal(), 'good');
  });
});
