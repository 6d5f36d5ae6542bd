import { parseTenant } from '../../src/accounts/entra-ids.ts';
import { parseAuthority } from '../../src/oauth/authority.ts';
import { judge } from '../../src/oauth/judge.ts';
import { UndiciTokenEndpoint } from '../../src/oauth/token-endpoint-client.ts';
import { buildTokenRequest, clientSecretPost } from '../../src/oauth/token-request.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { nowSeconds, systemClock } from '../../src/time.ts';
import { ensureToken, openConnections, type Redeem, type RedemptionSubject } from './token-clients.ts';

/** Request built, sent and judged, as a sweep does it. */
export function createOwnClient(subject: RedemptionSubject): Redeem {
  const parsed = parseAuthority(subject.origin, { allowLoopback: true });
  const tenant = parseTenant(subject.tenant);
  if (parsed.kind === 'fault' || tenant === undefined) throw new TypeError('the subject cannot be used');
  const { authority } = parsed;
  const { clientId, scope } = subject;
  const endpoint = new UndiciTokenEndpoint({ connections: openConnections });
  const user = { tenantId: subject.tenant, objectId: '00000000-0000-4000-8000-000000000001' };
  return async () => {
    const request = buildTokenRequest({
      authority,
      tenant,
      clientId,
      clientAuthentication: clientSecretPost(new Sensitive(subject.clientSecret)),
      grant: { type: 'refresh_token', refreshToken: new Sensitive(subject.refreshToken) },
      audience: { endpoint: 'v2', scopes: [scope] },
      attemptId: crypto.randomUUID(),
      user,
    });
    const outcome = judge(await endpoint.send(request), nowSeconds(systemClock));
    ensureToken(outcome.kind === 'refreshed' ? outcome.grant.accessToken.reveal() : undefined);
  };
}
