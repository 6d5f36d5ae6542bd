import assert from 'node:assert/strict';
import { parseRegistration } from '../../src/accounts/registration.ts';
import { Sensitive } from '../../src/sensitive.ts';

export const clientId = '6731de76-14a6-49ae-97bc-6eba6914391e';
export const tenantId = '72f988bf-86f1-41af-91ab-2d7cd011db47';
export const objectId = 'c51d4b1e-3b5f-4a9c-9f0e-0a1b2c3d4e5f';

/** A good registration with nothing optional in it, as an operator writes it. */
export const leastRegistration = {
  tenant: 'contoso.com',
  clientId,
  clientAuthentication: { method: 'client_secret', secretName: 'contoso-client-secret' },
  scopes: ['https://ads.microsoft.com/msads.manage', 'offline_access'],
};

/** Parses what an operator stored; text is taken as it is, all else as JSON. */
export function parse(value: unknown) {
  return parseRegistration(new Sensitive(typeof value === 'string' ? value : JSON.stringify(value)));
}

/** The least registration with some fields changed; undefined takes a field out. */
export const changed = (fields: object): object => ({ ...leastRegistration, ...fields });

/** The least registration with these fields is read as the least, with what is expected of them. */
export function assertRead(fields: object, expected: object): void {
  const { scopes, ...least } = leastRegistration;
  const registration = { ...least, tokens: [{ audience: { endpoint: 'v2', scopes } }], ...expected };
  assert.deepEqual(parse(changed(fields)), { ok: true, registration });
}

export function assertRefused(fields: object, fault: RegExp): void {
  const result = parse(changed(fields));
  assert.match(result.ok ? 'read' : result.fault, fault);
}
