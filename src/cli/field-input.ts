import { isGuid, parseTenant } from '../accounts/entra-ids.ts';
import type { RegistrationFields } from '../accounts/registration.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { isObject, readJson } from './input-file.ts';
import { askText } from './prompts.ts';
import { usageError } from './result.ts';
import type { Terminal } from './terminal.ts';

/** The fields of a registration as options; each replaces what the registration had. */
export interface FieldOptions {
  readonly file?: string | undefined;
  readonly tenant?: string | undefined;
  readonly clientId?: string | undefined;
  readonly method?: string | undefined;
  readonly algorithm?: string | undefined;
  readonly secretName?: string | undefined;
  readonly scope?: readonly string[] | undefined;
  readonly resource?: string | undefined;
  readonly token?: readonly string[] | undefined;
  readonly authority?: string | undefined;
  readonly loginHint?: string | undefined;
  readonly userTenant?: string | undefined;
  readonly userObjectId?: string | undefined;
  readonly owner?: string | undefined;
  readonly minimumValidityMinutes?: number | undefined;
  readonly description?: string | undefined;
}

/** The registration that a file holds; no field without a file. @throws CommandError */
export async function fieldsOfFile(
  terminal: Terminal,
  path: string | undefined,
): Promise<RegistrationFields> {
  if (path === undefined) return {};
  const json = await readJson(terminal, path);
  if (isObject(json)) return json;
  throw usageError(`${path} holds no registration.`, 'It must be a JSON object; nothing was written.');
}

/** How the client proves itself: what the options say, and of what was there as much as goes with the method. */
function authenticationOf(
  { method, secretName, algorithm }: FieldOptions,
  before: RegistrationFields,
): RegistrationFields | undefined {
  if (method === undefined && secretName === undefined && algorithm === undefined) return undefined;
  const present = isObject(before['clientAuthentication']) ? before['clientAuthentication'] : {};
  const keeps = method === undefined || method === present['method'];
  const preset = { method: method ?? 'client_secret' };
  return { ...preset, ...(keeps ? present : {}), ...omitUndefined({ secretName, algorithm }) };
}

function userOf(
  { userTenant, userObjectId }: FieldOptions,
  before: RegistrationFields,
): RegistrationFields | undefined {
  if (userTenant === undefined && userObjectId === undefined) return undefined;
  const present = isObject(before['user']) ? before['user'] : {};
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
  const { tenant, clientId, scope: scopes, resource, authority } = options;
  const tokens = tokensOf(options.token);
  const { loginHint, owner, minimumValidityMinutes, description } = options;
  // What the token is for is one choice: a new one takes the place of the old.
  const replaced =
    scopes === undefined && resource === undefined && tokens === undefined ? [] : audienceFields;
  const kept = Object.entries(before).filter(([field]) => !replaced.includes(field));
  return {
    ...Object.fromEntries(kept),
    ...omitUndefined({
      tenant,
      clientId,
      clientAuthentication: authenticationOf(options, before),
      scopes,
      resource,
      tokens,
      authority,
      loginHint,
      user: userOf(options, before),
      owner,
      minimumValidityMinutes,
      description,
    }),
  };
}

/** Asks for the fields that are missing and cannot be guessed. */
export async function askMissing(
  terminal: Terminal,
  fields: RegistrationFields,
): Promise<RegistrationFields> {
  const ask = (field: string, message: string, fault: (answer: string) => string | undefined) =>
    field in fields ? fields[field] : askText(terminal, message, fault);
  const notEmpty = (answer: string) => (answer === '' ? 'This is needed.' : undefined);
  const tenant = await ask(
    'tenant',
    'Tenant (id, domain name, common, organizations or consumers)',
    (text) => (parseTenant(text) === undefined ? 'This is no tenant.' : undefined),
  );
  const clientId = await ask('clientId', 'Application (client) id', (text) =>
    isGuid(text) ? undefined : 'This is no GUID.',
  );
  const authentication =
    fields['clientAuthentication'] ??
    ({
      method: 'client_secret',
      secretName: await askText(terminal, 'Name of the secret that holds its client secret', notEmpty),
    } as const);
  const hasAudience = audienceFields.some((field) => field in fields);
  const scopes = hasAudience ? undefined : await askText(terminal, 'Scopes, with blanks between', notEmpty);
  const loginHint =
    'loginHint' in fields || 'user' in fields
      ? undefined
      : await askText(terminal, 'User name of whoever consents', notEmpty);
  const asked = omitUndefined({ scopes: scopes?.split(/\s+/), loginHint });
  return { ...fields, tenant, clientId, clientAuthentication: authentication, ...asked };
}
