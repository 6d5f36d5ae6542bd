import type { User } from '../../src/accounts/entra-ids.ts';
import { CodeStore } from './authorization-codes.ts';
import { ClientRegistry, isSharedTenant } from './clients.ts';
import { type EntraGrant, GrantStore, personalTenantId } from './grants.ts';
import { decodeRefreshToken } from './issued-tokens.ts';
import { checkAlive, invalidGrant, type PresentedToken } from './refresh-token-checks.ts';
import type { EntraRefusal } from './refusal.ts';
import { UserRegistry, userKey } from './users.ts';

/** How refresh tokens live. */
interface RefreshTokenPolicy {
  readonly lifetimeMilliseconds: number;
  /** True: only the newest refresh token of a grant is accepted. */
  readonly strictRotation: boolean;
  /** Under strict rotation: a spent refresh token ends the whole grant. */
  readonly revokeFamilyOnReplay: boolean;
}

/** Who exists and who consented to what: clients, users, codes, grants. */
export class Directory {
  readonly clients = new ClientRegistry();
  readonly users = new UserRegistry();
  readonly codes: CodeStore;
  readonly grants: GrantStore;
  readonly #policy: RefreshTokenPolicy;
  readonly #refusedUsers = new Map<string, number>();

  constructor(policy: RefreshTokenPolicy, random: () => number) {
    this.#policy = policy;
    this.grants = new GrantStore(random);
    this.codes = new CodeStore(random);
  }

  /** Refuses everything of a user by a number, or with undefined nothing any more. */
  refuseUser(user: User, code: number | undefined): void {
    if (code === undefined) this.#refusedUsers.delete(userKey(user));
    else this.#refusedUsers.set(userKey(user), code);
  }

  /** The number by which everything of a user is refused; undefined when nothing is. */
  userRefusedBy(user: User): number | undefined {
    return this.#refusedUsers.get(userKey(user));
  }

  /** Ends the given grants for good. */
  end(grants: readonly EntraGrant[], code: number, nowMilliseconds: number): void {
    for (const grant of grants) {
      grant.endedBy = code;
      grant.endedAtMilliseconds = nowMilliseconds;
    }
  }

  knowsTenant(tenant: string): boolean {
    if (isSharedTenant(tenant) || tenant === personalTenantId) return true;
    if (this.users.tenantId(tenant) !== undefined) return true;
    return this.grants.knowsTenant(tenant) || this.clients.knowsTenant(tenant);
  }

  /** A refresh token with its grant; undefined when either is unknown. */
  presented(refreshToken: string): PresentedToken | undefined {
    const facts = decodeRefreshToken(refreshToken);
    const grant = facts === undefined ? undefined : this.grants.get(facts.grantId);
    return facts === undefined || grant === undefined ? undefined : { facts, grant };
  }

  /** Why the refresh token is not accepted; undefined when it is. Changes nothing. */
  refusalOf(presented: PresentedToken, nowMilliseconds: number): EntraRefusal | undefined {
    return checkAlive(presented, {
      nowMilliseconds,
      lifetimeMilliseconds: this.#policy.lifetimeMilliseconds,
      strictRotation: this.#policy.strictRotation,
      userRefusedBy: this.userRefusedBy(presented.grant.user),
    });
  }

  /** As {@link refusalOf}, for a real use: a replay may end the grant. */
  use(presented: PresentedToken, nowMilliseconds: number): EntraRefusal | undefined {
    const refused = this.refusalOf(presented, nowMilliseconds);
    const spent = this.#policy.strictRotation && presented.facts.serial !== presented.grant.serial;
    if (spent && this.#policy.revokeFamilyOnReplay) {
      this.end([presented.grant], invalidGrant.code, nowMilliseconds);
    }
    return refused;
  }
}
