import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clientId, leastRegistration, objectId, parse, tenantId } from './registration-samples.ts';

/** The least registration with some fields changed; undefined takes a field out. */
const changed = (fields: object): object => ({ ...leastRegistration, ...fields });

const least = {
  tenant: 'contoso.com',
  clientId,
  clientAuthentication: { method: 'client_secret', secretName: 'contoso-client-secret' },
  tokens: [
    { audience: { endpoint: 'v2', scopes: ['https://ads.microsoft.com/msads.manage', 'offline_access'] } },
  ],
};

describe('a registration is read', () => {
  const user = { tenantId, objectId };
  const good: ReadonlyArray<readonly [what: string, fields: object, expected: object]> = [
    ['with the least', {}, {}],
    ['for a tenant id', { tenant: tenantId.toUpperCase() }, { tenant: tenantId }],
    ['for common', { tenant: 'common' }, { tenant: 'common' }],
    ['for personal accounts', { tenant: 'consumers' }, { tenant: 'consumers' }],
    ['with a client id in capitals', { clientId: clientId.toUpperCase() }, {}],
    [
      'with a client id of the Live portal',
      { clientId: '000000004C12AE6F' },
      { clientId: '000000004c12ae6f' },
    ],
    [
      'with a resource',
      { scopes: undefined, resource: 'https://graph.windows.net' },
      { tokens: [{ audience: { endpoint: 'v1', resource: 'https://graph.windows.net' } }] },
    ],
    [
      'with a resource of 1024 characters',
      { scopes: undefined, resource: 'r'.repeat(1024) },
      { tokens: [{ audience: { endpoint: 'v1', resource: 'r'.repeat(1024) } }] },
    ],
    [
      'with access tokens by name',
      {
        scopes: undefined,
        tokens: {
          graph: { scopes: ['User.Read'] },
          ads: { scopes: ['https://ads.microsoft.com/msads.manage'] },
        },
      },
      {
        tokens: [
          { name: 'graph', audience: { endpoint: 'v2', scopes: ['User.Read'] } },
          { name: 'ads', audience: { endpoint: 'v2', scopes: ['https://ads.microsoft.com/msads.manage'] } },
        ],
      },
    ],
    [
      'with one named resource, the shortest name',
      { scopes: undefined, tokens: { a: { resource: 'https://a.b' } } },
      { tokens: [{ name: 'a', audience: { endpoint: 'v1', resource: 'https://a.b' } }] },
    ],
    [
      'with ten tokens of the longest names',
      { scopes: undefined, tokens: manyTokens(10) },
      {
        tokens: Object.keys(manyTokens(10)).map((name) => ({
          name,
          audience: { endpoint: 'v2', scopes: ['User.Read'] },
        })),
      },
    ],
    ...(
      [
        ['.default alone', ['https://graph.microsoft.com/.default']],
        ['.default beside offline_access', ['https://graph.microsoft.com/.default', 'offline_access']],
        ['50 scopes', Array.from({ length: 50 }, (_, index) => `s${index}`)],
        ['a scope of 1024 characters', ['s'.repeat(1024)]],
      ] as const
    ).map(
      ([what, scopes]) =>
        [`with ${what}`, { scopes }, { tokens: [{ audience: { endpoint: 'v2', scopes } }] }] as const,
    ),
    [
      'with an authority',
      { authority: 'HTTPS://login.microsoftonline.us/' },
      { authority: 'https://login.microsoftonline.us' },
    ],
    [
      'with a user in capitals',
      { user: { tenantId: tenantId.toUpperCase(), objectId: objectId.toUpperCase() } },
      { user },
    ],
    [
      'with a login hint and an owner',
      { loginHint: 'a@contoso.com', owner: 'ads' },
      { loginHint: 'a@contoso.com', owner: 'ads' },
    ],
    ['with an owner of 256 characters', { owner: 'o'.repeat(256) }, { owner: 'o'.repeat(256) }],
    ['with a description of several lines', { description: 'a\n\tb' }, { description: 'a\n\tb' }],
    ['with an empty description', { description: '' }, { description: '' }],
    [
      'with a description of 2000 characters',
      { description: 'd'.repeat(2000) },
      { description: 'd'.repeat(2000) },
    ],
    ['with the shortest minimum validity', { minimumValidityMinutes: 1 }, { minimumValidityMinutes: 1 }],
    ['with the longest minimum validity', { minimumValidityMinutes: 1440 }, { minimumValidityMinutes: 1440 }],
    ...[
      { method: 'certificate', secretName: 'client-certificate' },
      { method: 'certificate', secretName: 'client-certificate', algorithm: 'RS256' },
      { method: 'managed_identity' },
      { method: 'none' },
    ].map(
      (clientAuthentication) =>
        [
          `with ${JSON.stringify(clientAuthentication)}`,
          { clientAuthentication },
          { clientAuthentication },
        ] as const,
    ),
    [
      'with the longest name of a secret',
      { clientAuthentication: { method: 'client_secret', secretName: 's'.repeat(127) } },
      { clientAuthentication: { method: 'client_secret', secretName: 's'.repeat(127) } },
    ],
  ];
  for (const [what, fields, expected] of good) {
    test(what, () => {
      assert.deepEqual(parse(changed(fields)), { ok: true, registration: { ...least, ...expected } });
    });
  }
});

/** Names of 32 characters. */
function manyTokens(count: number): Record<string, { scopes: string[] }> {
  const names = Array.from({ length: count }, (_, index) => `${'n'.repeat(30)}-${index % 10}`.slice(-32));
  const unique = names.map((name, index) => (index < 10 ? name : `x${name.slice(1)}`));
  return Object.fromEntries(unique.map((name) => [name, { scopes: ['User.Read'] }]));
}

/** Without the usual scopes, with the given tokens. */
const named = (tokens: unknown) => changed({ scopes: undefined, tokens });
const graph = { scopes: ['User.Read'] };

describe('a registration is refused', () => {
  const authentication = leastRegistration.clientAuthentication;
  const bad: ReadonlyArray<readonly [what: string, value: unknown, fault: RegExp]> = [
    ['as no JSON', '{', /^the value is not JSON$/],
    ['as an empty value', '', /^the value is not JSON$/],
    ...['null', '[]', '7', '"text"'].map((text) => [`as ${text}`, text, /^must be a JSON object$/] as const),
    ['without a tenant', changed({ tenant: undefined }), /^tenant: must be text$/],
    ['with a tenant of a single word', changed({ tenant: 'contoso' }), /^tenant: must be a tenant id/],
    ['with a tenant that climbs the path', changed({ tenant: '../a.b' }), /^tenant: must be a tenant id/],
    ['without a client id', changed({ clientId: undefined }), /^clientId: must be text: the application/],
    ['with the name of the client', changed({ clientId: 'ads' }), /^clientId: must be the application/],
    ['with 15 digits of a Live client', changed({ clientId: 'a'.repeat(15) }), /^clientId: must be/],
    [
      'without client authentication',
      changed({ clientAuthentication: undefined }),
      /^clientAuthentication: must be an object with method and secretName$/,
    ],
    [
      'with a method yet unknown',
      changed({ clientAuthentication: { ...authentication, method: 'password' } }),
      /^clientAuthentication\.method: must be one of "client_secret", "certificate", "managed_identity", "none"$/,
    ],
    [
      'with a certificate without the name of its secret',
      changed({ clientAuthentication: { method: 'certificate' } }),
      /^clientAuthentication\.secretName: must be text$/,
    ],
    [
      'with an algorithm that Entra does not take',
      changed({ clientAuthentication: { ...authentication, method: 'certificate', algorithm: 'ES256' } }),
      /^clientAuthentication\.algorithm: must be "PS256" or "RS256"$/,
    ],
    [
      'with an algorithm for a client secret',
      changed({ clientAuthentication: { ...authentication, algorithm: 'PS256' } }),
      /^"algorithm" in clientAuthentication: not a known field$/,
    ],
    [
      'with a secret for a managed identity',
      changed({ clientAuthentication: { ...authentication, method: 'managed_identity' } }),
      /^"secretName" in clientAuthentication: not a known field$/,
    ],
    [
      'with a secret for a public client',
      changed({ clientAuthentication: { ...authentication, method: 'none' } }),
      /^"secretName" in clientAuthentication: not a known field$/,
    ],
    [
      'without the name of the secret',
      changed({ clientAuthentication: { method: 'client_secret' } }),
      /^clientAuthentication\.secretName: must be text$/,
    ],
    [
      'with the client secret in place of its name',
      changed({ clientAuthentication: { ...authentication, secretName: 'abc8Q~Zx.canary_Fq1' } }),
      /^clientAuthentication\.secretName: .*not the client secret itself$/,
    ],
    [
      'with a name of 128 characters',
      changed({ clientAuthentication: { ...authentication, secretName: 's'.repeat(128) } }),
      /^clientAuthentication\.secretName: must be the name/,
    ],
    [
      'with an unknown field in the client authentication',
      changed({ clientAuthentication: { ...authentication, secret: 'x' } }),
      /^"secret" in clientAuthentication: not a known field$/,
    ],
    [
      'with both scopes and resource',
      changed({ resource: 'https://a.b' }),
      /^scopes: stands beside resource/,
    ],
    ['with scopes and tokens', changed({ tokens: { graph } }), /^tokens: stands beside scopes or resource/],
    ['with no tokens', named({}), /^tokens: must name an access token$/],
    ['with tokens as a list', named([graph]), /^tokens: must be an object that names each access token$/],
    ['with eleven tokens', named(manyTokens(11)), /^tokens: must name at most 10 access tokens$/],
    ['with a token name in capitals', named({ Graph: graph }), /^tokens: has a name that is not 1 to 32/],
    ['with a token name of 33 characters', named({ ['n'.repeat(33)]: graph }), /^tokens: has a name that/],
    ['with a token name that ends with a hyphen', named({ 'a-': graph }), /^tokens: has a name that/],
    ['with null for a token', named({ a: null }), /^tokens\.a: must be an object with scopes or resource$/],
    ['with neither scopes nor resource of a token', named({ a: {} }), /^tokens\.a: must have either/],
    [
      'with scopes and resource of a token',
      named({ a: { ...graph, resource: 'https://a.b' } }),
      /^tokens\.a: must have either scopes or resource$/,
    ],
    [
      'with a fault in a token',
      named({ a: { scopes: ['a b'] } }),
      /^tokens\.a\.scopes\.0: must be one scope/,
    ],
    [
      'with an unknown field of a token',
      named({ a: { ...graph, x: 1 } }),
      /^"x" in tokens\.a: not a known field$/,
    ],
    [
      'with v1 and v2 side by side',
      named({ a: graph, b: { resource: 'https://a.b' } }),
      /^tokens: has scopes and resources side by side/,
    ],
    [
      'with .default beside single scopes of another token',
      named({ a: graph, b: { scopes: ['https://a.b/.default'] } }),
      /^tokens: mixes \.default with single scopes/,
    ],
    [
      'with a named resource for consumers',
      changed({ scopes: undefined, tenant: 'consumers', tokens: { a: { resource: 'https://a.b' } } }),
      /^tokens: cannot be used with personal accounts/,
    ],
    [
      'with a fault in a token whose name may be a secret',
      named({ 'abc8Q~canary': {} }),
      /^(?!.*canary).*tokens\.\(unusual name\)/,
    ],
    ['with neither', changed({ scopes: undefined }), /^scopes: is missing: give scopes .* or resource/],
    ['with no scope', changed({ scopes: [] }), /^scopes: must name a scope of an API[^;]*$/],
    ['with 51 scopes', changed({ scopes: Array(51).fill('a') }), /^scopes: must name at most 50 scopes$/],
    ['with scopes as one text', changed({ scopes: 'a b' }), /^scopes: must be a list/],
    [
      'with a blank in a scope',
      changed({ scopes: ['a', 'b c'] }),
      /^scopes\.1: must be one scope without blanks/,
    ],
    ['with an empty scope', changed({ scopes: [''] }), /^scopes\.0: must be one scope/],
    ['with a quote in a scope', changed({ scopes: ['a"b'] }), /^scopes\.0: must be one scope/],
    ['with a scope of 1025 characters', changed({ scopes: ['s'.repeat(1025)] }), /^scopes\.0: must be one/],
    ['with a number as a scope', changed({ scopes: [7] }), /^scopes\.0: must be text$/],
    [
      'with OpenID Connect scopes only',
      changed({ scopes: ['openid', 'offline_access'] }),
      /^scopes: must name a scope of an API/,
    ],
    [
      'with .default beside another scope',
      changed({ scopes: ['https://a.b/.default', 'https://a.b/read'] }),
      /^scopes: mixes \.default with single scopes/,
    ],
    [
      'with an empty resource',
      changed({ scopes: undefined, resource: '' }),
      /^resource: must be one resource identifier without blanks$/,
    ],
    [
      'with a blank in the resource',
      changed({ scopes: undefined, resource: 'a b' }),
      /^resource: must be one/,
    ],
    [
      'with a resource of 1025 characters',
      changed({ scopes: undefined, resource: 'r'.repeat(1025) }),
      /^resource: must have at most 1024/,
    ],
    [
      'with a resource for consumers',
      changed({ scopes: undefined, resource: 'https://a.b', tenant: 'consumers' }),
      /^resource: cannot be used with personal accounts/,
    ],
    [
      "with a resource for the personal accounts' tenant id",
      changed({ scopes: undefined, resource: 'https://a.b', tenant: '9188040D-6C67-4C5B-B112-36A304B66DAD' }),
      /^resource: cannot be used with personal accounts/,
    ],
    [
      'with an authority without a scheme',
      changed({ authority: 'login.a.b' }),
      /^authority: must be an origin/,
    ],
    ['with an authority with a path', changed({ authority: 'https://a.b/common' }), /^authority: must be an/],
    ['with a number as the authority', changed({ authority: 7 }), /^authority: must be text$/],
    ['with an empty login hint', changed({ loginHint: '' }), /^loginHint: must not be empty$/],
    [
      'with a line end in the login hint',
      changed({ loginHint: 'a\nb' }),
      /^loginHint: must have no line end/,
    ],
    ['with an escape in the owner', changed({ owner: '\u001b[2J' }), /^owner: must have no line end/],
    [
      'with a control character of C1 in the description',
      changed({ description: 'a\u009bb' }),
      /^description: must have no control character$/,
    ],
    ['with a list of scopes in one text', changed({ scopes: ['a,b'] }), /^scopes\.0: .*without commas/],
    ['with an owner of 257 characters', changed({ owner: 'o'.repeat(257) }), /^owner: must have at most 256/],
    [
      'with a user as text',
      changed({ user: 'anna' }),
      /^user: must be an object with tenantId and objectId$/,
    ],
    ['with a user without an object id', changed({ user: { tenantId } }), /^user\.objectId: must be text$/],
    [
      'with a user by name',
      changed({ user: { tenantId, objectId: 'anna' } }),
      /^user\.objectId: must be a GUID/,
    ],
    [
      'with a minimum validity of 0',
      changed({ minimumValidityMinutes: 0 }),
      /^minimumValidityMinutes: .*least 1$/,
    ],
    [
      'with a minimum validity of 1441',
      changed({ minimumValidityMinutes: 1441 }),
      /^minimumValidityMinutes: must be at most 1440$/,
    ],
    [
      'with a fraction of a minute',
      changed({ minimumValidityMinutes: 1.5 }),
      /^minimumValidityMinutes: must be a whole number of minutes$/,
    ],
    [
      'with minutes as text',
      changed({ minimumValidityMinutes: '10' }),
      /^minimumValidityMinutes: must be a whole/,
    ],
    [
      'with a description of 2001 characters',
      changed({ description: 'd'.repeat(2001) }),
      /^description: .*2000/,
    ],
    ['with an unknown field', changed({ scope: 'a' }), /^"scope": not a known field$/],
    [
      'with a field whose name may be a secret',
      changed({ 'abc8Q~canary': '' }),
      /^a field with an unusual name: not a known field$/,
    ],
  ];
  for (const [what, value, fault] of bad) {
    test(what, () => {
      const result = parse(value);
      assert.match(result.ok ? 'read' : result.fault, fault);
    });
  }

  test('with what is wrong between fields told beside what is wrong in one', () => {
    const result = parse({});
    const fault = result.ok ? '' : result.fault;
    for (const field of ['tenant: ', 'clientId: ', 'clientAuthentication: ', 'scopes: is missing']) {
      assert.ok(fault.includes(field), fault);
    }
  });

  test('with all faults told together', () => {
    const result = parse(changed({ tenant: 'x', clientId: 'y', owner: '', scop: [] }));
    const fault = result.ok ? '' : result.fault;
    for (const field of ['tenant: ', 'clientId: ', 'owner: ', '"scop": '])
      assert.ok(fault.includes(field), fault);
  });
});
