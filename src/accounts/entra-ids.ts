const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** True for a GUID in either case. */
export function isGuid(value: unknown): value is string {
  return typeof value === 'string' && guid.test(value);
}

/** A tenant as it stands in the endpoint's path, in lower case. Only {@link parseTenant} makes one. */
export type Tenant = string & { readonly parsed: 'Tenant' };

const domainLabel = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const domainName = new RegExp(`^(?=.{1,253}$)${domainLabel}(?:\\.${domainLabel})+$`);
const sharedTenants: ReadonlySet<string> = new Set(['common', 'organizations', 'consumers']);

/** The tenant of all personal Microsoft accounts (Entra: OpenID Connect protocol). */
const personalTenants: ReadonlySet<string> = new Set(['consumers', '9188040d-6c67-4c5b-b112-36a304b66dad']);

/** Reads a tenant id (GUID), a domain name, `common`, `organizations` or `consumers`; undefined for all else. */
export function parseTenant(text: string): Tenant | undefined {
  const tenant = text.toLowerCase();
  const known = sharedTenants.has(tenant) || isGuid(tenant) || domainName.test(tenant);
  return known ? (tenant as Tenant) : undefined;
}

/** True when only personal Microsoft accounts sign in to this tenant. */
export function isPersonalTenant(tenant: Tenant): boolean {
  return personalTenants.has(tenant);
}

/** A user of Entra: a tenant and his object id there, in lower case; his home tenant unless said otherwise. */
export interface User {
  readonly tenantId: string;
  readonly objectId: string;
}

/** Entra writes GUIDs in either case. */
export function sameUser(a: User, b: User): boolean {
  return sameText(a.tenantId, b.tenantId) && sameText(a.objectId, b.objectId);
}

const sameText = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** The only user whose tokens may follow. */
export interface Pin extends User {
  /**
   * `home`: the ids of his home tenant, from `client_info` or the registration. `provisional`: the ids of an id token,
   * which are those of the issuing tenant. Absent: pinned by a version of the app that did not tell them apart.
   */
  readonly ids?: 'home' | 'provisional';
}

/** A pin by the ids of the user's home tenant. */
export const homePin = ({ tenantId, objectId }: User): Pin => ({ tenantId, objectId, ids: 'home' });

/** The ids that name the pinned user wherever he signs in; undefined while nobody knows them. */
export function homeOf(pin: Pin | undefined): User | undefined {
  return pin?.ids === 'home' ? pin : undefined;
}

/**
 * Whether a user of these home ids can be the pinned one. Ids that may be those of a guest account say nothing of another
 * tenant's; within one tenant a user has one object id.
 */
export function canBe(pin: Pin, home: User): boolean {
  return sameUser(pin, home) || (pin.ids !== 'home' && !sameText(pin.tenantId, home.tenantId));
}

/**
 * The pin after an answer.
 *
 * @param home whom `client_info` names; without a readable one the pin stays, and the answer is nobody else's
 */
export function nextPin(pin: Pin | undefined, home: User | undefined): Pin | undefined | 'other_user' {
  if (home === undefined) return pin;
  return pin === undefined || canBe(pin, home) ? homePin(home) : 'other_user';
}
