import type * as z from 'zod';
import { type JsonObject, parseJson, parseJsonObject } from '../json.ts';
import { Sensitive } from '../sensitive.ts';
import { withoutByteOrderMark } from '../text.ts';
import { type Audience, isTokenName } from './access-token-secret.ts';
import type { RegisteredClientAuthentication } from './client-authentication.ts';
import { isGuid, type Tenant, type User } from './entra-ids.ts';
import { apiScopes, type RegistrationInput, registrationSchema } from './registration-schema.ts';

/** One of the access tokens of an account; without a name when it is the only one. */
export interface RegisteredToken {
  readonly name?: string;
  readonly audience: Audience;
}

/** What an operator registered for one account. */
export interface Registration {
  readonly tenant: Tenant;
  readonly clientId: string;
  readonly clientAuthentication: RegisteredClientAuthentication;
  /** What access tokens are wanted for, in the order of the registration: one refresh token brings them all. */
  readonly tokens: readonly [RegisteredToken, ...RegisteredToken[]];
  /** Origin of the token service; the public cloud when absent. Checked against the allow-list before use. */
  readonly authority?: string;
  readonly loginHint?: string;
  /** The only user whose tokens may be stored. */
  readonly user?: User;
  readonly owner?: string;
  readonly minimumValidityMinutes?: number;
  readonly description?: string;
}

interface ParsedAudience {
  readonly scopes?: readonly string[];
  readonly resource?: string;
}

function toAudience({ scopes = [], resource }: ParsedAudience): Audience {
  return resource === undefined ? { endpoint: 'v2', scopes } : { endpoint: 'v1', resource };
}

function toRegistration({ scopes, resource, tokens, ...rest }: RegistrationInput): Registration {
  const [first, ...others] = Object.entries<ParsedAudience>(tokens ?? {}).map(([name, audience]) => ({
    name,
    audience: toAudience(audience),
  }));
  if (first !== undefined) return { ...rest, tokens: [first, ...others] };
  const audience = resource === undefined ? toAudience({ scopes: scopes ?? [] }) : toAudience({ resource });
  return { ...rest, tokens: [{ audience }] };
}

/** A misspelt field is quoted; what does not look like a field's name may be a secret. */
function quoteKey(key: string): string {
  return /^[a-z]{1,32}$/i.test(key) ? `"${key}"` : 'a field with an unusual name';
}

/** Below `tokens` stand names of the operator's. */
function quoteSegment(segment: PropertyKey, index: number, path: readonly PropertyKey[]): string {
  const name = String(segment);
  return path[index - 1] !== 'tokens' || isTokenName(name) ? name : '(unusual name)';
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(quoteSegment).join('.');
  if (issue.code === 'unrecognized_keys') {
    const where = path === '' ? '' : ` in ${path}`;
    return `${issue.keys.map(quoteKey).join(', ')}${where}: not a known field`;
  }
  if (path === '') return 'must be a JSON object';
  return `${path}: ${issue.message}`;
}

type RegistrationResult =
  | { readonly ok: true; readonly registration: Registration }
  | { readonly ok: false; readonly fault: string };

/**
 * Reads a registration. All faults are told together, each with its field; no value is ever quoted, because
 * a secret pasted into the wrong field would travel into telemetry.
 */
export function parseRegistration(value: Sensitive): RegistrationResult {
  const json = parseJson(withoutByteOrderMark(value.reveal()));
  if (json === undefined) return { ok: false, fault: 'the value is not JSON' };
  const result = registrationSchema.safeParse(json);
  if (result.success) return { ok: true, registration: toRegistration(result.data) };
  return { ok: false, fault: result.error.issues.map(describeIssue).join('; ') };
}

/** The fields of a registration as JSON has them. */
export type RegistrationFields = JsonObject;

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
  const fields = parseJsonObject(withoutByteOrderMark(value.reveal())) ?? {};
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
