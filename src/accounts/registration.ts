import * as z from 'zod';
import { parseOrigin } from '../http/origin.ts';
import { type JsonObject, parseJson, parseJsonObject } from '../json.ts';
import { Sensitive } from '../sensitive.ts';
import { withoutByteOrderMark } from '../text.ts';
import type { RegisteredClientAuthentication } from './client-authentication.ts';
import { isGuid, isPersonalTenant, parseTenant, type Tenant, type User } from './entra-ids.ts';
import {
  apiScopes,
  clientAuthentication,
  guidText,
  isTokenName,
  longText,
  parsedText,
  personalClientId,
  resourceField,
  scopesField,
  shortText,
  tokensField,
} from './registration-schemas.ts';

/** The v2 endpoint takes scopes, the v1 endpoint a resource. */
export type Audience =
  | { readonly endpoint: 'v2'; readonly scopes: readonly string[] }
  | { readonly endpoint: 'v1'; readonly resource: string };

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

/** Longest minimum validity: more than the shortest policy lifetime of a day can never be kept. */
export const maximumValidityMinutes = 24 * 60;

const schema = z
  .strictObject({
    tenant: parsedText(
      parseTenant,
      'must be a tenant id (GUID), a domain name, or one of common, organizations, consumers',
    ),
    clientId: z
      .string('must be text: the application (client) id')
      .refine(
        (text) => isGuid(text) || personalClientId.test(text),
        'must be the application (client) id, a GUID',
      )
      .toLowerCase(),
    clientAuthentication,
    scopes: scopesField.exactOptional(),
    resource: resourceField.exactOptional(),
    tokens: tokensField.exactOptional(),
    authority: parsedText(
      parseOrigin,
      'must be an origin only, without path, query or user, like https://login.microsoftonline.com',
    ).exactOptional(),
    loginHint: shortText.exactOptional(),
    user: z
      .strictObject(
        { tenantId: guidText, objectId: guidText },
        'must be an object with tenantId and objectId',
      )
      .exactOptional(),
    owner: shortText.exactOptional(),
    minimumValidityMinutes: z
      .int('must be a whole number of minutes')
      .min(1, 'must be at least 1')
      .max(maximumValidityMinutes, `must be at most ${maximumValidityMinutes}`)
      .exactOptional(),
    description: longText.exactOptional(),
  })
  .superRefine(
    (value, context) => {
      const fault = relationFault(value);
      if (fault !== undefined) context.addIssue({ code: 'custom', ...fault });
    },
    // Told beside the faults of single fields, not only once those are mended.
    { when: ({ value }) => typeof value === 'object' && value !== null && !Array.isArray(value) },
  );

type Parsed = z.infer<typeof schema>;

function relationFault(value: Partial<Parsed>): { path: string[]; message: string } | undefined {
  const { scopes, resource, tokens, tenant } = value;
  if (tokens !== undefined && (scopes ?? resource) !== undefined) {
    const message = 'stands beside scopes or resource: what the account is to get stands in one of them';
    return { path: ['tokens'], message };
  }
  if (scopes !== undefined && resource !== undefined) {
    const message =
      'stands beside resource: give scopes for the v2 endpoint or resource for the v1 endpoint, not both';
    return { path: ['scopes'], message };
  }
  if (scopes === undefined && resource === undefined && tokens === undefined) {
    return { path: ['scopes'], message: 'is missing: give scopes (v2 endpoint) or resource (v1 endpoint)' };
  }
  const usesV1 =
    resource !== undefined || Object.values(tokens ?? {}).some((token) => token?.resource !== undefined);
  if (usesV1 && tenant !== undefined && isPersonalTenant(tenant)) {
    const message = 'cannot be used with personal accounts: they need the v2 endpoint, so give scopes';
    return { path: [tokens === undefined ? 'resource' : 'tokens'], message };
  }
  return undefined;
}

interface ParsedAudience {
  readonly scopes?: readonly string[];
  readonly resource?: string;
}

function toAudience({ scopes = [], resource }: ParsedAudience): Audience {
  return resource === undefined ? { endpoint: 'v2', scopes } : { endpoint: 'v1', resource };
}

function toRegistration({ scopes, resource, tokens, ...rest }: Parsed): Registration {
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
  const result = schema.safeParse(json);
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
