import { sameUser, type User } from '../../src/accounts/entra-ids.ts';

/** The tenant of all personal accounts. */
export const personalTenantId = '9188040d-6c67-4c5b-b112-36a304b66dad';

/** Of an issuing tenant's ids: a personal account that is a guest has a work tenant's tokens. */
export function isPersonal(user: User): boolean {
  return user.tenantId.toLowerCase() === personalTenantId;
}

/** Of a redirect URI: `native` stands for mobile and desktop applications, which are public clients. */
export type Platform = 'web' | 'spa' | 'native';

/** What a user consented to for one client. */
export interface Consent {
  readonly clientId: string;
  /** The tenant of the authorize request; default: the user's own. */
  readonly tenant?: string;
  /** By his home tenant's ids. */
  readonly user: User;
  /** By the ids of the tenant that issues the tokens, which are others for a guest. Default: `user`. */
  readonly profile?: User;
  /** Of v2, with or without `offline_access`. Give these or `resource`, or both. */
  readonly scopes?: readonly string[];
  /** Of v1. */
  readonly resource?: string;
  /** The redirect URI's platform. Default: `web`. */
  readonly platform?: Platform;
}

/** How often a grant was asked for, by any of its refresh tokens. */
export interface RedemptionCounts {
  readonly succeeded: number;
  readonly refused: number;
}

/** A consent and what became of it. */
export interface EntraGrant {
  readonly id: string;
  readonly clientId: string;
  readonly tenant: string;
  readonly user: User;
  readonly profile: User;
  /** Full scope names. */
  readonly scopes: readonly string[];
  readonly resource: string | undefined;
  readonly platform: Platform;
  /** The number by which the grant is refused since it was ended. */
  endedBy: number | undefined;
  endedAtMilliseconds: number;
  /** Refresh tokens issued so far; the newest one's serial. */
  serial: number;
  succeeded: number;
  refused: number;
}

/** All grants ever given, dead ones too: one entry a consent, none for a refresh token. */
export class GrantStore {
  readonly #grants = new Map<string, EntraGrant>();
  readonly #tenants = new Set<string>();
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Throws TypeError without scopes. */
  add(consent: Consent): EntraGrant {
    const scopes = consentedScopes(consent);
    if (scopes.length === 0) throw new TypeError('a consent needs scopes or a resource');
    const grant: EntraGrant = {
      id: this.#newId(),
      clientId: consent.clientId.toLowerCase(),
      tenant: (consent.tenant ?? consent.user.tenantId).toLowerCase(),
      user: consent.user,
      profile: consent.profile ?? consent.user,
      scopes,
      resource: consent.resource,
      platform: consent.platform ?? 'web',
      endedBy: undefined,
      endedAtMilliseconds: 0,
      serial: 0,
      succeeded: 0,
      refused: 0,
    };
    this.#grants.set(grant.id, grant);
    this.#tenants
      .add(grant.tenant)
      .add(grant.user.tenantId.toLowerCase())
      .add(grant.profile.tenantId.toLowerCase());
    return grant;
  }

  get(id: string): EntraGrant | undefined {
    return this.#grants.get(id);
  }

  of(user: User): EntraGrant[] {
    return [...this.#grants.values()].filter((grant) => sameUser(grant.user, user));
  }

  /** Whether any consent made the tenant known. */
  knowsTenant(tenant: string): boolean {
    return this.#tenants.has(tenant);
  }

  #newId(): string {
    for (;;) {
      const id = Math.floor(1 + this.#random() * (2 ** 48 - 1)).toString(36);
      if (!this.#grants.has(id)) return id;
    }
  }
}

/** assumed: a v1 resource stands for its `user_impersonation`. */
export function scopeOfResource(resource: string): string {
  return `${resource}/user_impersonation`;
}

/** Full scope names. */
export function consentedScopes(consent: Consent): readonly string[] {
  const fromResource = consent.resource === undefined ? [] : [scopeOfResource(consent.resource)];
  return [...(consent.scopes ?? []), ...fromResource];
}
