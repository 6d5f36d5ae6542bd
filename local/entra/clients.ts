import type { EpochSeconds } from '../../src/time.ts';
import { personalTenantId } from './grants.ts';
import { type EntraRefusal, refusal } from './refusal.ts';

export interface ClientSecret {
  readonly value: string;
  /** Default: never. */
  readonly expiresAt?: EpochSeconds;
}

/** What a client trusts in place of a secret, in the words of a federated identity credential. */
export interface FederatedCredential {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

/** Who may sign in, in the words of the application manifest. */
type SignInAudience =
  | 'AzureADMyOrg'
  | 'AzureADMultipleOrgs'
  | 'AzureADandPersonalMicrosoftAccount'
  | 'PersonalMicrosoftAccount';

export interface ClientRegistration {
  readonly clientId: string;
  /** None: no secret is accepted. */
  readonly secrets: readonly ClientSecret[];
  /** Uploaded certificates, in PEM without their keys. Default: none. */
  readonly certificates?: readonly string[];
  /** Default: none. */
  readonly federatedCredentials?: readonly FederatedCredential[];
  /** Default: `AzureADandPersonalMicrosoftAccount`. */
  readonly signInAudience?: SignInAudience;
  /** The tenants where the client is installed. Default: every tenant. */
  readonly tenants?: readonly string[];
  /** Where codes may be sent, of the platform web. Default: none. */
  readonly redirectUris?: readonly string[];
  /** Where codes may be sent, of the platform mobile and desktop applications. Default: none. */
  readonly nativeRedirectUris?: readonly string[];
  /** The delegated permissions in its manifest, full names: what a consent on v1 or by `.default` covers. Default: none. */
  readonly permissions?: readonly string[];
}

/** The app registrations, mutable: secrets expire, clients go. Ids are compared without regard to case. */
export class ClientRegistry {
  readonly #clients = new Map<string, ClientRegistration>();
  readonly #tenants = new Set<string>();

  /** Registers or replaces a client. */
  set(client: ClientRegistration): void {
    this.#clients.set(client.clientId.toLowerCase(), client);
    for (const tenant of client.tenants ?? []) this.#tenants.add(tenant.toLowerCase());
  }

  remove(clientId: string): void {
    this.#clients.delete(clientId.toLowerCase());
  }

  get(clientId: string): ClientRegistration | undefined {
    return this.#clients.get(clientId.toLowerCase());
  }

  /** Whether any client is installed in the tenant by name. */
  knowsTenant(tenant: string): boolean {
    return this.#tenants.has(tenant);
  }

  /** Lets every secret of a client, or one of them, end at a moment. Throws TypeError for an unknown client. */
  expireSecret(clientId: string, at: EpochSeconds, value?: string): void {
    const client = this.get(clientId);
    if (client === undefined) throw new TypeError(`no client ${clientId} is registered`);
    const secrets = client.secrets.map((secret) =>
      value === undefined || secret.value === value ? { ...secret, expiresAt: at } : secret,
    );
    this.set({ ...client, secrets });
  }

  /** The client as seen from a tenant's endpoint, or why it cannot be used there. */
  find(clientId: string, tenant: string): ClientRegistration | EntraRefusal {
    const client = this.get(clientId);
    if (client === undefined) return notFound(clientId, tenant);
    return checkAudience(client, tenant) ?? client;
  }
}

const sharedTenants: ReadonlySet<string> = new Set(['common', 'organizations', 'consumers']);

/** `common`, `organizations`, `consumers`: paths that name no one tenant. */
export function isSharedTenant(tenant: string): boolean {
  return sharedTenants.has(tenant);
}

function checkAudience(client: ClientRegistration, tenant: string): EntraRefusal | undefined {
  const audience = client.signInAudience ?? 'AzureADandPersonalMicrosoftAccount';
  const forPersonal = tenant === 'consumers' || tenant === personalTenantId;
  if (audience === 'PersonalMicrosoftAccount') return forPersonal ? undefined : personalOnly(client);
  if (forPersonal) return audience.includes('Personal') ? undefined : workOnly(client);
  if (isSharedTenant(tenant)) return audience === 'AzureADMyOrg' ? singleTenant(client) : undefined;
  return isInstalled(client, tenant) ? undefined : notFound(client.clientId, tenant);
}

function isInstalled(client: ClientRegistration, tenant: string): boolean {
  return client.tenants?.some((installed) => installed.toLowerCase() === tenant) ?? true;
}

function notFound(clientId: string, tenant: string): EntraRefusal {
  return refusal(
    700016,
    `Application with identifier '${clientId}' was not found in the directory '${tenant}'. This can happen if ` +
      'the application has not been installed by the administrator of the tenant or consented to by any user ' +
      'in the tenant. You may have sent your authentication request to the wrong tenant.',
  );
}

function personalOnly(client: ClientRegistration): EntraRefusal {
  return refusal(
    9002331,
    `Application '${client.clientId}' is configured for use by Microsoft Account users only. ` +
      'Please use the /consumers endpoint to serve this request.',
  );
}

function workOnly(client: ClientRegistration): EntraRefusal {
  return refusal(
    9002332,
    `Application '${client.clientId}' is configured for use by Azure Active Directory users only. ` +
      'Please do not use the /consumers endpoint to serve this request.',
  );
}

function singleTenant(client: ClientRegistration): EntraRefusal {
  return refusal(
    50194,
    `Application '${client.clientId}' is not configured as a multi-tenant application. ` +
      'Usage of the /common endpoint is not supported for such apps. Use a tenant-specific endpoint.',
  );
}
