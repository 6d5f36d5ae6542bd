import { Sensitive } from '../sensitive.ts';
import { withoutByteOrderMark } from '../text.ts';
import { isGuid } from './guid.ts';
import { parseRegistration, type Registration } from './registration.ts';
import { apiScopes } from './registration-schemas.ts';

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

const graph = 'https://graph.microsoft.com';
const graphAppId = '00000003-0000-0000-c000-000000000000';
/** Whose scopes, written without the API, Entra also takes for this API. */
const sharesNamesWithGraph = /^https:\/\/outlook\.office(365)?\.com$/;

/** The API that a scope belongs to; a bare name is Microsoft Graph's (Entra: scopes and permissions). */
function apiOf(scope: string): string {
  const slash = scope.lastIndexOf('/');
  if (slash < 0) return graph;
  const api = scope.slice(0, slash).toLowerCase().replace(/\/+$/, '');
  const id = api.replace(/^api:\/\//, '');
  if (!isGuid(id)) return api;
  return id === graphAppId ? graph : id;
}

/**
 * Whether scopes surely belong to different APIs: Entra's token endpoint refuses them with AADSTS28000 (msal-js issue
 * 1487). An API may be named by its id or its URI, so one of each says nothing.
 */
function mixesApis(scopes: readonly string[]): boolean {
  const apis = new Set(scopes.map(apiOf));
  if ([...apis].some((api) => sharesNamesWithGraph.test(api)) && scopes.some((scope) => !scope.includes('/')))
    apis.delete(graph);
  const ids = [...apis].filter(isGuid).length;
  return ids > 1 || apis.size - ids > 1;
}

/**
 * Checks fields that somebody wants to register, as a sweep will check them; and, more strictly than a sweep, that no
 * access token is asked for several APIs: two names may stand for one API, which only Entra knows of an account that
 * works already.
 */
export function checkRegistrationFields(fields: RegistrationFields): RegistrationFieldsResult {
  const read = readRegistrationFields(new Sensitive(JSON.stringify(fields)));
  if (!read.ok) return read;
  const mixed = read.registration.tokens.find(
    ({ audience }) => audience.endpoint === 'v2' && mixesApis(apiScopes(audience.scopes)),
  );
  if (mixed === undefined) return read;
  const field = mixed.name === undefined ? 'scopes' : `tokens.${mixed.name}.scopes`;
  const fault =
    'names scopes of several APIs, which Entra refuses in one access token: give each API an entry under tokens';
  return { ok: false, fault: `${field}: ${fault}` };
}
