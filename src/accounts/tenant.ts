import { isGuid } from './guid.ts';

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
