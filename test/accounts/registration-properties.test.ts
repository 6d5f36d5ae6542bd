import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { leastRegistration, parse, tenantId } from './registration-samples.ts';

const fields = [
  ...['tenant', 'clientId', 'clientAuthentication', 'scopes', 'resource', 'authority', 'loginHint', 'user'],
  ...['owner', 'minimumValidityMinutes', 'description'],
];

/** A fault is one or more "field: what is wrong", and a field is one that the reader can find. */
const fault = new RegExp(
  `^((${fields.join('|')})(\\.\\w+)?: [^;]+|("[a-zA-Z]+"|a field with an unusual name)(, [^:]+)*: not a known field` +
    '|must be a JSON object|the value is not JSON|' +
    '("[a-zA-Z]+"|a field with an unusual name)(, [^:]+)* in (clientAuthentication|user): not a known field)$',
);

function assertReadOrFault(text: string): void {
  const result = parse(text);
  if (result.ok) return;
  for (const part of result.fault.split('; ')) assert.match(part, fault);
}

describe('whatever is stored as a registration', () => {
  test('is read or refused with the fields named, as any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), assertReadOrFault), { numRuns: 300 });
  });

  test('is read or refused with the fields named, as any JSON', () => {
    fc.assert(fc.property(fc.json(), assertReadOrFault), { numRuns: 300 });
  });

  test('is read or refused with the fields named, with any values in the right fields', () => {
    const almost = fc.record(
      Object.fromEntries(fields.map((field) => [field, fc.jsonValue({ maxDepth: 2 })])),
      { noNullPrototype: true, requiredKeys: [] },
    );
    fc.assert(
      fc.property(almost, (value) => assertReadOrFault(JSON.stringify(value))),
      { numRuns: 500 },
    );
  });

  test('is read or refused with the fields named, with one field of a good one changed', () => {
    const change = fc.tuple(fc.constantFrom(...fields), fc.jsonValue({ maxDepth: 1 }));
    fc.assert(
      fc.property(change, ([field, value]) =>
        assertReadOrFault(JSON.stringify({ ...leastRegistration, [field]: value })),
      ),
      { numRuns: 500 },
    );
  });
});

describe('a value that may be a secret is never quoted', () => {
  // The alphabet of client secrets and tokens, with characters that no field takes.
  const canaries = fc.stringMatching(/^[A-Za-z0-9_.~-]{8,30}~§[A-Za-z0-9_.~-]{8,30}$/);
  const places: Readonly<Record<string, (canary: string) => object>> = {
    tenant: (canary) => ({ tenant: canary }),
    clientId: (canary) => ({ clientId: canary }),
    'clientAuthentication.method': (canary) => ({
      clientAuthentication: { method: canary, secretName: 'a' },
    }),
    'clientAuthentication.secretName': (canary) => ({
      clientAuthentication: { method: 'client_secret', secretName: canary },
    }),
    clientAuthentication: (canary) => ({ clientAuthentication: canary }),
    'scopes.0': (canary) => ({ scopes: [canary] }),
    scopes: (canary) => ({ scopes: canary }),
    resource: (canary) => ({ scopes: undefined, resource: canary }),
    authority: (canary) => ({ authority: canary }),
    'user.tenantId': (canary) => ({ user: { tenantId: canary, objectId: tenantId } }),
    'user.objectId': (canary) => ({ user: { tenantId, objectId: canary } }),
    minimumValidityMinutes: (canary) => ({ minimumValidityMinutes: canary }),
    loginHint: (canary) => ({ loginHint: canary.repeat(20) }),
    owner: (canary) => ({ owner: [canary] }),
    description: (canary) => ({ description: canary.repeat(200) }),
    'a field with an unusual name': (canary) => ({ [canary]: canary }),
  };
  for (const [place, put] of Object.entries(places)) {
    test(`in ${place}`, () => {
      fc.assert(
        fc.property(canaries, (canary) => {
          const result = parse({ ...leastRegistration, ...put(canary) });
          assert.ok(!result.ok && result.fault.startsWith(`${place}: `), JSON.stringify(result));
          assert.ok(!result.fault.includes(canary.slice(0, 8)));
        }),
        { numRuns: 30 },
      );
    });
  }

  test('nor when it makes the value no JSON', () => {
    fc.assert(
      fc.property(canaries, (canary) => {
        assert.deepEqual(parse(canary), { ok: false, fault: 'the value is not JSON' });
      }),
    );
  });
});
