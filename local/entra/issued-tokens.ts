import { decodeOpaqueToken, encodeOpaqueToken } from './opaque-token.ts';

/** What a refresh token of this emulator says about itself. */
export interface RefreshTokenFacts {
  readonly grantId: string;
  readonly issuedAtMilliseconds: number;
  /** How many redemptions lie between the consent and this token. */
  readonly generation: number;
  /** The grant's count of issued refresh tokens; tells two tokens of one generation apart. */
  readonly serial: number;
}

/** What an access token of this emulator says about itself. */
interface AccessTokenFacts {
  readonly grantId: string;
  readonly issuedAtMilliseconds: number;
  readonly expiresAtMilliseconds: number;
}

// Two kinds of prefix, so that neither token is taken for the other. Clients must not look at them.
const refreshPrefix = '1.A';
const accessPrefix = 'EwB';

export function encodeRefreshToken(facts: RefreshTokenFacts, length: number): string {
  const grant = Number.parseInt(facts.grantId, 36);
  return encodeOpaqueToken(
    refreshPrefix,
    [grant, facts.issuedAtMilliseconds, facts.generation, facts.serial],
    length,
  );
}

/** Undefined for text that no instance issued, or that was damaged since. */
export function decodeRefreshToken(token: string): RefreshTokenFacts | undefined {
  const [grant, issuedAtMilliseconds, generation, serial] = decodeOpaqueToken(refreshPrefix, token) ?? [];
  if (grant === undefined || issuedAtMilliseconds === undefined) return undefined;
  if (generation === undefined || serial === undefined) return undefined;
  return { grantId: grant.toString(36), issuedAtMilliseconds, generation, serial };
}

/** `serial` makes every token of one grant different. */
export function encodeAccessToken(facts: AccessTokenFacts, serial: number, length: number): string {
  const grant = Number.parseInt(facts.grantId, 36);
  return encodeOpaqueToken(
    accessPrefix,
    [grant, facts.issuedAtMilliseconds, facts.expiresAtMilliseconds, serial],
    length,
  );
}

/** Undefined for text that no instance issued, or that was damaged since. */
export function decodeAccessToken(token: string): AccessTokenFacts | undefined {
  const [grant, issuedAtMilliseconds, expiresAtMilliseconds] = decodeOpaqueToken(accessPrefix, token) ?? [];
  if (grant === undefined || issuedAtMilliseconds === undefined || expiresAtMilliseconds === undefined) {
    return undefined;
  }
  return { grantId: grant.toString(36), issuedAtMilliseconds, expiresAtMilliseconds };
}
