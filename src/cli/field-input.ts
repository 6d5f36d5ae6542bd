import { isGuid, parseTenant } from '../accounts/entra-ids.ts';
import type { RegistrationFields } from '../accounts/registration.ts';
import { isJsonObject } from '../json.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { FieldOptions } from './field-options.ts';
import { askText, readJson } from './input.ts';
import { usageError } from './result.ts';
import type { Terminal } from './terminal.ts';

/** The registration that a file holds; no field without a file. @throws CommandError */
export async function fieldsOfFile(
  terminal: Terminal,
  path: string | undefined,
): Promise<RegistrationFields> {
  if (path === undefined) return {};
  const json = await readJson(terminal, path);
  if (isJsonObject(json)) return json;
  throw usageError(`${path} holds no registration.`, 'It must be a JSON object; nothing was written.');
}

/** How the client proves itself: what the options say, and of what was there as much as goes with the method. */
function authenticationOf(
  { method, secretName, algorithm }: FieldOptions,
  before: RegistrationFields,
): RegistrationFields | undefined {
  if (method === undefined && secretName === undefined && algorithm === undefined) return undefined;
  const present = isJsonObject(before['clientAuthentication']) ? before['clientAuthentication'] : {};
  const keeps = method === undefined || method === present['method'];
  const preset = { method: method ?? 'client_secret' };
  return { ...preset, ...(keeps ? present : {}), ...omitUndefined({ secretName, algorithm }) };
}

function userOf(
  { userTenant, userObjectId }: FieldOptions,
  before: RegistrationFields,
): RegistrationFields | undefined {
  if (userTenant === undefined && userObjectId === undefined) return undefined;
  const present = isJsonObject(before['user']) ? before['user'] : {};
  return { ...present, ...omitUndefined({ tenantId: userTenant, objectId: userObjectId }) };
}

const audienceFields = ['scopes', 'resource', 'tokens'];

/** `name=scope,scope` and `name=resource:identifier` as the field `tokens`. @throws CommandError */
function tokensOf(texts: readonly string[] | undefined): RegistrationFields | undefined {
  if (texts === undefined) return undefined;
  const entries = texts.map((text) => {
    const [, name, resource, scopes] = /^([^=]+)=(?:resource:(.+)|(.+))$/.exec(text) ?? [];
    if (name !== undefined && resource !== undefined) return [name, { resource }] as const;
    if (name !== undefined && scopes !== undefined) return [name, { scopes: scopes.split(',') }] as const;
    throw usageError(
      `--token "${text}" cannot be read.`,
      'Write name=scope,scope or name=resource:identifier.',
    );
  });
  return Object.fromEntries(entries);
}

/** What the options say, over what was there before. */
export function fieldsOf(options: FieldOptions, before: RegistrationFields): RegistrationFields {
  const { tenant, clientId, scope: scopes, resource, authority, loginHint } = options;
  const { owner, minimumValidityMinutes, description } = options;
  const audience = omitUndefined({ scopes, resource, tokens: tokensOf(options.token) });
  // What the token is for is one choice: a new one takes the place of the old.
  const replaced = Object.keys(audience).length === 0 ? [] : audienceFields;
  const kept = Object.entries(before).filter(([field]) => !replaced.includes(field));
  const clientAuthentication = authenticationOf(options, before);
  const user = userOf(options, before);
  const given = { tenant, clientId, clientAuthentication, ...audience, authority, loginHint, user, owner };
  return {
    ...Object.fromEntries(kept),
    ...omitUndefined({ ...given, minimumValidityMinutes, description }),
  };
}

/** Asks for the fields that are missing and cannot be guessed. */
export async function askMissing(
  terminal: Terminal,
  fields: RegistrationFields,
): Promise<RegistrationFields> {
  const notEmpty = (answer: string): string | undefined => (answer === '' ? 'This is needed.' : undefined);
  const ask = (present: unknown, message: string, fault = notEmpty) =>
    present ?? askText(terminal, message, fault);
  const tenantFault = (text: string) => (parseTenant(text) ? undefined : 'This is no tenant.');
  const tenantText = 'Tenant (id, domain name, common, organizations or consumers)';
  const tenant = await ask(fields['tenant'], tenantText, tenantFault);
  const guidFault = (text: string) => (isGuid(text) ? undefined : 'This is no GUID.');
  const clientId = await ask(fields['clientId'], 'Application (client) id', guidFault);
  const present = fields['clientAuthentication'];
  const secretName = await ask(present, 'Name of the secret that holds its client secret');
  const clientAuthentication = present ?? { method: 'client_secret', secretName };
  const scopes = audienceFields.some((field) => field in fields)
    ? undefined
    : await askText(terminal, 'Scopes, with blanks between', notEmpty);
  const isNamed = 'loginHint' in fields || 'user' in fields;
  const loginHint = isNamed ? undefined : await askText(terminal, 'User name of whoever consents', notEmpty);
  const asked = omitUndefined({ scopes: scopes?.split(/\s+/), loginHint });
  return { ...fields, tenant, clientId, clientAuthentication, ...asked };
}
