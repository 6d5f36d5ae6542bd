import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  assertRead,
  assertRefused,
  changed,
  clientId,
  leastRegistration,
  objectId,
  parse,
  tenantId,
} from './registration-samples.ts';

describe('a registration is read', () => {
  const user = { tenantId, objectId };
  const good: ReadonlyArray<readonly [what: string, fields: object, expected?: object]> = [
    ['with the least', {}, {}],
    ['for a tenant id', { tenant: tenantId.toUpperCase() }, { tenant: tenantId }],
    ['with a client id in capitals', { clientId: clientId.toUpperCase() }, {}],
    [
      'with a client id of the Live portal',
      { clientId: '000000004C12AE6F' },
      { clientId: '000000004c12ae6f' },
    ],
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
    ['with a login hint and an owner', { loginHint: 'a@contoso.com', owner: 'ads' }],
    ['with an owner of 256 characters', { owner: 'o'.repeat(256) }],
    ['with a description of several lines', { description: 'a\n\tb' }],
    ['with an empty description', { description: '' }],
    ['with a description of 2000 characters', { description: 'd'.repeat(2000) }],
    ['with the shortest minimum validity', { minimumValidityMinutes: 1 }],
    ['with the longest minimum validity', { minimumValidityMinutes: 1440 }],
    ...[
      { method: 'certificate', secretName: 'client-certificate' },
      { method: 'certificate', secretName: 'client-certificate', algorithm: 'RS256' },
      { method: 'managed_identity' },
      { method: 'none' },
    ].map(
      (clientAuthentication) =>
        [`with ${JSON.stringify(clientAuthentication)}`, { clientAuthentication }] as const,
    ),
    [
      'with the longest name of a secret',
      { clientAuthentication: { method: 'client_secret', secretName: 's'.repeat(127) } },
    ],
  ];
  for (const [what, fields, expected = fields] of good) {
    test(what, () => assertRead(fields, expected));
  }
});

describe('a registration is refused', () => {
  const authenticatedBy = (changes: object) => ({
    clientAuthentication: { ...leastRegistration.clientAuthentication, ...changes },
  });
  const bad: ReadonlyArray<readonly [what: string, fields: object, fault: RegExp]> = [
    ['without a tenant', { tenant: undefined }, /^tenant: must be text$/],
    ['with a tenant of a single word', { tenant: 'contoso' }, /^tenant: must be a tenant id/],
    ['without a client id', { clientId: undefined }, /^clientId: must be text: the application/],
    ['with the name of the client', { clientId: 'ads' }, /^clientId: must be the application/],
    ['with 15 digits of a Live client', { clientId: 'a'.repeat(15) }, /^clientId: must be/],
    [
      'without client authentication',
      { clientAuthentication: undefined },
      /^clientAuthentication: must be an object with method and secretName$/,
    ],
    [
      'with a method yet unknown',
      authenticatedBy({ method: 'password' }),
      /^clientAuthentication\.method: must be one of "client_secret", "certificate", "managed_identity", "none"$/,
    ],
    [
      'with a certificate without the name of its secret',
      { clientAuthentication: { method: 'certificate' } },
      /^clientAuthentication\.secretName: must be text$/,
    ],
    [
      'with an algorithm that Entra does not take',
      authenticatedBy({ method: 'certificate', algorithm: 'ES256' }),
      /^clientAuthentication\.algorithm: must be "PS256" or "RS256"$/,
    ],
    [
      'with an algorithm for a client secret',
      authenticatedBy({ algorithm: 'PS256' }),
      /^"algorithm" in clientAuthentication: not a known field$/,
    ],
    [
      'with a secret for a managed identity',
      authenticatedBy({ method: 'managed_identity' }),
      /^"secretName" in clientAuthentication: not a known field$/,
    ],
    [
      'with a secret for a public client',
      authenticatedBy({ method: 'none' }),
      /^"secretName" in clientAuthentication: not a known field$/,
    ],
    [
      'without the name of the secret',
      { clientAuthentication: { method: 'client_secret' } },
      /^clientAuthentication\.secretName: must be text$/,
    ],
    [
      'with the client secret in place of its name',
      authenticatedBy({ secretName: 'abc8Q~Zx.canary_Fq1' }),
      /^clientAuthentication\.secretName: .*not the client secret itself$/,
    ],
    [
      'with a name of 128 characters',
      authenticatedBy({ secretName: 's'.repeat(128) }),
      /^clientAuthentication\.secretName: must be the name/,
    ],
    [
      'with an unknown field in the client authentication',
      authenticatedBy({ secret: 'x' }),
      /^"secret" in clientAuthentication: not a known field$/,
    ],
    ['with an authority with a path', { authority: 'https://a.b/common' }, /^authority: must be an/],
    ['with a number as the authority', { authority: 7 }, /^authority: must be text$/],
    ['with an empty login hint', { loginHint: '' }, /^loginHint: must not be empty$/],
    ['with a line end in the login hint', { loginHint: 'a\nb' }, /^loginHint: must have no line end/],
    [
      'with a control character of C1 in the description',
      { description: 'a\u009bb' },
      /^description: must have no control character$/,
    ],
    ['with an owner of 257 characters', { owner: 'o'.repeat(257) }, /^owner: must have at most 256/],
    ['with a user as text', { user: 'anna' }, /^user: must be an object with tenantId and objectId$/],
    ['with a user without an object id', { user: { tenantId } }, /^user\.objectId: must be text$/],
    ['with a user by name', { user: { tenantId, objectId: 'anna' } }, /^user\.objectId: must be a GUID/],
    ['with a minimum validity of 0', { minimumValidityMinutes: 0 }, /^minimumValidityMinutes: .*least 1$/],
    [
      'with a minimum validity of 1441',
      { minimumValidityMinutes: 1441 },
      /^minimumValidityMinutes: must be at most 1440$/,
    ],
    [
      'with a fraction of a minute',
      { minimumValidityMinutes: 1.5 },
      /^minimumValidityMinutes: must be a whole number of minutes$/,
    ],
    ['with minutes as text', { minimumValidityMinutes: '10' }, /^minimumValidityMinutes: must be a whole/],
    ['with a description of 2001 characters', { description: 'd'.repeat(2001) }, /^description: .*2000/],
    ['with an unknown field', { scope: 'a' }, /^"scope": not a known field$/],
    [
      'with a field whose name may be a secret',
      { 'abc8Q~canary': '' },
      /^a field with an unusual name: not a known field$/,
    ],
  ];
  for (const [what, fields, fault] of bad) {
    test(what, () => assertRefused(fields, fault));
  }

  for (const text of ['{', '', 'null', '[]', '7', '"text"']) {
    test(`as ${text === '' ? 'an empty value' : text}`, () => {
      const fault = text.length < 2 && text !== '7' ? 'the value is not JSON' : 'must be a JSON object';
      assert.deepEqual(parse(text), { ok: false, fault });
    });
  }

  const together: ReadonlyArray<readonly [what: string, value: object, fields: readonly string[]]> = [
    ['in fields', changed({ tenant: 'x', clientId: 'y', owner: '', scop: [] }), ['owner: ', '"scop": ']],
    ['in and between fields', {}, ['clientAuthentication: ', 'scopes: is missing']],
  ];
  for (const [what, value, fields] of together) {
    test(`with all faults ${what} told together`, () => {
      const result = parse(value);
      const fault = result.ok ? '' : result.fault;
      for (const field of ['tenant: ', 'clientId: ', ...fields]) assert.ok(fault.includes(field), fault);
    });
  }
});
