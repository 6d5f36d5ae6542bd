import * as z from 'zod';
import json from './error-catalogue.json' with { type: 'json' };
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

/** Checked once, when it is loaded. */
const catalogue = z
  .strictObject({
    aadsts: z.array(row),
    families: z.array(family),
    suberrors: z.array(row),
    oauthErrors: z.array(row),
  })
  .parse(json);

/** A code and what it means. */
export type CatalogueRow = Readonly<z.infer<typeof row>>;

const aadstsRows = index(catalogue.aadsts);
const suberrorRows = index(catalogue.suberrors);
const oauthErrorRows = index(catalogue.oauthErrors);
const familyOfPrefix = new Map(
  catalogue.families.flatMap((kind) => kind.prefixes.map((prefix) => [prefix, kind] as const)),
);
const longestPrefix = Math.max(...[...familyOfPrefix.keys()].map(({ length }) => length));

function index(rows: readonly CatalogueRow[]): ReadonlyMap<string, CatalogueRow> {
  return new Map(rows.map((entry) => [entry.code, entry]));
}

/** The stable word for an AADSTS number. */
export function aadstsCode(number: number): string {
  return `AADSTS${number}`;
}

/**
 * The row of an AADSTS number; undefined when the catalogue does not know it. Beside some OAuth errors a number means
 * another thing: 700023 is documented as a scope without a resource, and was seen with `invalid_client` as the wrong
 * audience of an assertion (MSAL.NET issue 2746).
 */
export function findAadsts(number: number, oauthError?: string): CatalogueRow | undefined {
  const found = aadstsRows.get(aadstsCode(number));
  const meaning = oauthError === 'invalid_client' || oauthError === 'invalid_grant' ? oauthError : undefined;
  const other = meaning && found?.under?.[meaning];
  return found === undefined || other === undefined ? found : { ...found, ...other };
}

/**
 * The verdict on a number without a row. Entra's longer numbers extend the one of their kind (50034 a user not found,
 * 500341 a deleted one; seen throughout the public list f-bader/EntraID-ErrorCodes), so the kind says more than the
 * OAuth error beside it, which is `invalid_grant` for nearly everything. Undefined when no family has the number.
 */
export function findFamily(number: number): CatalogueRow | undefined {
  const digits = String(number);
  for (let length = Math.min(longestPrefix, digits.length); length > 0; length -= 1) {
    const kind = familyOfPrefix.get(digits.slice(0, length));
    if (kind !== undefined) {
      const { class: failureClass, cause, remedy } = kind;
      return { code: aadstsCode(number), class: failureClass, cause, remedy };
    }
  }
  return undefined;
}

/** The row of a `suberror`; undefined when it is none of the known words. */
export function findSuberror(word: string): CatalogueRow | undefined {
  return suberrorRows.get(word);
}

/** The row of an OAuth `error` (RFC 6749, OpenID Connect, Entra's own); undefined when it is no registered word. */
export function findOAuthError(word: string): CatalogueRow | undefined {
  return oauthErrorRows.get(word);
}

/** The row of a code as it was told and noted: `AADSTS50173`, a suberror, or an OAuth `error`. */
export function findCode(code: string): CatalogueRow | undefined {
  return aadstsRows.get(code) ?? suberrorRows.get(code) ?? oauthErrorRows.get(code);
}

/** Whether a refusal that asks for a user says nothing about the grant beyond the scopes that were asked for. */
export function concernsScopesOnly({ code, suberror }: { code: string; suberror?: string }): boolean {
  const rows = [findCode(code), findSuberror(suberror ?? '')];
  return rows.some((found) => found?.concerns === 'access_token');
}
