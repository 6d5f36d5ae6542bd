import type { Audience } from '../accounts/access-token-secret.ts';
import { isGuid, type Tenant, type User } from '../accounts/entra-ids.ts';
import { product } from '../http/product.ts';
import type { Sensitive } from '../sensitive.ts';
import { type Authority, tokenEndpointUrl } from './authority.ts';
import { requestedScope } from './scopes.ts';

/** A request to a token endpoint. Secrets stay sealed until the endpoint client encodes the form, once. */
export interface TokenRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly form: ReadonlyArray<readonly [name: string, value: string | Sensitive]>;
}

type FormParameter = TokenRequest['form'][number];

/** How the client (app registration) proves itself in one request: form parameters, not yet encoded. */
export type ClientAuthentication = readonly FormParameter[];

/** client_secret_post (RFC 6749 section 2.3.1). */
export const clientSecretPost = (secret: Sensitive): ClientAuthentication => [['client_secret', secret]];

/**
 * private_key_jwt (OpenID Connect Core section 9), or a managed identity's token for a federated identity credential
 * (Entra: workload identity federation); both are JWT client assertions (RFC 7523 section 2.2).
 */
export const clientAssertion = (assertion: Sensitive): ClientAuthentication => [
  ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
  ['client_assertion', assertion],
];

/** A public client, which Entra refuses when it sends a proof (AADSTS700025). */
export const noAuthentication: ClientAuthentication = [];

/** What is redeemed: a refresh token (RFC 6749 section 6), or the code of a consent (section 4.1.3, RFC 7636). */
export type Grant =
  | { readonly type: 'refresh_token'; readonly refreshToken: Sensitive }
  | {
      readonly type: 'authorization_code';
      readonly code: Sensitive;
      /** Exactly as in the authorize request. */
      readonly redirectUri: string;
      readonly codeVerifier: Sensitive;
    };

export interface TokenRequestInput {
  readonly authority: Authority;
  readonly tenant: Tenant;
  readonly clientId: string;
  readonly clientAuthentication: ClientAuthentication;
  readonly grant: Grant;
  readonly audience: Audience;
  /** A new GUID for each attempt; Entra returns it as correlation id. */
  readonly attemptId: string;
  /** Lets Entra route the request to where the user's data lives. */
  readonly user?: User;
}

/** The request that redeems a grant (Entra: v2 auth code flow; v1 protocols: OAuth code). Encodes nothing. */
export function buildTokenRequest(input: TokenRequestInput): TokenRequest {
  return {
    url: tokenEndpointUrl(input.authority, input.tenant, input.audience.endpoint),
    headers: requestHeaders(input.attemptId, input.user),
    form: [
      ['client_id', input.clientId],
      ...grantParameters(input.grant),
      audienceParameter(input.audience),
      // Asks for `client_info`, which names the user.
      ['client_info', '1'],
      ...input.clientAuthentication,
    ],
  };
}

function grantParameters(grant: Grant): FormParameter[] {
  switch (grant.type) {
    case 'refresh_token':
      return [
        ['grant_type', 'refresh_token'],
        ['refresh_token', grant.refreshToken],
      ];
    case 'authorization_code':
      return [
        ['grant_type', 'authorization_code'],
        ['code', grant.code],
        ['redirect_uri', grant.redirectUri],
        ['code_verifier', grant.codeVerifier],
      ];
  }
}

function audienceParameter(audience: Audience): FormParameter {
  switch (audience.endpoint) {
    case 'v2':
      return ['scope', requestedScope(audience.scopes)];
    case 'v1':
      return ['resource', audience.resource];
  }
}

// Never `Origin`: Entra then takes the client for a browser app and refuses its secret (AADSTS9002326).
function requestHeaders(attemptId: string, user: User | undefined): Record<string, string> {
  const headers: Record<string, string> = {
    Accept: 'application/json',
    'Content-Type': 'application/x-www-form-urlencoded',
    'client-request-id': attemptId,
    'return-client-request-id': 'true',
    'x-client-SKU': product.name,
    'x-client-Ver': product.version,
    // Says that this client honours Retry-After and 429 (MSAL.NET: ThrottleCommon).
    'x-ms-lib-capability': 'retry-after, h429',
  };
  // Read from a tag, which people can write; without the header Entra only takes a longer way.
  if (isGuid(user?.tenantId) && isGuid(user.objectId))
    headers['X-AnchorMailbox'] = `Oid:${user.objectId}@${user.tenantId}`;
  return headers;
}
