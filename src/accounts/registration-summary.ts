import { createHash } from 'node:crypto';
import * as z from 'zod';
import { parseJson } from '../json.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { isTokenName } from './access-token-secret.ts';
import {
  type AuthenticationMethod,
  authenticationMethods,
  credentialSecretOf,
  secretlessMethods,
} from './client-authentication.ts';
import { grantIdOf, type RefreshTokenTags } from './refresh-token-secret.ts';
import type { Registration } from './registration.ts';
import { maximumValidityMinutes } from './registration-schema.ts';
import { definedTags, maximumTagCharacters, type Tags } from './secret.ts';

/** What a listing tells about a registration without its value being read. */
export interface RegistrationSummary {
  readonly clientId: string;
  readonly tenant: string;
  readonly method: AuthenticationMethod;
  /** Absent for a client that needs none. */
  readonly credentialSecret?: string;
  readonly owner?: string;
  readonly minimumValidityMinutes?: number;
  /** The names of the access tokens; absent for an account with the one that has none. */
  readonly tokens?: readonly string[];
  /** Of the login hint, by {@link loginHintHash}; absent without one. */
  readonly loginHintHash?: string;
}

/** One JSON text, mostly short enough for the first; a tag holds 512 characters, a secret 15 tags. */
const noteNames = ['', '-2', '-3', '-4', '-5'].map((part) => `refresher-summary${part}`);

/** In which the summary stood before it was one JSON text; read until the next write. */
const oldNames = {
  client: 'refresher-client',
  tenant: 'refresher-tenant',
  method: 'refresher-authentication',
  credential: 'refresher-credential',
  owner: 'refresher-owner',
  minimum: 'refresher-minimum-validity-minutes',
  tokens: 'refresher-tokens',
} as const;

/** The tags that hold it. */
export const summaryTagNames: readonly string[] = [...noteNames, ...Object.values(oldNames)];

const summarySchema = z.object({
  client: z.string(),
  tenant: z.string(),
  /** Without one it is a client secret: so were all before there was a choice. */
  method: z.enum(authenticationMethods).catch('client_secret'),
  credential: z.string().optional(),
  owner: z.string().optional(),
  minimum: z.int().min(1).max(maximumValidityMinutes).optional().catch(undefined),
  // Without the names nothing is known of the tokens: the registration has to be read again.
  tokens: z.array(z.string().refine(isTokenName)).min(1).optional(),
  hint: z.string().optional(),
});

const grantSchema = z.object({ grant: z.string().optional(), ended: z.string().optional() });

/** A login hint as a tag may hold it: whoever lists secrets reads their tags, so not the name itself. 22 characters. */
export function loginHintHash(accountId: string, loginHint: string): string {
  const text = JSON.stringify(['login-hint', accountId, loginHint.toLowerCase()]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/** The summary that goes into the tags of an account's registration. */
export function summarize(id: string, registration: Registration): RegistrationSummary {
  const { clientId, tenant, clientAuthentication, owner, minimumValidityMinutes, loginHint } = registration;
  const tokens = registration.tokens.flatMap(({ name }) => (name === undefined ? [] : [name]));
  return {
    clientId,
    tenant,
    method: clientAuthentication.method,
    ...omitUndefined({
      credentialSecret: credentialSecretOf(clientAuthentication),
      owner,
      minimumValidityMinutes,
      tokens: tokens.length === 0 ? undefined : tokens,
      loginHintHash: loginHint && loginHintHash(id, loginHint),
    }),
  };
}

function readNote(tags: Tags): unknown {
  if (tags[noteNames[0] ?? ''] !== undefined)
    return parseJson(noteNames.map((name) => tags[name] ?? '').join(''));
  const old = Object.entries(oldNames).map(([member, name]) => [member, tags[name]] as const);
  const { minimum, tokens, ...rest } = Object.fromEntries<string | undefined>(old);
  return { ...rest, minimum: minimum && Number(minimum), tokens: tokens?.split(' ') };
}

/** In ASCII, so that no character is cut in two. */
function noteTags(note: object): Readonly<Record<string, string | undefined>> {
  const text = JSON.stringify(note).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  if (text === '{}') return {};
  const parts = noteNames.map((name, index) => {
    const part = text.slice(index * maximumTagCharacters, (index + 1) * maximumTagCharacters);
    return [name, part === '' ? undefined : part];
  });
  return Object.fromEntries(parts);
}

/** Reads the summary back; undefined when the registration was never read since it was last written. */
export function readSummary(tags: Tags): RegistrationSummary | undefined {
  const { data } = summarySchema.safeParse(readNote(tags));
  if (data === undefined) return undefined;
  const { client: clientId, tenant, method, credential, owner, minimum, tokens, hint } = data;
  const isSecretless = secretlessMethods.some((known) => known === method);
  if (credential === undefined && !isSecretless) return undefined;
  const known = { credentialSecret: credential, owner, minimumValidityMinutes: minimum, tokens };
  return { clientId, tenant, method, ...omitUndefined({ ...known, loginHintHash: hint }) };
}

/**
 * The grant of the last consent, or of a refresh token that was stored by hand since. It stays here when the refresh
 * token is disabled or deleted, so that a consent link that was used stays used.
 */
export function lastGrantId(tags: Tags): string | undefined {
  return grantSchema.safeParse(readNote(tags)).data?.grant;
}

function endedGrantId(tags: Tags): string | undefined {
  return grantSchema.safeParse(readNote(tags)).data?.ended;
}

/** Whether an operator has taken leave of the user whose grant this is: the next consent may be another one's. */
export function isPinEnded(
  registration: Tags,
  refreshToken: Pick<RefreshTokenTags, 'attemptId' | 'grantId'>,
): boolean {
  const ended = endedGrantId(registration);
  return ended !== undefined && ended === grantIdOf(refreshToken);
}

/** The tags with the grant noted in them, to be given to `registrationTags`. */
export const notingGrant = (present: Tags, grant: string): Tags =>
  noting(present, { grant, ended: endedGrantId(present) });

/** The same, for the grant whose pin ends with the next consent. */
export const notingEnd = (present: Tags, ended: string): Tags =>
  noting(present, { grant: lastGrantId(present), ended });

function noting(present: Tags, note: z.infer<typeof grantSchema>): Tags {
  const others = Object.entries(present).filter(([name]) => !noteNames.includes(name));
  return { ...Object.fromEntries(others), ...definedTags(noteTags(note)) };
}

function noteOf(summary: RegistrationSummary): z.input<typeof summarySchema> {
  const { clientId, tenant, method, credentialSecret, owner, minimumValidityMinutes, tokens } = summary;
  const hint = summary.loginHintHash;
  const rest = { owner, minimum: minimumValidityMinutes, tokens: tokens && [...tokens], hint };
  return { client: clientId, tenant, method, ...omitUndefined({ credential: credentialSecret, ...rest }) };
}

/** The tags of a summary, with the grants that are noted in the present ones. */
export function summaryTags(
  present: Tags,
  summary: RegistrationSummary | undefined,
): Readonly<Record<string, string | undefined>> {
  return noteTags({
    ...(summary && noteOf(summary)),
    grant: lastGrantId(present),
    ended: endedGrantId(present),
  });
}
