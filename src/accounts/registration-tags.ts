import * as z from 'zod';
import { parseJson } from '../json.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { EpochSeconds } from '../time.ts';
import { type FailureRecord, failureStates } from './account-state.ts';
import {
  type AuthenticationMethod,
  authenticationMethods,
  credentialSecretOf,
  secretlessMethods,
} from './client-authentication.ts';
import {
  type CredentialRejection,
  identityRejectionNames,
  identityRejectionTags,
  momentSchema,
} from './credential-tags.ts';
import { grantIdOf, type RefreshTokenTags } from './refresh-token-secret.ts';
import type { Registration } from './registration.ts';
import { isTokenName, maximumValidityMinutes } from './registration-schema.ts';
import {
  definedTags,
  type ListedSecret,
  type ListedVersion,
  maximumTagCharacters,
  mergeTags,
  type Tags,
} from './secret.ts';

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
}

const names = {
  failure: 'refresher-failure',
  cause: 'refresher-cause',
  remedy: 'refresher-remedy',
  claims: 'refresher-claims',
  failedTokens: 'refresher-failed-tokens',
  registered: 'refresher-registered',
} as const;

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

const owned: ReadonlySet<string> = new Set([
  ...[names, oldNames].flatMap((some) => Object.values(some)),
  ...noteNames,
  ...identityRejectionNames,
]);

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
});

const grantSchema = z.object({ grant: z.string().optional(), ended: z.string().optional() });

const failureSchema = z.object({
  state: z.enum(failureStates),
  code: z.string(),
  since: momentSchema,
  failures: z.int().min(1),
  next: momentSchema,
  judged: z.string().optional(),
  suspected: z.boolean(),
  trace: z.string().optional(),
  grant: z.string().optional(),
});

/** The summary that goes into a registration's tags. */
export function summarize(registration: Registration): RegistrationSummary {
  const { clientId, tenant, clientAuthentication, owner, minimumValidityMinutes } = registration;
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
    }),
  };
}

const originPattern = /^(\d{1,10}) ([0-9a-f]{1,64})$/;

function originOf(tags: Tags): { readonly createdAt: EpochSeconds; readonly version: string } | undefined {
  const [, createdAt, version] = originPattern.exec(tags[names.registered] ?? '') ?? [];
  return version === undefined ? undefined : { createdAt: Number(createdAt), version };
}

/**
 * When a registration came to say what it says. The app writes it again before it expires: that makes a version with
 * another `createdAt` and changes nothing, so the first one's stands in a tag, which whoever writes anew does not carry over.
 */
export function registeredAt({ createdAt, tags }: Pick<ListedSecret, 'createdAt' | 'tags'>): EpochSeconds {
  return originOf(tags)?.createdAt ?? createdAt;
}

/** The version with which a registration came to say what it says: see {@link registeredAt}. */
export function registeredVersion({ version, tags }: Pick<ListedVersion, 'version' | 'tags'>): string {
  return originOf(tags)?.version ?? version;
}

/** The version with which a listed registration came to say what it says; undefined until the app has read it. */
export function notedVersion({ tags }: Pick<ListedSecret, 'tags'>): string | undefined {
  return originOf(tags)?.version;
}

/**
 * The tags of a registration that was read, to be kept with that version or with a copy of it: a listing shows no version
 * ids, and whole seconds cannot tell two versions apart, so one of them notes which version it is.
 */
export function notingOrigin(present: Pick<ListedVersion, 'createdAt' | 'version' | 'tags'>): Tags {
  const origin = `${registeredAt(present)} ${registeredVersion(present)}`;
  const ours = Object.fromEntries(Object.entries(present.tags).filter(([name]) => owned.has(name)));
  return mergeTags(present.tags, owned, { ...ours, [names.registered]: origin });
}

/** The tags that a registration which says something new takes over from the one before. */
export function tagsForNewRegistration(present: Tags): Tags {
  return Object.fromEntries(Object.entries(present).filter(([name]) => name !== names.registered));
}

/** A list of token names; undefined when there is none, or somebody broke it. */
function readNames(text: string | undefined): readonly string[] | undefined {
  const found = text?.split(' ');
  return found?.every(isTokenName) === true ? found : undefined;
}

function readNote(tags: Tags): unknown {
  if (tags[noteNames[0] ?? ''] !== undefined)
    return parseJson(noteNames.map((name) => tags[name] ?? '').join(''));
  const old = Object.entries(oldNames).map(([member, name]) => [member, tags[name]]);
  const { minimum, tokens, ...rest } = Object.fromEntries(old) as Record<string, string | undefined>;
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
  const { client: clientId, tenant, method, credential, owner, minimum, tokens } = data;
  const isSecretless = secretlessMethods.some((known) => known === method);
  if (credential === undefined && !isSecretless) return undefined;
  const known = { credentialSecret: credential, owner, minimumValidityMinutes: minimum, tokens };
  return { clientId, tenant, method, ...omitUndefined(known) };
}

/**
 * The grant of the last consent, or of a refresh token that was stored by hand since. It stays here when the refresh
 * token is disabled or deleted, so that a consent link that was used stays used.
 */
export function lastGrantId(tags: Tags): string | undefined {
  return grantSchema.safeParse(readNote(tags)).data?.grant;
}

/** The grant whose user an operator has taken leave of: the next consent may be another one's. */
export function endedGrantId(tags: Tags): string | undefined {
  return grantSchema.safeParse(readNote(tags)).data?.ended;
}

/** The tags with the grant noted in them, to be given to {@link registrationTags}. */
export const notingGrant = (present: Tags, grant: string): Tags =>
  noting(present, { grant, ended: endedGrantId(present) });

/** The same, for the grant whose pin ends with the next consent. */
export const notingEnd = (present: Tags, ended: string): Tags =>
  noting(present, { grant: lastGrantId(present), ended });

function noting(present: Tags, note: z.infer<typeof grantSchema>): Tags {
  const others = Object.entries(present).filter(([name]) => !noteNames.includes(name));
  return { ...Object.fromEntries(others), ...definedTags(noteTags(note)) };
}

/** Reads the remembered failure; tags that a human broke count as none. */
export function readFailure(tags: Tags): FailureRecord | undefined {
  const parsed = failureSchema.safeParse(parseJson(tags[names.failure] ?? ''));
  if (!parsed.success) return undefined;
  const { next, judged, trace, grant, ...rest } = parsed.data;
  const tokens = readNames(tags[names.failedTokens]);
  return {
    ...rest,
    cause: tags[names.cause] ?? '',
    remedy: tags[names.remedy] ?? '',
    nextAttemptAt: next,
    ...omitUndefined({
      judgedId: judged,
      traceId: trace,
      grantId: grant,
      tokens,
      claims: tags[names.claims],
    }),
  };
}

/**
 * The remembered failure, while it counts: about the refresh token that the vault still shows; or, where it is about
 * some of several access tokens, about its grant, because the others go on rotating the refresh token.
 *
 * @param refreshToken the newest version; default: there is none
 */
export function readCountingFailure(
  tags: Tags,
  refreshToken: Pick<RefreshTokenTags, 'attemptId' | 'grantId'> = {},
): FailureRecord | undefined {
  const failure = readFailure(tags);
  if (failure?.grantId !== undefined)
    return failure.grantId === grantIdOf(refreshToken) ? failure : undefined;
  return failure?.judgedId === refreshToken.attemptId ? failure : undefined;
}

/**
 * The complete tag map to send: PATCH replaces the whole of it, so foreign tags are sent again.
 *
 * @param rejection the incident of a client that has no secret to note it on
 */
export function registrationTags(
  present: Tags,
  summary: RegistrationSummary | undefined,
  failure: FailureRecord | undefined,
  rejection?: CredentialRejection,
): Tags {
  return mergeTags(
    present,
    owned,
    definedTags({
      ...noteTags({
        ...(summary && noteOf(summary)),
        grant: lastGrantId(present),
        ended: endedGrantId(present),
      }),
      [names.failure]: failure && failureJson(failure),
      [names.failedTokens]: failure?.tokens?.join(' '),
      [names.cause]: failure?.cause,
      [names.remedy]: failure?.remedy,
      // A challenge that was cut short would be worse than none.
      [names.claims]: (failure?.claims?.length ?? 0) <= maximumTagCharacters ? failure?.claims : undefined,
      [names.registered]: present[names.registered],
      ...identityRejectionTags(rejection),
    }),
  );
}

function noteOf(summary: RegistrationSummary): z.input<typeof summarySchema> {
  const { clientId, tenant, method, credentialSecret, owner, minimumValidityMinutes, tokens } = summary;
  const rest = { owner, minimum: minimumValidityMinutes, tokens: tokens && [...tokens] };
  return { client: clientId, tenant, method, ...omitUndefined({ credential: credentialSecret, ...rest }) };
}

function failureJson(failure: FailureRecord): string {
  const { state, code, since, failures, suspected } = failure;
  const { nextAttemptAt: next, judgedId: judged, traceId: trace, grantId: grant } = failure;
  return JSON.stringify({ state, code, since, failures, next, judged, suspected, trace, grant });
}
