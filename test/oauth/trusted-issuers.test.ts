import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { exportJWK, generateKeyPair, type JWK, jwtVerify, SignJWT } from 'jose';
import { VirtualClock } from '../../local/virtual-clock.ts';
import { defaultAuthority } from '../../src/oauth/authority.ts';
import type { Exchange } from '../../src/oauth/exchange.ts';
import { isIssuedBy, parseMetadata, TrustedIssuers } from '../../src/oauth/trusted-issuers.ts';
import { Sensitive } from '../../src/sensitive.ts';

const base = 'https://login.microsoftonline.com/common';
const issuer = 'https://login.microsoftonline.com/{tenantid}/v2.0';
const metadata = { issuer, jwks_uri: `${base}/discovery/v2.0/keys` };

/** What Entra publishes at an address. */
function published(url: string, keys: readonly object[]): Exchange {
  const body = new Sensitive(JSON.stringify(url.endsWith('keys') ? { keys } : metadata));
  return { kind: 'answered', status: 200, headers: {}, body, durationMilliseconds: 1 };
}

const find = (issuers: TrustedIssuers) => issuers.find(defaultAuthority, 'common' as never, 'v2');

describe('metadata', () => {
  const rows: readonly (readonly [string, object, object, string])[] = [
    ['with issuer and keys is read', {}, {}, 'metadata'],
    [
      'may name keys of another Entra host',
      { jwks_uri: 'https://login.microsoft.com/common/discovery/v2.0/keys' },
      {},
      'metadata',
    ],
    ['may not name keys of a stranger', { jwks_uri: 'https://evil.example/keys' }, {}, 'keys_host_untrusted'],
    [
      'may name keys of a host of the settings',
      { jwks_uri: 'https://id.example/keys?v=2' },
      { additionalHosts: ['id.example'] },
      'metadata',
    ],
    ['may not name keys without TLS', { jwks_uri: 'http://login.microsoft.com/' }, {}, 'keys_host_untrusted'],
    ['may not name keys on loopback', { jwks_uri: 'http://127.0.0.1/keys' }, {}, 'keys_host_untrusted'],
    ['may on loopback', { jwks_uri: 'http://127.0.0.1/keys' }, { allowLoopback: true }, 'metadata'],
    ['with a relative address of keys is malformed', { jwks_uri: '/keys' }, {}, 'metadata_malformed'],
    ['with an empty issuer is malformed', { issuer: '' }, {}, 'metadata_malformed'],
  ];
  for (const [sentence, changes, rules, kind] of rows) {
    test(sentence, () => {
      assert.equal(parseMetadata(JSON.stringify({ ...metadata, ...changes }), rules).kind, kind);
    });
  }
});

describe('a token', () => {
  const rows: readonly (readonly [string, string, unknown, unknown, boolean])[] = [
    ['of the tenant that it names', issuer, 'https://login.microsoftonline.com/t1/v2.0', 't1', true],
    ['of another tenant', issuer, 'https://login.microsoftonline.com/t1/v2.0', 't2', false],
    ['of the template itself', issuer, issuer, undefined, false],
    [
      'of one tenant’s issuer',
      'https://t1.ciamlogin.com/t1/v2.0',
      'https://t1.ciamlogin.com/t1/v2.0',
      't1',
      true,
    ],
    [
      'whose host names the tenant, too',
      'https://{tenantid}.ciamlogin.com/{tenantid}/v2.0',
      'https://t1.ciamlogin.com/t1/v2.0',
      't1',
      true,
    ],
    ['of nobody', issuer, undefined, 't1', false],
  ];
  for (const [sentence, named, iss, tid, expected] of rows) {
    test(`${sentence} is ${expected ? 'issued by' : 'not of'} ${named}`, () => {
      assert.equal(isIssuedBy(named, iss, tid), expected);
    });
  }
});

test('a key that was added since the keys were fetched is fetched, once', async () => {
  const pairs = await Promise.all([0, 1, 2].map(() => generateKeyPair('RS256')));
  const keys: JWK[] = [];
  const publish = async (index: number) => {
    const pair = pairs[index];
    if (pair !== undefined)
      keys.push({ ...(await exportJWK(pair.publicKey)), kid: `k${index}`, alg: 'RS256' });
  };
  const sign = (index: number) =>
    new SignJWT({})
      .setProtectedHeader({ alg: 'RS256', kid: `k${index}` })
      .sign(pairs[index]?.privateKey ?? assert.fail());
  await publish(0);
  const asked: string[] = [];
  let failures = 0;
  const get = async (url: string): Promise<Exchange> => {
    asked.push(url.slice(base.length));
    failures -= 1;
    if (failures >= 0) return { kind: 'not_sent', failure: 'dns', durationMilliseconds: 1 };
    return published(url, keys);
  };
  const clock = new VirtualClock(Date.UTC(2026, 5, 1));
  const issuers = new TrustedIssuers({ get, clock, rules: {} });
  const found = await find(issuers);
  assert.ok(found.kind === 'trusted');
  await jwtVerify(await sign(0), found.keys);
  assert.deepEqual(asked, ['/v2.0/.well-known/openid-configuration', '/discovery/v2.0/keys']);
  await publish(1);
  await jwtVerify(await sign(1), found.keys);
  assert.equal(asked.length, 4);
  await assert.rejects(jwtVerify(await sign(2), found.keys), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
  assert.equal(asked.length, 6);
  await publish(2);
  failures = 1;
  await clock.run(jwtVerify(await sign(2), found.keys));
  assert.equal(asked.length, 9, 'tried again after a fault: the code of this consent is spent');
});

test('what was fetched before the clock was set back is fetched again', async () => {
  const { publicKey } = await generateKeyPair('RS256');
  const keys = [await exportJWK(publicKey)];
  let asked = 0;
  const get = async (url: string): Promise<Exchange> => {
    asked += 1;
    return published(url, keys);
  };
  let now = Date.UTC(2026, 5, 1);
  const issuers = new TrustedIssuers({
    get,
    clock: { nowMilliseconds: () => now, sleep: async () => {} },
    rules: {},
  });
  for (const milliseconds of [0, -1000]) {
    now += milliseconds;
    assert.equal((await find(issuers)).kind, 'trusted');
  }
  assert.equal(asked, 4);
});

describe('a key of the set of all tenants signs for the issuer alone that stands beside it', () => {
  const tid = '7fe81447-da57-4385-becb-6de57f21477e';
  const personal = '9188040d-6c67-4c5b-b112-36a304b66dad';
  const of = (tenant: string) => issuer.replace('{tenantid}', tenant);
  const rows: readonly (readonly [string, unknown, string, string, boolean])[] = [
    ['any tenant, and signs for one', issuer, of(tid), tid, true],
    ['any tenant, and signs for one that the token does not name', issuer, of(tid), personal, false],
    ['personal accounts, and signs for them', of(personal), of(personal), personal, true],
    ['personal accounts, and signs for a tenant', of(personal), of(tid), tid, false],
    ['nobody, and signs for a tenant', undefined, of(tid), tid, true],
    ['something else than a text', 7, of(tid), tid, false],
  ];
  for (const [sentence, keyIssuer, iss, tenant, accepted] of rows) {
    test(`it is of ${sentence}: ${accepted ? 'taken' : 'refused'}`, async () => {
      const { publicKey, privateKey } = await generateKeyPair('RS256');
      const key = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256', issuer: keyIssuer };
      const get = async (url: string) => published(url, [key]);
      const clock = new VirtualClock(Date.UTC(2026, 5, 1));
      const found = await find(new TrustedIssuers({ get, clock, rules: {} }));
      assert.ok(found.kind === 'trusted');
      const token = await new SignJWT({ iss, tid: tenant })
        .setProtectedHeader({ alg: 'RS256', kid: 'k' })
        .sign(privateKey);
      const verified = jwtVerify(token, found.keys);
      if (accepted) await verified;
      else await assert.rejects(verified, { claim: 'iss' });
    });
  }
});
