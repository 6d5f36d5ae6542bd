import type { Sensitive } from '../sensitive.ts';
import type { FormParameter } from './token-request.ts';

/**
 * How the client (app registration) proves itself. A certificate (private_key_jwt) or a managed identity's
 * federated credential becomes a further member; every switch over `method` then stops compiling.
 */
export type ClientAuthentication = {
  /** client_secret_post (RFC 6749 section 2.3.1). */
  readonly method: 'client_secret';
  readonly secret: Sensitive;
};

/** The form parameters by which the client authenticates, not yet encoded. */
export function clientAuthenticationParameters(authentication: ClientAuthentication): FormParameter[] {
  switch (authentication.method) {
    case 'client_secret':
      return [['client_secret', authentication.secret]];
  }
}
