import type { User } from '../../src/accounts/entra-ids.ts';
import { isPersonal, personalTenantId } from './grants.ts';

/** A user as the sign-in page and id tokens show him. Personal accounts have the personal tenant. */
export interface DirectoryUser extends User {
  readonly displayName: string;
  /** `adele.vance@contoso.example`; its domain also names the tenant in paths. */
  readonly userPrincipalName: string;
  /** The tenants that have invited him (Entra: B2B collaboration), each with the object id that he has there. */
  readonly guestIn?: readonly User[];
}

/** Both ids in lower case. */
export function userKey(user: User): string {
  return `${user.objectId}@${user.tenantId}`.toLowerCase();
}

/** The users who can sign in, mutable. */
export class UserRegistry {
  readonly #users = new Map<string, DirectoryUser>();
  readonly #tenants = new Set<string>();
  readonly #tenantByDomain = new Map<string, string>();

  /** Registers or replaces a user. */
  set(user: DirectoryUser): void {
    const tenant = user.tenantId.toLowerCase();
    this.#users.set(userKey(user), user);
    for (const { tenantId } of [user, ...(user.guestIn ?? [])]) this.#tenants.add(tenantId.toLowerCase());
    this.#tenantByDomain.set(domainOf(user), tenant);
  }

  /** In the order of registration. */
  all(): readonly DirectoryUser[] {
    return [...this.#users.values()];
  }

  /** By {@link userKey}. */
  get(key: string): DirectoryUser | undefined {
    return this.#users.get(key);
  }

  /**
   * The user as the tenant in a request's path knows him: with his own ids at home and on the shared paths, with others
   * where he is a guest. Undefined where nobody knows him.
   */
  profileIn(user: DirectoryUser, tenant: string): User | undefined {
    if (tenant === 'common') return user;
    if (tenant === 'organizations') return isPersonal(user) ? undefined : user;
    const id = tenant === 'consumers' ? personalTenantId : this.tenantId(tenant);
    return [user, ...(user.guestIn ?? [])].find(({ tenantId }) => tenantId.toLowerCase() === id);
  }

  /** The id of a tenant that is named by id or domain; undefined when no user lives there. */
  tenantId(tenant: string): string | undefined {
    return this.#tenants.has(tenant) ? tenant : this.#tenantByDomain.get(tenant);
  }
}

function domainOf({ userPrincipalName }: DirectoryUser): string {
  return userPrincipalName.slice(userPrincipalName.lastIndexOf('@') + 1).toLowerCase();
}
