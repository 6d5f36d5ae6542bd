import { Agent, request } from 'undici';
import { ensureToken, openConnections, type Redeem, type RedemptionSubject } from './token-clients.ts';

/** The form encoded, sent, and the answer parsed as JSON: what no client can do without. */
export function createBareClient(subject: RedemptionSubject): Redeem {
  const dispatcher = new Agent({ connections: openConnections });
  const url = `${subject.origin}/${subject.tenant}/oauth2/v2.0/token`;
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
  return async () => {
    const form = new URLSearchParams({
      client_id: subject.clientId,
      grant_type: 'refresh_token',
      refresh_token: subject.refreshToken,
      scope: `${subject.scope} openid profile offline_access`,
      client_info: '1',
      client_secret: subject.clientSecret,
    });
    const { body } = await request(url, { dispatcher, method: 'POST', headers, body: form.toString() });
    const { access_token: token } = (await body.json()) as { readonly access_token?: unknown };
    ensureToken(token);
  };
}
