import * as z from 'zod';
import { parseOrigin } from '../http/origin.ts';
import { parseJson } from '../json.ts';
import type { Sensitive } from '../sensitive.ts';
import { withoutByteOrderMark } from '../text.ts';
import { isGuid } from './guid.ts';
import {
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
import { isPersonalTenant, parseTenant, type Tenant } from './tenant.ts';
import type { User } from './user.ts';

/** Signature algorithms of client assertions (RFC 7518 sections 3.3 and 3.5). */
export type AssertionAlgorithm = 'PS256' | 'RS256';

/** How the client proves who it is. */
export type RegisteredClientAuthentication =
  | {
      readonly method: 'client_secret';
      /** The secret in the credentials vault that holds the client secret. */
      readonly secretName: string;
    }
  | {
      readonly method: 'certificate';
      /** The secret in the credentials vault that holds private key and certificate in PEM. */
      readonly secretName: string;
      /** Default: `PS256`. */
      readonly algorithm?: AssertionAlgorithm;
    }
  /** The app's user-assigned managed identity, by a federated identity credential of the client. */
  | { readonly method: 'managed_identity' }
  /** Not at all: a public client (RFC 6749 section 2.1). */
  | { readonly method: 'none' };

/** The secret in the credentials vault that a client proves itself with; undefined when it needs none. */
export function credentialSecretOf(authentication: RegisteredClientAuthentication): string | undefined {
  return 'secretName' in authentication ? authentication.secretName : undefined;
}

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
