import type { Sensitive } from '../sensitive.ts';
import type { FormParameter } from './token-request.ts';

/** How the client (app registration) proves itself in one request. */
export type ClientAuthentication =
  /** client_secret_post (RFC 6749 section 2.3.1). */
  | { readonly method: 'client_secret'; readonly secret: Sensitive }
  /**
   * private_key_jwt (OpenID Connect Core section 9), or a managed identity's token for a federated identity
   * credential (Entra: workload identity federation); both are JWT client assertions (RFC 7523 section 2.2).
   */
  | { readonly method: 'client_assertion'; readonly assertion: Sensitive }
  /** A public client, which Entra refuses when it sends a proof (AADSTS700025). */
  | { readonly method: 'none' };

const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** The form parameters by which the client authenticates, not yet encoded. */
export function clientAuthenticationParameters(authentication: ClientAuthentication): FormParameter[] {
  switch (authentication.method) {
    case 'client_secret':
      return [['client_secret', authentication.secret]];
    case 'client_assertion':
      return [
        ['client_assertion_type', jwtBearer],
        ['client_assertion', authentication.assertion],
      ];
    case 'none':
      return [];
    default:
      return authentication satisfies never;
  }
}
