import * as z from 'zod';
import { transportFailures } from './exchange.ts';
import type { FailureClass } from './outcome.ts';

const failureClasses = [
  'reconsent',
  'credential',
  'configuration',
  'policy',
  'throttled',
  'transient',
] as const satisfies readonly FailureClass[];

const sentence = z
  .string()
  .regex(/^[A-Z].*\.$/)
  .max(140);
const verdict = { class: z.enum(failureClasses), cause: sentence, remedy: sentence };
const yes = z.literal(true).exactOptional();

/** Everything that the app knows of a code. What is absent is not so. */
const row = z.strictObject({
  /** `AADSTS50173`, a suberror, or an OAuth `error`. */
  code: z.string().min(1),
  ...verdict,
  /**
   * Entra's last word on the grant that was presented; a wrong one costs a user a needless consent, a missing one only a
   * second attempt. Final: 50173 revoked, 50089 and 70008 expired or revoked, 700081 to 700084 a life that is over
   * (Entra: authentication error codes), and `bad_token`, which MSAL removes from its cache. Not final: 70000, seen to
   * fail and then to succeed with the same token; 50132 and 50133, because a confidential client's grant outlives most
   * password events (Entra: refresh tokens); 70043 and every multifactor or consent code, because a changed policy or
   * an administrator's consent revives the grant.
   */
  final: yes,
  /** Refuses the access token that was asked for; the same grant may still bring others. */
  concerns: z.literal('access_token').exactOptional(),
  /** An older refresh token may still be accepted. */
  olderRefreshTokenMayWork: yes,
  /** An older certificate may still be accepted: this one is unknown to Entra, has ended, or was revoked. */
  olderCredentialMayWork: yes,
  /** The least time before the next request. */
  restSeconds: z.int().positive().exactOptional(),
  /** The number only announces a more specific one beside it. */
  wrapper: yes,
  /** Whose approval is missing, where it is a consent that is missing. */
  approval: z.enum(['user', 'administrator']).exactOptional(),
  /** For the person who consents, where the code says another thing of a sign-in than of a refresh token. */
  causeAtConsent: sentence.exactOptional(),
  /** Remedy for a personal account that is registered with the tenant `common`, once the code is final. */
  personalAccountOnCommon: sentence.exactOptional(),
  /** What the number means beside these OAuth errors. */
  under: z
    .partialRecord(z.enum(['invalid_client', 'invalid_grant']), z.strictObject(verdict))
    .exactOptional(),
});

/** Judges a number that has no row, by the digits that it begins with; of several prefixes the longest counts. */
const family = z.strictObject({
  name: z.string().min(1),
  ...verdict,
  prefixes: z.array(z.string().regex(/^\d{2,7}$/)).min(1),
});

/**
 * What error-catalogue.json is held against by the tests: the file is part of the app, so it need not be checked again at
 * each start, which takes longer than all else of the catalogue.
 */
export const catalogueSchema = z.strictObject({
  aadsts: z.array(row),
  families: z.array(family),
  suberrors: z.array(row),
  oauthErrors: z.array(row),
  /** Answers of which only the HTTP status is known: that asks to wait, a server's fault, one that Entra did not write. */
  answers: z.record(
    z.enum(['wait', 'fault', 'redirect', '403', '404', '407', 'foreign']),
    z.strictObject(verdict),
  ),
  /** How the transport failed. */
  transport: z.record(z.enum(transportFailures), z.strictObject({ cause: sentence, remedy: sentence })),
});

export type Catalogue = z.infer<typeof catalogueSchema>;

/** A code and what it means. */
export type CatalogueRow = Readonly<z.infer<typeof row>>;
