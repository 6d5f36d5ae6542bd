import { type EntraRefusal, refusal } from './refusal.ts';

/** A compact JWS, taken apart (RFC 7515 section 3.1). */
export interface Jwt {
  readonly token: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** What the signature is over. */
  readonly signed: Buffer;
  readonly signature: Buffer;
}

/** Undefined for anything that is no JWT. */
export function parseJwt(token: string): Jwt | undefined {
  const [head = '', body = '', signature, ...more] = token.split('.');
  if (signature === undefined || more.length > 0) return undefined;
  const header = parsePart(head);
  const claims = parsePart(body);
  if (header === undefined || claims === undefined) return undefined;
  return {
    token,
    header,
    claims,
    signed: Buffer.from(`${head}.${body}`),
    signature: Buffer.from(signature, 'base64url'),
  };
}

function parsePart(part: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** assumed: clocks may differ by five minutes. */
const toleranceSeconds = 300;

/** Why an assertion counts too early or too late; undefined when it counts now. */
export function timeFault({ claims }: Jwt, nowMilliseconds: number): EntraRefusal | undefined {
  const now = nowMilliseconds / 1000;
  const { nbf, exp } = claims;
  if (typeof nbf !== 'number' || typeof exp !== 'number') return refusal(50027, 'Invalid JWT token.');
  if (nbf <= now + toleranceSeconds && now < exp + toleranceSeconds) return undefined;
  const time = (seconds: number) => new Date(seconds * 1000).toISOString();
  return refusal(
    700024,
    `Client assertion is not within its valid time range. Current time: ${time(now)}, assertion valid from ` +
      `${time(nbf)}, expiry time of assertion ${time(exp)}.`,
  );
}
