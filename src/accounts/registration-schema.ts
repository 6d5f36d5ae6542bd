import * as z from 'zod';
import { parseOrigin } from '../http/origin.ts';
import { isPlainLine, withoutControls } from '../text.ts';
import { isTokenName } from './access-token-secret.ts';
import { authenticationMethods } from './client-authentication.ts';
import { isGuid, isPersonalTenant, parseTenant } from './entra-ids.ts';
import { secretNameFault } from './secret.ts';

/** OpenID Connect's own scopes, of no API. */
export const openIdScopes: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access']);
/** The ids that the old Live portal gave to clients for personal accounts. */
const personalClientId = /^[0-9a-f]{16}$/i;

// A value may be a secret pasted into the wrong field: messages name the field, never quote the value.
const guidText = z
  .string('must be text')
  .refine(isGuid, 'must be a GUID like 6731de76-14a6-49ae-97bc-6eba6914391e')
  .toLowerCase();
const shortText = z
  .string('must be text')
  .min(1, 'must not be empty')
  .max(256, 'must have at most 256 characters')
  .refine(isPlainLine, 'must have no line end, tab or other control character');
/** May have several lines. */
const longText = z
  .string('must be text')
  .max(2000, 'must have at most 2000 characters')
  .refine((text) => withoutControls(text) === text, 'must have no control character');
const scopeText = z
  .string('must be text')
  .regex(
    /^[\x21\x23-\x5b\x5d-\x7e]{1,1024}$/,
    'must be one scope without blanks or quotes (RFC 6749 section 3.3)',
  )
  // Allowed by the RFC, but no scope of Entra has one: it is a list in one text.
  .refine(
    (scope) => !scope.includes(','),
    'must be one scope without commas: make each an element of the list',
  );

/** The scopes beside those that only ask for an id token or a refresh token. */
export function apiScopes(scopes: readonly string[]): readonly string[] {
  return scopes.filter((scope) => !openIdScopes.has(scope));
}

/** Stands for everything that the client is registered for. */
export function isDefaultScope(scope: string): boolean {
  return scope.endsWith('/.default');
}

function mixesDefault(scopes: readonly string[]): boolean {
  return scopes.length > 1 && scopes.some(isDefaultScope);
}

/** Text that a parser understands, as the parser gives it. */
function parsedText<T extends string>(parse: (text: string) => T | undefined, message: string) {
  return z.string('must be text').transform((text, context) => {
    const parsed = parse(text);
    if (parsed === undefined) context.addIssue({ code: 'custom', message });
    return parsed ?? z.NEVER;
  });
}

const credentialSecretName = z
  .string('must be text')
  .refine(
    (text) => secretNameFault(text) === undefined,
    'must be the name of the secret in the credentials vault (1 to 127 of 0-9 a-z A-Z -), not the client secret itself',
  );

const clientAuthentication = z.discriminatedUnion(
  'method',
  [
    z.strictObject({ method: z.literal('client_secret'), secretName: credentialSecretName }),
    z.strictObject({
      method: z.literal('certificate'),
      secretName: credentialSecretName,
      algorithm: z.enum(['PS256', 'RS256'], 'must be "PS256" or "RS256"').exactOptional(),
    }),
    z.strictObject({ method: z.literal('managed_identity') }),
    z.strictObject({ method: z.literal('none') }),
  ],
  {
    error: ({ code }) =>
      code === 'invalid_union'
        ? `must be one of ${authenticationMethods.map((method) => `"${method}"`).join(', ')}`
        : 'must be an object with method and secretName',
  },
);

const scopesField = z
  .array(scopeText, 'must be a list of scopes')
  .max(50, 'must name at most 50 scopes')
  .refine(
    (scopes) => apiScopes(scopes).length > 0,
    'must name a scope of an API, like https://graph.microsoft.com/User.Read',
  )
  .refine(
    (scopes) => !mixesDefault(apiScopes(scopes)),
    'mixes .default with single scopes, which Entra refuses',
  );

const resourceField = z
  .string('must be text')
  .max(1024, 'must have at most 1024 characters')
  .regex(/^[\x21-\x7e]+$/, 'must be one resource identifier without blanks');

/** A refresh token of many access tokens is redeemed many times: a sweep has to get through. */
const maximumTokens = 10;

const tokensField = z
  .record(
    z.string(),
    z
      .strictObject(
        { scopes: scopesField.exactOptional(), resource: resourceField.exactOptional() },
        'must be an object with scopes or resource',
      )
      .refine(
        ({ scopes, resource }) => (scopes === undefined) !== (resource === undefined),
        'must have either scopes or resource',
      ),
    'must be an object that names each access token',
  )
  .refine((tokens) => Object.keys(tokens).length > 0, 'must name an access token')
  .refine(
    (tokens) => Object.keys(tokens).length <= maximumTokens,
    `must name at most ${maximumTokens} access tokens`,
  )
  .refine(
    (tokens) => Object.keys(tokens).every(isTokenName),
    'has a name that is not 1 to 32 of a-z, 0-9 and - with a letter or digit at both ends',
  )
  .refine((tokens) => {
    const endpoints = Object.values(tokens).map(({ resource }) => resource === undefined);
    return new Set(endpoints).size <= 1;
  }, 'has scopes and resources side by side: one consent goes to one endpoint, v2 or v1, so register two accounts')
  .refine((tokens) => {
    const all = Object.values(tokens).map(({ scopes = [] }) => apiScopes(scopes).some(isDefaultScope));
    return new Set(all).size <= 1;
  }, 'mixes .default with single scopes, which Entra refuses at the consent');

/** Longest minimum validity: more than the shortest policy lifetime of a day can never be kept. */
export const maximumValidityMinutes = 24 * 60;

/** A registration as an operator writes it. Messages name fields and quote no value. */
export const registrationSchema = z
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

/** A registration whose fields are right. */
export type RegistrationInput = z.infer<typeof registrationSchema>;

function relationFault(value: Partial<RegistrationInput>): { path: string[]; message: string } | undefined {
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
