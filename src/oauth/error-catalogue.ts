import type { Reason } from '../reason.ts';
import json from './error-catalogue.json' with { type: 'json' };
import type { Catalogue, CatalogueRow } from './error-catalogue-schema.ts';
import type { TransportFailure } from './exchange.ts';

// A test holds the file against its schema.
const catalogue = json as Catalogue;

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

/** Why a request got no answer. */
export function explainTransport(failure: TransportFailure): Reason {
  return { code: failure, ...catalogue.transport[failure] };
}

/** An answer that asks to wait, by Retry-After, whatever its status. */
export function rowForRetryAfter(status: number): CatalogueRow {
  return { code: `http_${status}`, ...catalogue.answers.wait };
}

/** A failure of which only the HTTP status is known: an answer that Entra did not write, or a server's fault. */
export function rowForStatus(status: number): CatalogueRow {
  return { code: `http_${status}`, ...catalogue.answers[kindOfAnswer(status)] };
}

function kindOfAnswer(status: number): keyof Catalogue['answers'] {
  if (status === 429) return 'wait';
  if (status === 408 || status >= 500 || status < 300) return 'fault';
  if (status < 400) return 'redirect';
  return (['403', '404', '407'] as const).find((known) => known === String(status)) ?? 'foreign';
}

/** An error of Entra's in words the catalogue does not know. HTTP 401 goes with `invalid_client` (RFC 6749 section 5.2). */
export function rowForUnknownError(status: number): CatalogueRow {
  return {
    code: `http_${status}`,
    class: status === 401 ? 'credential' : 'configuration',
    cause: 'Entra refused the request with an error that the catalogue does not know.',
    remedy:
      "Look the code up in Microsoft's list of authentication error codes, and the trace id in the sign-in log.",
  };
}
