import { isGuid, type User } from '../accounts/entra-ids.ts';
import { type JsonObject, parseJsonObject } from '../json.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { Reason } from '../reason.ts';
import { Sensitive } from '../sensitive.ts';
import { type AnswerTimes, serverNow, trustedLifetime } from './answer-times.ts';
import type { RefreshGrant, TokenGrant } from './outcome.ts';

/** The part of a token answer that makes it unusable; `body` when it is no JSON object at all. */
type MalformedField =
  | 'body'
  | 'error'
  | 'token_type'
  | 'access_token'
  | 'refresh_token'
  | 'expires_in'
  | 'expires_on';

export type ParsedTokenResponse =
  | { readonly kind: 'granted'; readonly grant: TokenGrant }
  | {
      readonly kind: 'malformed';
      readonly field: MalformedField;
      /** With a usable refresh token: nothing but the access token is lost. */
      readonly brought?: RefreshGrant;
      /** A refresh token stood in the answer, and cannot be used. */
      readonly refreshTokenLost: boolean;
    };

/** Why an answer with a status of success cannot be used. */
export function explainMalformed(field: MalformedField): Reason {
  const remedy =
    'No access token was published; look for a proxy that alters answers, else open a support case.';
  if (field === 'body') return { code: 'malformed_body', cause: 'The answer is no JSON object.', remedy };
  if (field === 'error') {
    return { code: 'error_in_success', cause: 'The answer says success and carries an error.', remedy };
  }
  return { code: `malformed_${field}`, cause: `The answer's ${field} is missing or not usable.`, remedy };
}

/**
 * Reads the body of a successful token answer (RFC 6749 section 5.1) of the v1 or v2 endpoint. v1 sends numbers
 * as text. `expires_on` counts only when it stands alone, without `expires_in`; it is of the server's clock. The lifetime
 * is the one that {@link trustedLifetime} leaves. Never throws.
 *
 * Strict about what is stored or promised; members that only advise (`refresh_in`, `refresh_token_expires_in`,
 * `scope`, `resource`, `client_info`) are left out when broken: a rotated token is not thrown away for them.
 */
export function parseTokenResponse(body: Sensitive, times: AnswerTimes): ParsedTokenResponse {
  const answer = parseJsonObject(body.reveal());
  if (answer === undefined) return { kind: 'malformed', field: 'body', refreshTokenLost: false };
  const result = parseAnswer(answer, times);
  if (!('field' in result)) return result;
  const brought = besides(answer, parseToken(answer['refresh_token']));
  // An answer that says error is none that grants.
  return brought.refreshToken === undefined || result.field === 'error'
    ? { ...result, refreshTokenLost: isPresent(answer['refresh_token']) }
    : { ...result, refreshTokenLost: false, brought };
}

type Malformed = { readonly kind: 'malformed'; readonly field: MalformedField };

function parseAnswer(
  answer: JsonObject,
  times: AnswerTimes,
): Extract<ParsedTokenResponse, { kind: 'granted' }> | Malformed {
  if (isPresent(answer['error'])) return malformed('error');
  if (!isBearer(answer['token_type'])) return malformed('token_type');
  const accessToken = parseToken(answer['access_token']);
  if (accessToken === undefined) return malformed('access_token');
  const refreshToken = parseToken(answer['refresh_token']);
  if (refreshToken === undefined && isPresent(answer['refresh_token'])) return malformed('refresh_token');
  const lifetimeSeconds = parseLifetime(answer, times);
  if (typeof lifetimeSeconds !== 'number') return lifetimeSeconds;
  const expiresInSeconds = trustedLifetime(lifetimeSeconds, times);
  const ages = omitUndefined({ refreshInSeconds: parseSeconds(answer['refresh_in']) });
  return {
    kind: 'granted',
    grant: { ...besides(answer, refreshToken), accessToken, expiresInSeconds, ...ages },
  };
}

function besides(answer: JsonObject, refreshToken: Sensitive | undefined) {
  return omitUndefined({
    refreshToken,
    refreshTokenExpiresInSeconds: parseSeconds(answer['refresh_token_expires_in']),
    scope: parsePrintable(answer['scope']),
    resource: parsePrintable(answer['resource']),
    user: parseClientInfo(answer['client_info']),
    idToken: parseToken(answer['id_token']),
  });
}

function malformed(field: MalformedField): Malformed {
  return { kind: 'malformed', field };
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isBearer(value: unknown): boolean {
  return typeof value === 'string' && value.toLowerCase() === 'bearer';
}

function parseToken(value: unknown): Sensitive | undefined {
  const token = parsePrintable(value);
  return token === undefined ? undefined : new Sensitive(token);
}

/** Printable ASCII (RFC 6749 appendix A.12, A.17) that neither begins nor ends with a blank. */
function parsePrintable(value: unknown): string | undefined {
  const printable = typeof value === 'string' && /^[\x20-\x7e]+$/.test(value) && value.trim() === value;
  return printable ? value : undefined;
}

function parseLifetime(answer: JsonObject, times: AnswerTimes): number | ReturnType<typeof malformed> {
  if (isPresent(answer['expires_in'])) return parseSeconds(answer['expires_in']) ?? malformed('expires_in');
  if (!isPresent(answer['expires_on'])) return malformed('expires_in');
  const expiresOn = parseSeconds(answer['expires_on']);
  if (expiresOn === undefined) return malformed('expires_on');
  const leftSeconds = expiresOn - serverNow(times);
  return leftSeconds <= 0 ? malformed('expires_on') : leftSeconds;
}

/** Up to the year 2106 as a moment; beyond, dates could no longer be computed from it. */
const secondsLimit = 2 ** 32 - 1;

/** A whole, positive number of seconds, given as a number or as digits. */
function parseSeconds(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof seconds !== 'number') return undefined;
  const whole = Math.floor(seconds);
  return whole >= 1 && whole <= secondsLimit ? whole : undefined;
}

/** `client_info` is base64url JSON with the user's object id (`uid`) and home tenant (`utid`). */
function parseClientInfo(value: unknown): User | undefined {
  const info = typeof value === 'string' ? parseJsonObject(decodeBase64Url(value)) : undefined;
  const tenantId = info?.['utid'];
  const objectId = info?.['uid'];
  if (!isGuid(tenantId) || !isGuid(objectId)) return undefined;
  return { tenantId: tenantId.toLowerCase(), objectId: objectId.toLowerCase() };
}

/** Empty when it is not base64url. */
function decodeBase64Url(text: string): string {
  try {
    return atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return '';
  }
}
