import { describe, test } from 'node:test';
import { assertRead, assertRefused } from './registration-samples.ts';

/** Names of 32 characters. */
function manyTokens(count: number): Record<string, { scopes: string[] }> {
  const names = Array.from({ length: count }, (_, index) => `${'n'.repeat(30)}-${index % 10}`.slice(-32));
  const unique = names.map((name, index) => (index < 10 ? name : `x${name.slice(1)}`));
  return Object.fromEntries(unique.map((name) => [name, { scopes: ['User.Read'] }]));
}

/** Without the usual scopes, with the given tokens. */
const named = (tokens: unknown) => ({ scopes: undefined, tokens });
const graph = { scopes: ['User.Read'] };

describe('what an account is to get is read', () => {
  const good: ReadonlyArray<readonly [what: string, fields: object, expected: object]> = [
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
  ];
  for (const [what, fields, expected] of good) test(what, () => assertRead(fields, expected));
});

describe('what an account is to get is refused', () => {
  const bad: ReadonlyArray<readonly [what: string, fields: object, fault: RegExp]> = [
    ['with both scopes and resource', { resource: 'https://a.b' }, /^scopes: stands beside resource/],
    ['with scopes and tokens', { tokens: { graph } }, /^tokens: stands beside scopes or resource/],
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
      { scopes: undefined, tenant: 'consumers', tokens: { a: { resource: 'https://a.b' } } },
      /^tokens: cannot be used with personal accounts/,
    ],
    [
      'with a fault in a token whose name may be a secret',
      named({ 'abc8Q~canary': {} }),
      /^(?!.*canary).*tokens\.\(unusual name\)/,
    ],
    ['with neither', { scopes: undefined }, /^scopes: is missing: give scopes .* or resource/],
    ['with no scope', { scopes: [] }, /^scopes: must name a scope of an API[^;]*$/],
    ['with 51 scopes', { scopes: Array(51).fill('a') }, /^scopes: must name at most 50 scopes$/],
    ['with scopes as one text', { scopes: 'a b' }, /^scopes: must be a list/],
    ['with a blank in a scope', { scopes: ['a', 'b c'] }, /^scopes\.1: must be one scope without blanks/],
    ['with an empty scope', { scopes: [''] }, /^scopes\.0: must be one scope/],
    ['with a quote in a scope', { scopes: ['a"b'] }, /^scopes\.0: must be one scope/],
    ['with a scope of 1025 characters', { scopes: ['s'.repeat(1025)] }, /^scopes\.0: must be one/],
    ['with a number as a scope', { scopes: [7] }, /^scopes\.0: must be text$/],
    [
      'with OpenID Connect scopes only',
      { scopes: ['openid', 'offline_access'] },
      /^scopes: must name a scope of an API/,
    ],
    [
      'with .default beside another scope',
      { scopes: ['https://a.b/.default', 'https://a.b/read'] },
      /^scopes: mixes \.default with single scopes/,
    ],
    [
      'with an empty resource',
      { scopes: undefined, resource: '' },
      /^resource: must be one resource identifier without blanks$/,
    ],
    ['with a blank in the resource', { scopes: undefined, resource: 'a b' }, /^resource: must be one/],
    [
      'with a resource of 1025 characters',
      { scopes: undefined, resource: 'r'.repeat(1025) },
      /^resource: must have at most 1024/,
    ],
    [
      'with a resource for consumers',
      { scopes: undefined, resource: 'https://a.b', tenant: 'consumers' },
      /^resource: cannot be used with personal accounts/,
    ],
    ['with a list of scopes in one text', { scopes: ['a,b'] }, /^scopes\.0: .*without commas/],
  ];
  for (const [what, fields, fault] of bad) test(what, () => assertRefused(fields, fault));
});
