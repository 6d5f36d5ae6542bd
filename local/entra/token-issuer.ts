import type { EntraGrant } from './grants.ts';
import { encodeAccessToken, encodeRefreshToken } from './issued-tokens.ts';

interface TokenIssuerOptions {
  readonly accessTokenLifetimeSeconds: () => number;
  /** Characters, about. */
  readonly accessTokenLength: number;
  /** Characters, about. */
  readonly refreshTokenLength: number;
}

/** 3600 to 5399 seconds for a `random` over [0, 1) (Entra: access tokens, random between 60 and 90 minutes). */
export function accessTokenLifetimeSeconds(random: number): number {
  return 3600 + Math.floor(random * 1800);
}

/** Makes tokens; stores only the count of them on the grant. */
export class TokenIssuer {
  readonly #options: TokenIssuerOptions;

  constructor(options: TokenIssuerOptions) {
    this.#options = options;
  }

  /** A new refresh token of the grant, now its newest. */
  refreshToken(grant: EntraGrant, generation: number, nowMilliseconds: number): string {
    grant.serial += 1;
    return encodeRefreshToken(
      {
        grantId: grant.id,
        issuedAtMilliseconds: Math.floor(nowMilliseconds),
        generation,
        serial: grant.serial,
      },
      this.#options.refreshTokenLength,
    );
  }

  accessToken(grant: EntraGrant, nowMilliseconds: number): { accessToken: string; lifetimeSeconds: number } {
    const lifetimeSeconds = this.#options.accessTokenLifetimeSeconds();
    const issuedAtMilliseconds = Math.floor(nowMilliseconds);
    const expiresAtMilliseconds = issuedAtMilliseconds + lifetimeSeconds * 1000;
    const accessToken = encodeAccessToken(
      { grantId: grant.id, issuedAtMilliseconds, expiresAtMilliseconds },
      grant.serial + grant.succeeded,
      this.#options.accessTokenLength,
    );
    return { accessToken, lifetimeSeconds };
  }
}
