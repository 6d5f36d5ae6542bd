import type { ClientRegistration } from './clients.ts';
import type { Platform } from './grants.ts';
import { type EntraRefusal, refusal } from './refusal.ts';

/** Why the code must not be sent there; undefined for a registered redirect URI. */
export function checkRedirectUri(
  client: ClientRegistration,
  redirectUri: string | undefined,
): EntraRefusal | undefined {
  const { redirectUris = [], nativeRedirectUris = [] } = client;
  if (redirectUris.length + nativeRedirectUris.length === 0) return noneRegistered;
  if (redirectUri === undefined) return noneGiven;
  const isRegistered = [redirectUris, nativeRedirectUris].some((uris) => includesUri(uris, redirectUri));
  return isRegistered ? undefined : notRegistered(client, redirectUri);
}

/** The platform under which a redirect URI is registered. assumed: web, where it is registered for both. */
export function platformOf({ redirectUris = [] }: ClientRegistration, redirectUri: string): Platform {
  return includesUri(redirectUris, redirectUri) ? 'web' : 'native';
}

function includesUri(registered: readonly string[], redirectUri: string): boolean {
  const wanted = withoutLoopbackPort(redirectUri);
  return registered.some((uri) => withoutLoopbackPort(uri) === wanted);
}

/**
 * Compared exactly and with regard to case, but for the port of http on localhost (Entra: redirect URI
 * restrictions). assumed: nor does the port of 127.0.0.1 matter (RFC 8252 section 7.3).
 */
function withoutLoopbackPort(redirectUri: string): string {
  return redirectUri.replace(/^(http:\/\/(?:localhost|127\.0\.0\.1)):\d+/, '$1');
}

const noneRegistered = refusal(500113, 'No reply address is registered for the application.');

/** assumed: also on v1, whose document only recommends the parameter. */
const noneGiven = refusal(900971, 'No reply address provided.');

function notRegistered(client: ClientRegistration, redirectUri: string): EntraRefusal {
  return refusal(
    50011,
    `The redirect URI '${redirectUri}' specified in the request does not match the redirect URIs configured ` +
      `for the application '${client.clientId}'. Make sure the redirect URI sent in the request matches one ` +
      'added to your application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to ' +
      'learn more about how to fix this.',
  );
}
