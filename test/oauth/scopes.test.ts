import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lackingScopes } from '../../src/oauth/scopes.ts';

const graph = 'https://graph.microsoft.com';
const id = '9bd5ab7f-4031-4045-ace9-6bebbad202f6';
const service = 'https://service.contoso.com';

// [sentence, registered, the answer's scope, what it lacks]
const rows: readonly (readonly [string, readonly string[], string | undefined, readonly string[]])[] = [
  ['all that was asked for', [`${service}/a`, `${service}/b`], `${service}/b ${service}/a`, []],
  ['less', [`${service}/a`, `${service}/b`], `${service}/a`, [`${service}/b`]],
  ['more', [`${service}/a`], `${service}/a ${service}/b`, []],
  ['nothing but OpenID Connect', ['User.Read'], 'openid profile email', ['User.Read']],
  ['short names of Graph', [`${graph}/User.Read`], 'User.Read profile openid email', []],
  ['long names for short ones', ['User.Read'], `profile openid email ${graph}/User.Read`, []],
  ['a longer short name', [`${graph}/User.Read`], 'User.Read.All', [`${graph}/User.Read`]],
  ['another letter case', ['user.read'], `${graph}/User.Read`, []],
  ['another resource', [`${service}/User.Read`], `${graph}/User.Read`, [`${service}/User.Read`]],
  ['a resource that ends with a slash', [`${service}//a`], `${service}/a`, []],
  ['no OpenID Connect scopes', ['openid', 'profile', 'offline_access', 'Mail.Read'], 'Mail.Read', []],
  ['whatever .default stands for', [`${service}/.default`], `${service}/a`, []],
  ['an id as the resource', [`${id}/all`], `${id.toUpperCase()}/all`, []],
  ['no scope at all, so what was asked for', [`${service}/a`], undefined, []],
];

describe('an answer that grants', () => {
  for (const [sentence, scopes, granted, lacking] of rows) {
    test(`${sentence} lacks ${lacking.length === 0 ? 'nothing' : lacking.join(' ')}`, () => {
      assert.deepEqual(lackingScopes({ endpoint: 'v2', scopes }, granted), lacking);
    });
  }

  test('for a resource of v1 lacks nothing', () => {
    assert.deepEqual(lackingScopes({ endpoint: 'v1', resource: service }, 'a'), []);
  });
});
