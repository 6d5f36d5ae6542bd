import { Sensitive } from '../sensitive.ts';
import { withoutByteOrderMark } from '../text.ts';
import { parseRegistration, type Registration } from './registration.ts';

/** The fields of a registration as JSON has them. */
export type RegistrationFields = Readonly<Record<string, unknown>>;

export type RegistrationFieldsResult =
  | { readonly ok: true; readonly registration: Registration; readonly fields: RegistrationFields }
  | { readonly ok: false; readonly fault: string };

/** In the order in which people read them; others follow. */
const order = ['tenant', 'clientId', 'clientAuthentication', 'tokens', 'scopes', 'resource', 'authority'];

function inOrder(fields: RegistrationFields): RegistrationFields {
  const first = order.filter((name) => name in fields);
  const others = Object.keys(fields).filter((name) => !order.includes(name));
  return Object.fromEntries([...first, ...others].map((name) => [name, fields[name]]));
}

/**
 * The fields of a registration for people to see and change. Those of a faulty one are not given: a secret may have
 * been pasted into one of them.
 */
export function readRegistrationFields(value: Sensitive): RegistrationFieldsResult {
  const parsed = parseRegistration(value);
  if (!parsed.ok) return parsed;
  const fields = JSON.parse(withoutByteOrderMark(value.reveal())) as RegistrationFields;
  return { ok: true, registration: parsed.registration, fields: inOrder(fields) };
}

/** Checks fields that somebody wants to register, as a sweep will check them. */
export function checkRegistrationFields(fields: RegistrationFields): RegistrationFieldsResult {
  return readRegistrationFields(new Sensitive(JSON.stringify(fields)));
}
