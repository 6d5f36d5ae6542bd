import catalogue from './error-catalogue.json' with { type: 'json' };
import type { FailureClass } from './outcome.ts';

/** A failure in words that may be shown and counted. */
export interface Explanation {
  /** Stable word for counting. */
  readonly code: string;
  /** One short sentence: why. */
  readonly cause: string;
  /** One short sentence: what an operator does. */
  readonly remedy: string;
}

/** An explained failure and the class that decides what happens next. */
export interface CatalogueRow extends Explanation {
  readonly class: FailureClass;
}

/** An AADSTS number that only announces a more specific one beside it (Entra: v1 error bodies). */
export const wrapperNumber = 70002;

const aadstsRows = index(catalogue.aadsts as CatalogueRow[]);
/** Numbers that mean something else when the client was refused. */
const clientAssertionRows = index(catalogue.clientAssertions as CatalogueRow[]);
const suberrorRows = index(catalogue.suberrors as CatalogueRow[]);
const oauthErrorRows = index(catalogue.oauthErrors as CatalogueRow[]);

function index(rows: readonly CatalogueRow[]): ReadonlyMap<string, CatalogueRow> {
  return new Map(rows.map((row) => [row.code, row]));
}

/** The stable word for an AADSTS number. */
export function aadstsCode(number: number): string {
  return `AADSTS${number}`;
}

/**
 * The row of an AADSTS number; undefined when the catalogue does not know it. 700023 is documented as a scope without a
 * resource, and was seen with `invalid_client` as the wrong audience of an assertion (MSAL.NET issue 2746).
 */
export function findAadsts(number: number, oauthError?: string): CatalogueRow | undefined {
  const code = aadstsCode(number);
  const ofClient = oauthError === 'invalid_client' ? clientAssertionRows.get(code) : undefined;
  return ofClient ?? aadstsRows.get(code);
}

/** The row of a `suberror`; undefined when it is none of the known words. */
export function findSuberror(word: string): CatalogueRow | undefined {
  return suberrorRows.get(word);
}

/** The row of an OAuth `error` (RFC 6749, OpenID Connect, Entra's own); undefined when it is no registered word. */
export function findOAuthError(word: string): CatalogueRow | undefined {
  return oauthErrorRows.get(word);
}
