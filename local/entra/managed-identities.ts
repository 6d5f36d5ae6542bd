import type { User } from '../../src/accounts/entra-ids.ts';
import type { EpochSeconds } from '../../src/time.ts';
import type { FederatedCredential } from './clients.ts';

/** A managed identity, by its tenant and the object id of its service principal. */
export type ManagedIdentityPrincipal = User;

interface IdentityTokenRequest {
  readonly identity: ManagedIdentityPrincipal;
  readonly audience: string;
  readonly now: EpochSeconds;
  /** Default: 24 hours. */
  readonly lifetimeSeconds?: number;
}

/** Who issues a managed identity's tokens (Entra: configure an application to trust a managed identity). */
function issuerOf({ tenantId }: ManagedIdentityPrincipal): string {
  return `https://login.microsoftonline.com/${tenantId}/v2.0`;
}

/** The claims of a managed identity's token. assumed: `aud` is the audience as it was asked for; `idtyp` is there. */
export function identityClaims(request: IdentityTokenRequest): Readonly<Record<string, string | number>> {
  const { identity, audience, now, lifetimeSeconds = 86_400 } = request;
  return {
    aud: audience,
    iss: issuerOf(identity),
    sub: identity.objectId,
    oid: identity.objectId,
    tid: identity.tenantId,
    idtyp: 'app',
    iat: now,
    nbf: now,
    exp: now + lifetimeSeconds,
  };
}

/** The federated identity credential by which a client trusts a managed identity. */
export function federatedCredentialOf(
  identity: ManagedIdentityPrincipal,
  audience = 'api://AzureADTokenExchange',
): FederatedCredential {
  return { issuer: issuerOf(identity), subject: identity.objectId, audience };
}
