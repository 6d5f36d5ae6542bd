import * as z from 'zod';
import { parseJson } from '../json.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { EpochSeconds } from '../time.ts';
import { isTokenName } from './access-token-secret.ts';
import { type FailureRecord, failureStates } from './account-state.ts';
import {
  type CredentialRejection,
  identityRejectionNames,
  identityRejectionTags,
  momentSchema,
} from './credential-tags.ts';
import { grantIdOf, type RefreshTokenTags } from './refresh-token-secret.ts';
import { type RegistrationSummary, summaryTagNames, summaryTags } from './registration-summary.ts';
import {
  definedTags,
  type ListedSecret,
  type ListedVersion,
  maximumTagCharacters,
  mergeTags,
  type Tags,
} from './secret.ts';

const names = {
  failure: 'refresher-failure',
  cause: 'refresher-cause',
  remedy: 'refresher-remedy',
  claims: 'refresher-claims',
  failedTokens: 'refresher-failed-tokens',
  registered: 'refresher-registered',
} as const;

const owned: ReadonlySet<string> = new Set([
  ...Object.values(names),
  ...summaryTagNames,
  ...identityRejectionNames,
]);

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
      ...summaryTags(present, summary),
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

function failureJson(failure: FailureRecord): string {
  const { state, code, since, failures, suspected } = failure;
  const { nextAttemptAt: next, judgedId: judged, traceId: trace, grantId: grant } = failure;
  return JSON.stringify({ state, code, since, failures, next, judged, suspected, trace, grant });
}
