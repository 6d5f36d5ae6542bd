import { eventFields, type Telemetry, type TelemetryEvent } from './events.ts';

const mask = '[redacted]';

/** Compact JWS and JWE: a base64url header that begins with `{"`, then up to four more parts (RFC 7515, 7516). */
const jwt = /eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){1,4}/g;

/**
 * `name=value`, as in a form body, a query or a sentence, percent-encoded once or twice, and `"name":"value"`
 * as in JSON. `code` and `sig` are only secret as parameters: in JSON they are an error's ordinary fields.
 */
const secretName =
  '(?:client_secret|refresh_token|access_token|id_token|client_assertion|assertion|code_verifier|password)';
const nameStart = '(?<=^|[^A-Za-z0-9_-]|%[0-9A-Fa-f]{2})';
const parameter = new RegExp(
  `(${nameStart}(?:${secretName}|code|sig)(?:=|%3D|%253D))(?!\\[redacted])("[^"]*"|(?:(?!%26|%2526)[^\\s&"'<>])+)`,
  'gi',
);
const jsonMember = new RegExp(`("${secretName}"\\s*:\\s*")[^"]*`, 'gi');

/**
 * The Authorization scheme and its token68 (RFC 6750, section 2.1), unless a plain word follows, perhaps with a
 * full stop or `=`, as in prose and challenges.
 */
const bearer =
  /\b((?:Bearer|bearer|BEARER)(?:\s+|%20|\+))(?![A-Za-z][a-z_-]{0,19}[.=]?(?![A-Za-z0-9._~+/=-]))[A-Za-z0-9._~+/-]+=*/g;

/**
 * The shortest run that can be an opaque token. Below it stand names and words; Entra's client secrets have 40
 * characters and its tokens far more. `!*$` occur in refresh tokens of personal accounts.
 */
const minimumRunLength = 32;
const run = new RegExp(`(?:[A-Za-z0-9_~.+/=!*$-]|%[0-9A-Fa-f]{2}){${minimumRunLength},}`, 'g');
const segment = /(?:(?!%2F|%3D)[^/=])+/gi;

const guid = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/gi;
const hexId = /(?<![A-Za-z0-9])[0-9a-f]{32,}(?![A-Za-z0-9])/g;
const word = /[A-Z]?[a-z]+|[A-Z]+|[0-9]+/g;
/**
 * Names in camel case average more than 4.5 characters a word. Forty random characters average two; they reach
 * 4.5 about twice in a million.
 */
const minimumMeanWordLength = 4.5;

/**
 * Masks whatever looks like a token or a secret: JWTs, bearer tokens, secret parameters and long runs of random
 * characters, percent-encoded or not. GUIDs, lower-case ids and names, URLs, scopes, times and sentences stay.
 * Redacting twice gives the same text.
 */
export function redact(text: string): string {
  return text
    .replace(parameter, `$1${mask}`)
    .replace(jsonMember, `$1${mask}`)
    .replace(jwt, mask)
    .replace(bearer, `$1${mask}`)
    .replace(run, maskRandomPart);
}

/** Masks from the first random segment to the last, so that a URL in front of a token stays readable. */
function maskRandomPart(text: string): string {
  const random = [...text.matchAll(segment)].filter(([part]) => looksRandom(part));
  const first = random.at(0);
  const last = random.at(-1);
  if (first === undefined || last === undefined) return text;
  const end = last.index + last[0].length;
  if (end - first.index < minimumRunLength) return text;
  return text.slice(0, first.index) + mask + text.slice(end);
}

/** Random text mixes upper and lower case and changes between letter cases and digits all the time. */
function looksRandom(part: string): boolean {
  const text = decodePercent(part).replace(guid, ' ').replace(hexId, ' ');
  if (!/[a-z]/.test(text) || !/[A-Z]/.test(text)) return false;
  const words = text.match(word) ?? [];
  return words.join('').length < minimumMeanWordLength * words.length;
}

function decodePercent(text: string): string {
  return text.replace(/%([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/**
 * Lets through what the contract names and nothing that looks like a secret: stray keys, undefined values and
 * non-finite measurements are dropped, every property passes {@link redact}. Emitting never throws.
 */
export function redactingTelemetry(inner: Telemetry): Telemetry {
  return {
    emit(event) {
      try {
        const clean = redactEvent(event);
        if (clean !== undefined) inner.emit(clean);
      } catch {
        // Telemetry must not break a sweep, and an error here could quote the very text it was to mask.
      }
    },
    flush: (limitMilliseconds) => inner.flush(limitMilliseconds),
  };
}

function redactEvent(event: TelemetryEvent): TelemetryEvent | undefined {
  const fields = eventFields(event);
  if (fields === undefined) return undefined;
  const properties = Object.fromEntries(
    Object.entries(fields.properties).map(([key, value]) => [key, redact(value)]),
  );
  // The keys come from the contract of this very name, which the compiler cannot follow.
  return { name: event.name, properties, measurements: fields.measurements } as TelemetryEvent;
}
