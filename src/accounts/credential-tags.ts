import * as z from 'zod';
import type { EpochSeconds } from '../time.ts';
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
}

const names = {
  rejected: 'refresher-rejected',
  cause: 'refresher-cause',
  remedy: 'refresher-remedy',
} as const;

const owned: ReadonlySet<string> = new Set(Object.values(names));

const schema = z.object({
  client: z.string(),
  authority: z.string(),
  code: z.string(),
  since: momentSchema,
  trace: z.string().optional(),
});

export function readCredentialRejection(tags: Tags): CredentialRejection | undefined {
  const parsed = schema.safeParse(parseTagJson(tags[names.rejected]));
  if (!parsed.success) return undefined;
  const { client, authority, code, since, trace } = parsed.data;
  return {
    clientId: client,
    authority,
    code,
    cause: tags[names.cause] ?? '',
    remedy: tags[names.remedy] ?? '',
    since,
    ...(trace === undefined ? {} : { traceId: trace }),
  };
}

/** The whole tag map of a credential's secret with the rejection in it, or without one. */
export function credentialTags(present: Tags, rejection: CredentialRejection | undefined): Tags {
  if (rejection === undefined) return mergeTags(present, owned, {});
  const { clientId: client, authority, code, since, traceId: trace } = rejection;
  return mergeTags(
    present,
    owned,
    definedTags({
      [names.rejected]: JSON.stringify({ client, authority, code, since, trace }),
      [names.cause]: rejection.cause,
      [names.remedy]: rejection.remedy,
    }),
  );
}
