import { tokenEndpointUrl } from '../oauth/authority.ts';
import type { ClientAuthentication } from '../oauth/client-authentication.ts';
import { nowSeconds } from '../time.ts';
import type { Credential } from './credential.ts';
import type { RefreshEnvironment } from './environment.ts';
import type { PreparedAccount } from './prepare-account.ts';

/** How the client proves itself with a credential at its account's token endpoint, now. */
export async function authenticate(
  environment: RefreshEnvironment,
  account: PreparedAccount,
  credential: Credential,
): Promise<ClientAuthentication> {
  switch (credential.method) {
    case 'client_secret':
      return { method: 'client_secret', secret: credential.secret.value };
    case 'certificate':
      return { method: 'client_assertion', assertion: await assertionOf(environment, account, credential) };
    case 'managed_identity': {
      // A sweep may outlast the token that it began with; the SDK keeps one until shortly before its end.
      const renewed = environment.identityToken(credential.audience);
      return { method: 'client_assertion', assertion: await renewed.catch(() => credential.token) };
    }
    default:
      return credential satisfies never;
  }
}

/** Signed anew for each request: a server may refuse a `jti` that it has seen (RFC 7523 section 3, item 7). */
function assertionOf(
  { clock, createId, signAssertion }: RefreshEnvironment,
  { authority, registration }: PreparedAccount,
  { certificate, algorithm }: Extract<Credential, { method: 'certificate' }>,
) {
  const { clientId, tenant, tokens } = registration;
  const audience = tokenEndpointUrl(authority, tenant, tokens[0].audience.endpoint);
  const now = nowSeconds(clock);
  return signAssertion({ certificate, algorithm, clientId, audience, now, id: createId() });
}
