import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkRegistrationFields, readRegistrationFields } from '../../src/accounts/registration.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { leastRegistration } from './registration-samples.ts';

const check = (changes: object) => checkRegistrationFields({ ...leastRegistration, ...changes });

describe('what is registered anew asks for one API in each access token', () => {
  const oneApi: [string, readonly string[]][] = [
    ['a bare name is Graph’s', ['Mail.Send', 'https://graph.microsoft.com/User.Read', 'openid']],
    ['letter case and slashes of an API', ['https://A.b/x', 'https://a.b//y']],
    ['an API by its id and by its URI', ['api://c1d2e3f4-0000-4000-8000-000000000001/a', 'https://a.b/c']],
    ['Graph by its id', ['00000003-0000-0000-c000-000000000000/User.Read', 'Mail.Send']],
    [
      'names that Outlook shares with Graph',
      ['https://outlook.office.com/IMAP.AccessAsUser.All', 'SMTP.Send'],
    ],
  ];
  for (const [what, scopes] of oneApi) test(`good: ${what}`, () => assert.ok(check({ scopes }).ok));

  const several: [string, object, RegExp][] = [
    [
      'two APIs',
      { scopes: ['https://ads.microsoft.com/msads.manage', 'User.Read'] },
      /^scopes: names scopes of several APIs/,
    ],
    [
      'two APIs by their ids',
      { scopes: ['api://c1d2e3f4-0000-4000-8000-000000000001/a', 'c1d2e3f4-0000-4000-8000-000000000002/b'] },
      /^scopes: names scopes of several APIs/,
    ],
    [
      'two APIs in one of its tokens',
      {
        scopes: undefined,
        tokens: {
          a: { scopes: ['https://outlook.office.com/Mail.Send', 'https://graph.microsoft.com/User.Read'] },
        },
      },
      /^tokens\.a\.scopes: names scopes of several APIs/,
    ],
  ];
  for (const [what, changes, fault] of several) {
    test(`refused: ${what}; what is registered already goes on`, () => {
      const result = check(changes);
      assert.match(result.ok ? 'taken' : result.fault, fault);
      const registered = JSON.stringify({ ...leastRegistration, ...changes });
      assert.ok(readRegistrationFields(new Sensitive(registered)).ok);
    });
  }
});
