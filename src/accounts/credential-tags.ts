import * as z from 'zod';
import { type EpochSeconds, isoTime } from '../time.ts';
import { definedTags, mergeTags, type Tags } from './secret.ts';
import { momentSchema, parseTagJson } from './tag-json.ts';

/**
 * The rejection of a client's credential, kept as tags on the very version that was rejected: a renewed secret
 * is a new version without the tags, and has thereby ended the incident for every account of the client.
 */
export interface CredentialRejection {
  readonly clientId: string;
  readonly authority: string;
  readonly code: string;
  readonly cause: string;
  readonly remedy: string;
  readonly since: EpochSeconds;
  readonly traceId?: string;
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

const owned: ReadonlySet<string> = new Set(Object.values(onSecret));
/** The tags of a registration that tell of its client's rejection. */
export const identityRejectionNames: readonly string[] = Object.values(onRegistration);

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
  const parsed = schema.safeParse(parseTagJson(tags[names.rejected]));
  if (!parsed.success) return undefined;
  const { client, authority, code, since, trace, fallback } = parsed.data;
  return {
    clientId: client,
    authority,
    code,
    cause: tags[names.cause] ?? '',
    remedy: tags[names.remedy] ?? '',
    since,
    ...(trace === undefined ? {} : { traceId: trace }),
    ...(fallback === undefined ? {} : { fallback }),
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
export function readCertificateEnd(tags: Tags): EpochSeconds | undefined {
  const milliseconds = Date.parse(tags[certificateEnd] ?? '');
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000);
}

/** The whole tag map with a certificate's end noted in it; undefined when it says so already. */
export function certificateEndTags(present: Tags, notAfter: EpochSeconds): Tags | undefined {
  if (readCertificateEnd(present) === notAfter) return undefined;
  return mergeTags(present, new Set([certificateEnd]), { [certificateEnd]: isoTime(notAfter) });
}
