import * as z from 'zod';
import { parseJson } from '../json.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { Reason } from '../reason.ts';
import { type EpochSeconds, isoTime, latestEpochSeconds } from '../time.ts';
import { cappedExpiry, definedTags, isCapped, type ListedSecret, mergeTags, type Tags } from './secret.ts';

/**
 * The rejection of a client's credential, kept as tags on the very version that was rejected: a renewed secret
 * is a new version without the tags, and has thereby ended the incident for every account of the client.
 */
export interface CredentialRejection extends Reason {
  readonly clientId: string;
  readonly authority: string;
  readonly since: EpochSeconds;
  /** The version before is accepted in its stead, so the accounts are well for now. */
  readonly fallback?: true;
}

interface RejectionTagNames {
  readonly rejected: string;
  readonly cause: string;
  readonly remedy: string;
}

const onSecret: RejectionTagNames = {
  rejected: 'refresher-rejected',
  cause: 'refresher-cause',
  remedy: 'refresher-remedy',
};

/** For a client without a secret; the account's own cause and remedy stand beside them. */
const onRegistration: RejectionTagNames = {
  rejected: 'refresher-rejected',
  cause: 'refresher-rejected-cause',
  remedy: 'refresher-rejected-remedy',
};

const certificateEnd = 'refresher-certificate-expires';
const credentialEndName = 'refresher-credential-expires';

const owned: ReadonlySet<string> = new Set(Object.values(onSecret));
/** The tags of a registration that tell of its client's rejection. */
export const identityRejectionNames: readonly string[] = Object.values(onRegistration);

/** A moment in epoch seconds that can be shown as a date. */
export const momentSchema = z.int().min(0).max(latestEpochSeconds);

const schema = z.object({
  client: z.string(),
  authority: z.string(),
  code: z.string(),
  since: momentSchema,
  trace: z.string().optional(),
  fallback: z.literal(true).optional(),
});

/** Reads the rejection of a secret's version back; tags that a human broke count as none. */
export function readCredentialRejection(tags: Tags): CredentialRejection | undefined {
  return readRejection(tags, onSecret);
}

/** Reads the rejection of a client without a secret back, from the registration of one of its accounts. */
export function readIdentityRejection(tags: Tags): CredentialRejection | undefined {
  return readRejection(tags, onRegistration);
}

function readRejection(tags: Tags, names: RejectionTagNames): CredentialRejection | undefined {
  const parsed = schema.safeParse(parseJson(tags[names.rejected] ?? ''));
  if (!parsed.success) return undefined;
  const { client, authority, code, since, trace, fallback } = parsed.data;
  return {
    clientId: client,
    authority,
    code,
    cause: tags[names.cause] ?? '',
    remedy: tags[names.remedy] ?? '',
    since,
    ...omitUndefined({ traceId: trace, fallback }),
  };
}

/** The whole tag map of a credential's secret with the rejection in it, or without one. */
export function credentialTags(present: Tags, rejection: CredentialRejection | undefined): Tags {
  return mergeTags(
    present,
    owned,
    rejection === undefined ? {} : definedTags(rejectionTags(rejection, onSecret)),
  );
}

/** The tags of a registration that tell of its client's rejection; none without one. */
export function identityRejectionTags(
  rejection: CredentialRejection | undefined,
): Readonly<Record<string, string>> {
  return rejection === undefined ? {} : rejectionTags(rejection, onRegistration);
}

function rejectionTags(rejection: CredentialRejection, names: RejectionTagNames): Record<string, string> {
  const { clientId: client, authority, code, since, traceId: trace, fallback, cause, remedy } = rejection;
  return {
    [names.rejected]: JSON.stringify({ client, authority, code, since, trace, fallback }),
    [names.cause]: cause,
    [names.remedy]: remedy,
  };
}

/** When the certificate in a secret ends, as it was noted there; undefined when it was not. */
function readCertificateEnd(tags: Tags): EpochSeconds | undefined {
  const milliseconds = Date.parse(tags[certificateEnd] ?? '');
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000);
}

/** The whole tag map with a certificate's end noted in it; undefined when it says so already. */
export function certificateEndTags(present: Tags, notAfter: EpochSeconds): Tags | undefined {
  if (readCertificateEnd(present) === notAfter) return undefined;
  return mergeTags(present, new Set([certificateEnd]), { [certificateEnd]: isoTime(notAfter) });
}

/** What a credential's secret is written with. */
interface CredentialExpiry {
  readonly expiresAt: EpochSeconds;
  readonly tags: Tags;
}

/**
 * The expiry of a credential that is written now: its own end, or sooner what the settings allow. Then the tag tells
 * the end, or that nobody told it, and which expiry it is about: one that an operator sets afterwards counts again.
 */
export function credentialExpiry(
  now: EpochSeconds,
  longestSeconds: number,
  end: EpochSeconds | undefined,
): CredentialExpiry {
  const expiresAt = cappedExpiry(now, longestSeconds, end);
  if (end !== undefined && !isCapped(expiresAt, end)) return { expiresAt, tags: {} };
  const told = end === undefined ? 'unknown' : isoTime(end);
  return { expiresAt, tags: { [credentialEndName]: `${told} (secret: ${isoTime(expiresAt)})` } };
}

const endPattern = /^(\S+) \(secret: (\S+)\)$/;

/**
 * When a client's credential ends: what the tag says of it, else the secret's expiry, else its certificate's own end
 * as a sweep noted it. Undefined when nobody knows.
 */
export function credentialEnd({
  tags,
  expiresAt,
}: Pick<ListedSecret, 'tags' | 'expiresAt'>): EpochSeconds | undefined {
  const [, told = '', capped = ''] = endPattern.exec(tags[credentialEndName] ?? '') ?? [];
  const isAboutExpiry = expiresAt !== undefined && Date.parse(capped) / 1000 === expiresAt;
  if (!isAboutExpiry) return expiresAt ?? readCertificateEnd(tags);
  const end = Date.parse(told) / 1000;
  return Number.isInteger(end) ? end : readCertificateEnd(tags);
}
