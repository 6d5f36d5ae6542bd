import { isGuid } from '../accounts/entra-ids.ts';
import { type JsonObject, parseJsonObject } from '../json.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { findAadsts, findOAuthError, findSuberror } from './error-catalogue.ts';

/** What an error body says, reduced to words and numbers that cannot carry a secret. */
export interface TokenError {
  /** AADSTS numbers in the server's order, the most specific last; a wrapper only when it stands alone. */
  readonly numbers: readonly number[];
  /** A registered word, or `other`. */
  readonly oauthError?: string;
  /** A word of the closed list, or `other`. */
  readonly suberror?: string;
  /** JSON text of an object, at most 4,096 characters. */
  readonly claims?: string;
}

const claimsLimitCharacters = 4096;
const numberLimit = 99_999_999;

/**
 * Reads an error body (RFC 6749 section 5.2; Entra: authentication error codes). Undefined when it holds neither
 * an `error` nor an AADSTS number: then Entra did not write it. The wording of `error_description` never counts.
 */
export function parseTokenError(body: JsonObject): TokenError | undefined {
  const oauthError = registered(body['error'], findOAuthError);
  const numbers = withoutWrapper(readNumbers(body));
  if (oauthError === undefined && numbers.length === 0) return undefined;
  const suberror = registered(body['suberror'], findSuberror);
  return omitUndefined({ numbers, oauthError, suberror, claims: readClaims(body['claims']) });
}

/** The word itself when it is registered, `other` for any other text, undefined for none. */
function registered(value: unknown, find: (word: string) => unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  return find(value) === undefined ? 'other' : value;
}

function readNumbers(body: JsonObject): readonly number[] {
  const listed = Array.isArray(body['error_codes']) ? body['error_codes'].flatMap(readNumber) : [];
  return listed.length > 0 ? listed : describedNumbers(body['error_description']);
}

/** Numbers on the wire; MSAL types them as text, so digits are accepted too. */
function readNumber(value: unknown): readonly number[] {
  const number = typeof value === 'string' && /^\d{1,8}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number > 0 && number <= numberLimit
    ? [number]
    : [];
}

function describedNumbers(description: unknown): readonly number[] {
  if (typeof description !== 'string') return [];
  return [...description.matchAll(/AADSTS(\d{1,8})(?!\d)/g)].flatMap(([, digits]) => readNumber(digits));
}

function withoutWrapper(numbers: readonly number[]): readonly number[] {
  const specific = numbers.filter((number) => findAadsts(number)?.wrapper !== true);
  return specific.length > 0 ? specific : numbers;
}

function readClaims(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > claimsLimitCharacters) return undefined;
  return parseJsonObject(value) === undefined ? undefined : value;
}

/** What Microsoft support asks for. */
export interface TraceIds {
  readonly traceId?: string;
  readonly correlationId?: string;
}

/**
 * The ids from the answer's body, else from its headers, and only when they are GUIDs: an answer is not trusted
 * not to echo a secret.
 */
export function readTraceIds(
  body: JsonObject | undefined,
  headers: Readonly<Record<string, string>>,
): TraceIds {
  return omitUndefined({
    traceId: [body?.['trace_id'], headers['x-ms-request-id']].find(isGuid),
    correlationId: [body?.['correlation_id'], headers['client-request-id']].find(isGuid),
  });
}
