import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseTenant } from '../../src/accounts/entra-ids.ts';
import {
  type AuthorityRules,
  authorityHost,
  defaultAuthority,
  isConfidential,
  parseAuthority,
  tokenEndpointUrl,
} from '../../src/oauth/authority.ts';

describe('an authority is accepted', () => {
  const accepted: ReadonlyArray<
    readonly [what: string, text: string, origin: string, rules?: AuthorityRules]
  > = [
    ...[
      ...['microsoftonline.com', 'windows.net', 'microsoft.com', 'microsoftonline.us', 'usgovcloudapi.net'],
      ...['partner.microsoftonline.cn', 'chinacloudapi.cn'],
      ...['fr', 'de', 'sg'].map((country) => `sovcloud-identity.${country}`),
    ].map((domain) => [`of ${domain}`, `https://login.${domain}`, `https://login.${domain}`] as const),
    ['of the public cloud by the issuer host', 'https://sts.windows.net', 'https://sts.windows.net'],
    ['with a closing slash', 'https://login.microsoftonline.com/', 'https://login.microsoftonline.com'],
    ['in capitals', 'HTTPS://LOGIN.MicrosoftOnline.COM', 'https://login.microsoftonline.com'],
    ['with the default port', 'https://login.microsoftonline.com:443', 'https://login.microsoftonline.com'],
    ['when listed', 'https://sts.example', 'https://sts.example', { additionalHosts: ['STS.example'] }],
    [
      'when listed with its port',
      'https://sts.example:8443',
      'https://sts.example:8443',
      { additionalHosts: ['sts.example:8443'] },
    ],
    ['on IPv4 loopback', 'http://127.0.0.1:4711', 'http://127.0.0.1:4711', { allowLoopback: true }],
    ['on loopback over TLS', 'https://127.0.0.1:4711', 'https://127.0.0.1:4711', { allowLoopback: true }],
  ];
  for (const [what, text, origin, rules] of accepted) {
    test(what, () => {
      assert.deepEqual(parseAuthority(text, rules), { kind: 'authority', authority: origin });
    });
  }
});

describe('an authority is refused', () => {
  const loopback = { allowLoopback: true };
  const refused: ReadonlyArray<
    readonly [what: string, text: string, remedy: RegExp, rules?: AuthorityRules]
  > = [
    ['when it is empty', '', /must be a URL such as https:\/\/login\.microsoftonline\.com/],
    ['when it is a bare host', 'login.microsoftonline.com', /must be a URL/],
    ['over plain http', 'http://login.microsoftonline.com', /must use https/],
    ['over plain http though listed', 'http://sts.a', /must use https/, { additionalHosts: ['sts.a'] }],
    ['on loopback with a scheme of another kind', 'ws://127.0.0.1', /must use https/, loopback],
    ['with a tenant in it', 'https://login.microsoftonline.com/common', /no path; the tenant is a field/],
    ['with a query', 'https://login.microsoftonline.com?a=b', /no query/],
    ['with a fragment', 'https://login.microsoftonline.com#a', /no query and no fragment/],
    ['with a user name', 'https://login.microsoftonline.com@evil.example', /not carry a user name/],
    ['with a password', 'https://:secret@login.microsoftonline.com', /not carry a user name/],
    ['of a host that ends like a trusted one', 'https://evil-login.microsoftonline.com', /trusted hosts/],
    [
      'of a host that begins like a trusted one',
      'https://login.microsoftonline.com.evil.example',
      /trusted hosts/,
    ],
    ['of a trusted host with a closing dot', 'https://login.microsoftonline.com.', /trusted hosts/],
    ['of a trusted host on another port', 'https://login.microsoftonline.com:8443', /trusted hosts/],
    ['of a look-alike', 'https://login.micrоsoftonline.com', /trusted hosts/],
    ['of the closed German cloud', 'https://login.microsoftonline.de', /trusted hosts/],
    ['on loopback unless allowed', 'http://127.0.0.1:4711', /local environment only/],
    ['on loopback over TLS unless allowed', 'https://localhost', /local environment only/],
    ['on another machine though loopback is allowed', 'http://127.0.0.2', /must use https/, loopback],
    ['on a name that only begins like loopback', 'http://localhost.example', /must use https/, loopback],
  ];
  for (const [what, text, remedy, rules] of refused) {
    test(what, () => {
      const result = parseAuthority(text, rules);
      assert.equal(result.kind, 'fault');
      assert.match(result.kind === 'fault' ? result.message : '', remedy);
    });
  }

  test('without quoting the value, which may be a misplaced secret', () => {
    for (const text of ['canary', 'https://canary', 'https://canary@login.microsoftonline.com', 'canary:x']) {
      assert.doesNotMatch(JSON.stringify(parseAuthority(text)), /canary/);
    }
  });

  test('whatever the text, without throwing and only for canonical https origins', () => {
    const trusted = /^https:\/\/[a-z0-9.-]+$/;
    const almost = fc
      .tuple(
        fc.constantFrom('https://', 'http://', ''),
        fc.string(),
        fc.constantFrom('login.microsoftonline.com', ''),
        fc.string(),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl(), almost), (text) => {
        const result = parseAuthority(text);
        return result.kind === 'fault' || trusted.test(result.authority);
      }),
    );
  });
});

describe('the token endpoint', () => {
  const tenant = parseTenant('contoso.com');
  assert.ok(tenant !== undefined);

  test('of v2', () => {
    const url = tokenEndpointUrl(defaultAuthority, tenant, 'v2');
    assert.equal(url, 'https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token');
  });

  test('of v1', () => {
    const url = tokenEndpointUrl(defaultAuthority, tenant, 'v1');
    assert.equal(url, 'https://login.microsoftonline.com/contoso.com/oauth2/token');
  });

  test('of the default authority is an accepted one', () => {
    assert.deepEqual(parseAuthority(defaultAuthority), { kind: 'authority', authority: defaultAuthority });
    assert.equal(authorityHost(defaultAuthority), 'login.microsoftonline.com');
  });
});

describe('a request is confidential', () => {
  const urls: ReadonlyArray<readonly [url: string, confidential: boolean]> = [
    ['https://login.microsoftonline.com/', true],
    ['https://127.0.0.1/', true],
    ['http://127.0.0.1:80/', true],
    ['http://login.microsoftonline.com/', false],
    ['http://127.0.0.2/', false],
    ['ftp://localhost/', false],
  ];
  for (const [url, confidential] of urls) {
    test(`to ${url}: ${confidential}`, () => assert.equal(isConfidential(new URL(url)), confidential));
  }
});
