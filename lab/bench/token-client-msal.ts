import { ConfidentialClientApplication } from '@azure/msal-node';
import { ensureToken, type Redeem, type RedemptionSubject } from './token-clients.ts';

/** One application object for all redemptions; the authority's metadata is given, so that it asks for none. */
export function createMsalClient(subject: RedemptionSubject): Redeem {
  const { clientId, clientSecret, refreshToken, scope, origin, tenant } = subject;
  const authority = `${origin}/${tenant}`;
  const authorityMetadata = JSON.stringify({
    issuer: `${authority}/v2.0`,
    authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
    token_endpoint: `${authority}/oauth2/v2.0/token`,
    jwks_uri: `${authority}/discovery/v2.0/keys`,
  });
  const knownAuthorities = [new URL(origin).host];
  const application = new ConfidentialClientApplication({
    auth: { clientId, clientSecret, authority, knownAuthorities, authorityMetadata },
  });
  return async () => {
    const result = await application.acquireTokenByRefreshToken({ refreshToken, scopes: [scope] });
    ensureToken(result?.accessToken);
  };
}
