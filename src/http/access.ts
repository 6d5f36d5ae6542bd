/**
 * The room of HTTP: what every way in and the one way out share. It knows no other room.
 *
 * In: headers, queries and bodies of requests. Out: why one is refused (this file), the answer in the format that was
 * asked for (`answers`, `page`, `html`). `dispatcher` sends all that leaves the process, `origin` reads addresses.
 */

import { parseJsonObject } from '../json.ts';
import type { Reason } from '../reason.ts';

/** Why a request is refused, and the HTTP status that says so. */
export interface RequestRefusal extends Reason {
  readonly status: number;
}

/**
 * A function key in an address stays in histories, logs and referrers; undefined when there is none. The host takes it
 * under a name in any letter case, so all of them are refused.
 */
export function keyInUrl(query: URLSearchParams): RequestRefusal | undefined {
  if (![...query.keys()].some((name) => name.toLowerCase() === 'code')) return undefined;
  return {
    status: 400,
    code: 'key_in_url',
    cause: 'A function key does not belong into an address.',
    remedy: 'Send it in the header x-functions-key, and renew the key: it may stand in logs now.',
  };
}

const notSignedIn: RequestRefusal = {
  status: 401,
  code: 'not_signed_in',
  cause: 'The request brings no user whom the platform has signed in with Microsoft Entra.',
  remedy:
    'Open this page in a browser and sign in. Tools call /api/tools/status with a key in the header x-functions-key.',
};

const notProtected: RequestRefusal = {
  status: 403,
  code: 'authentication_off',
  cause: 'The platform’s authentication is switched off, so anybody could claim to be signed in.',
  remedy:
    'Switch on App Service authentication with Microsoft Entra for this app. Tools call /api/tools/status with a key in the header x-functions-key.',
};

/** What a browser says of the page that a request comes from. */
interface RequestSource {
  /** `Sec-Fetch-Site` (W3C: Fetch Metadata Request Headers). */
  readonly site: string | undefined;
  /** `Origin` (RFC 6454). */
  readonly origin: string | undefined;
}

/** `none` is what a person did: typed, bookmarked, reloaded. No page can bring it about. */
const ownSites: ReadonlySet<string> = new Set(['same-origin', 'none']);

/**
 * Whether a browser says that another site's page sent a request, which brings the cookies of whoever looks at it
 * (OWASP: Cross-Site Request Forgery Prevention, fetch metadata). Browsers from before March 2023 may say nothing but
 * the origin; what says neither is no browser, or one without a page to trick.
 *
 * @param publicUrl the app's origin as browsers see it
 */
export function isFromOtherSite({ site, origin }: RequestSource, publicUrl: string): boolean {
  return site === undefined ? origin !== undefined && origin !== publicUrl : !ownSites.has(site);
}

/** What the button of the status page answers to such a request. */
export const otherSite: RequestRefusal = {
  status: 403,
  code: 'other_site',
  cause: 'The request does not come from a page of this app.',
  remedy:
    'Open the status page itself and press the button there. If you did, update the browser, or ask the operator whether PUBLIC_URL is the address that you opened.',
};

/**
 * Where the platform signs a user in and then brings him back to the status page (App Service: Customize sign-ins and
 * sign-outs). The platform lets everybody through to the app, because most ways in have a guard of their own.
 *
 * @param search the query of the page that was asked for, with its `?`
 */
export function signInAddress(search: string): string {
  return `/.auth/login/aad?post_login_redirect_uri=${encodeURIComponent(`/api/status${search}`)}`;
}

/** A principal as the platform sends it for a user of Entra (App Service: Work with user identities). */
function isEntraPrincipal(header: string): boolean {
  const principal = parseJsonObject(Buffer.from(header, 'base64').toString('utf8'));
  const { auth_typ: provider, claims } = principal ?? {};
  return provider === 'aad' && Array.isArray(claims) && claims.length > 0;
}

/**
 * Whether the platform has signed a user in. It replaces `X-MS-CLIENT-PRINCIPAL` in every request, but only while its
 * authentication is switched on; otherwise anybody can send that header.
 *
 * @param authEnabled the platform's `WEBSITE_AUTH_ENABLED`
 */
export function refuseStranger(
  principal: string | undefined,
  authEnabled: string | undefined,
): RequestRefusal | undefined {
  if (authEnabled?.toLowerCase() !== 'true') return notProtected;
  return principal !== undefined && isEntraPrincipal(principal) ? undefined : notSignedIn;
}

/** Longest body that the app takes, in bytes: a form with a link, or a request for a refresh, has a few hundred. */
export const longestBodyBytes = 8192;

interface RequestWithBody {
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

/** The body as text; undefined when it announces, or turns out, to be longer than {@link longestBodyBytes}. */
export async function readBody(request: RequestWithBody): Promise<string | undefined> {
  if (Number(request.headers.get('content-length') ?? 0) > longestBodyBytes) return undefined;
  const text = await request.text();
  return Buffer.byteLength(text) > longestBodyBytes ? undefined : text;
}
