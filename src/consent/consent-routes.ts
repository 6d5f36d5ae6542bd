/**
 * The room of consents: links, the way to Entra and back, the first tokens.
 *
 * In: requests of a browser, the account's secrets, the app's signing key. Out: pages, redirects, and a stored refresh
 * token with its access tokens. This file has a function a route; `consent-account` opens a link, `consent-attempt` and
 * `complete-consent` are the two halves around Entra, `consented-user` says whose consent counts. Nothing is kept here in
 * between: what must come back travels sealed in a cookie; links and receipts are signed (`signed-texts`).
 */

import { accountIdFault } from '../accounts/account-id.ts';
import { json, jsonError } from '../http/answers.ts';
import { type PageResponse, redirect } from '../http/page.ts';
import type { TrustedIssuers } from '../oauth/trusted-issuers.ts';
import { Sensitive } from '../sensitive.ts';
import { type EpochSeconds, isoTime, nowSeconds } from '../time.ts';
import { completeConsent } from './complete-consent.ts';
import { type ConsentRefusal, createLink, openLink } from './consent-account.ts';
import { beginConsent, type ConsentAttempt, cookieLifetimeSeconds, openAttempt } from './consent-attempt.ts';
import {
  authorizeErrorNotice,
  completedNotice,
  consentPage,
  explainRefusedLink,
  type Notice,
  noticePage,
  refusalNotice,
  refusalPage,
  resultNotice,
  strangerPage,
  unfinishedNotice,
} from './consent-pages.ts';
import { type Receipt, readReceipt, signReceipt } from './signed-texts.ts';
import type { LinkEnvironment, SigningKey } from './signing-key.ts';

/** What consent needs beside the sweep's environment. */
export interface ConsentEnvironment extends LinkEnvironment {
  /** Origin of the app as browsers see it. */
  readonly publicUrl: string;
  /** Whose id tokens count, by authority and tenant. */
  readonly issuers: Pick<TrustedIssuers, 'find'>;
}

/** `__Host-`: only over TLS, only for this host, on every path. */
const cookieName = '__Host-consent';
export const callbackPath = '/api/consent/callback';
/** Longer than any code or state; what is longer is not read. */
const longestValue = 8192;

/** The one value of a parameter; undefined when it is missing, repeated or too long. */
function only(parameters: URLSearchParams, name: string): string | undefined {
  const [value, ...others] = parameters.getAll(name);
  return value === undefined || others.length > 0 || value.length > longestValue ? undefined : value;
}

/** The `Cookie` header of a browser that carries this attempt. */
export const attemptCookie = (value: string): string => `${cookieName}=${value}`;

const cookie = (value: string, maxAgeSeconds: number): Record<string, string> => ({
  'set-cookie': `${cookieName}=${value}; Path=/; Max-Age=${maxAgeSeconds}; Secure; HttpOnly; SameSite=Lax`,
});

/** `GET consent/for/{account}?link=…`: consumes nothing, so that a mail scanner's visit does no harm. */
export async function showConsent(
  environment: ConsentEnvironment,
  id: string,
  url: URL,
): Promise<PageResponse> {
  const link = only(url.searchParams, 'link') ?? '';
  const account = await openLink(environment, id, link);
  return 'kind' in account ? refusalPage(account) : consentPage(account, link);
}

/** `POST consent/for/{account}`: on to Entra, with the attempt sealed in the browser. */
export async function startConsent(
  environment: ConsentEnvironment,
  id: string,
  form: string,
): Promise<PageResponse> {
  const link = only(new URLSearchParams(form.slice(0, longestValue)), 'link') ?? '';
  const account = await openLink(environment, id, link);
  if ('kind' in account) return refusalPage(account);
  const redirectUri = environment.publicUrl + callbackPath;
  const begun = await beginConsent(environment, account, link, redirectUri);
  return redirect(begun.authorizeUrl, cookie(begun.cookie, cookieLifetimeSeconds));
}

/** An attempt, with the key that it was sealed under. */
interface OpenedAttempt extends ConsentAttempt {
  readonly signingKey: SigningKey;
}

/** The attempt that this browser carries, if its state is the one that came back. */
async function attemptOf(
  environment: ConsentEnvironment,
  cookies: string,
  state: string | undefined,
): Promise<OpenedAttempt | undefined> {
  const [, version, sealed] =
    new RegExp(`(?:^|; ?)${cookieName}=([0-9a-f]{32})\\.([\\w.-]{1,4096})(?:;|$)`).exec(cookies) ?? [];
  if (version === undefined || sealed === undefined || state === undefined) return undefined;
  const signingKey = await environment.signingKeys.find(version);
  if (signingKey === undefined) return undefined;
  const attempt = await openAttempt(sealed, signingKey.key, nowSeconds(environment.clock));
  return attempt?.state === state ? { ...attempt, signingKey } : undefined;
}

const clearCookie = cookie('', 0);

const withoutCookie = (response: PageResponse): PageResponse => ({
  ...response,
  headers: { ...response.headers, ...clearCookie },
});

/** How a browser's way to Entra and back ended; the receipt is signed. */
export type ConsentEnd =
  | (Receipt & { readonly kind: 'completed'; readonly receipt: string })
  | { readonly kind: 'not_completed'; readonly notice: Notice };

/** Nothing is spent or lost: the same answer of Entra's, brought again within its minutes, may end the consent. */
interface ConsentPause {
  readonly kind: 'paused';
  readonly notice: Notice;
}

const notCompleted = (notice: Notice): ConsentEnd => ({ kind: 'not_completed', notice });

/** Ends a consent with what came back from Entra; the code is redeemed once. Undefined for an attempt that is none. */
export async function endConsent(
  environment: ConsentEnvironment,
  url: URL,
  cookies: string,
): Promise<ConsentEnd | ConsentPause | undefined> {
  const { searchParams } = url;
  const attempt = await attemptOf(environment, cookies, only(searchParams, 'state'));
  if (attempt === undefined) return undefined;
  // Before the code, and whatever else stands beside it: Entra adds `admin_consent=True` to errors, too.
  if (searchParams.has('error')) {
    const error = only(searchParams, 'error') ?? '';
    const [, aadsts] = /AADSTS(\d{4,8})/.exec(only(searchParams, 'error_description') ?? '') ?? [];
    return notCompleted(authorizeErrorNotice(error, aadsts));
  }
  const code = only(searchParams, 'code');
  if (code === undefined) return undefined;
  return redeemAndStore(environment, attempt, code);
}

/** `GET consent/callback`, after {@link endConsent}: what the browser is told; then the address bar is cleaned. */
export function answerEnd(end: ConsentEnd | ConsentPause | undefined): PageResponse {
  if (end === undefined) return strangerPage();
  if (end.kind === 'paused') return noticePage(end.notice);
  if (end.kind === 'not_completed') return withoutCookie(noticePage(end.notice));
  return withoutCookie(redirect(`/api/consent/done?receipt=${end.receipt}`));
}

async function redeemAndStore(
  environment: ConsentEnvironment,
  attempt: OpenedAttempt,
  code: string,
): Promise<ConsentEnd | ConsentPause> {
  // A consent that ended meanwhile has ended the link, and with it this attempt.
  const account = await openLink(environment, attempt.account, attempt.link);
  if ('kind' in account && account.passing)
    return { kind: 'paused', notice: unfinishedNotice(account.reason) };
  if ('kind' in account) return notCompleted(refusalNotice(account));
  const { registration, authority } = account.prepared;
  const { endpoint } = registration.tokens[0].audience;
  const issuer = await environment.issuers.find(authority, registration.tenant, endpoint);
  if (issuer.kind !== 'trusted') return { kind: 'paused', notice: unfinishedNotice(issuer.kind) };
  const result = await completeConsent(environment, {
    account,
    attempt,
    code: new Sensitive(code),
    redirectUri: environment.publicUrl + callbackPath,
    issuer,
  });
  if (result.kind === 'completed') return { ...result, receipt: signReceipt(result, attempt.signingKey) };
  return notCompleted(resultNotice(result, account.expected));
}

/** `GET consent/done?receipt=…`: says what was done; shows nothing that was not signed here. */
export async function showCompleted(environment: ConsentEnvironment, url: URL): Promise<PageResponse> {
  const receipt = await readReceipt(environment.signingKeys, only(url.searchParams, 'receipt') ?? '');
  if (receipt === undefined || accountIdFault(receipt.account) !== undefined) return strangerPage();
  return noticePage(completedNotice(receipt));
}

/** The page of an account's link. */
const consentPath = (id: string, link: string): string => `/api/consent/for/${id}?link=${link}`;

/** A link for an account: an address that lets its holder begin a consent. */
export async function offerLink(
  environment: ConsentEnvironment,
  id: string,
): Promise<
  { readonly kind: 'link'; readonly url: string; readonly expiresAt: EpochSeconds } | ConsentRefusal
> {
  const minted = await createLink(environment, id);
  if (minted.kind === 'refused') return minted;
  return { ...minted, url: environment.publicUrl + consentPath(id, minted.link) };
}

/** A link for an account, for tools: JSON. */
export async function mintLinkFor(environment: ConsentEnvironment, id: string): Promise<PageResponse> {
  const offered = await offerLink(environment, id);
  if (offered.kind === 'link') return json(200, { url: offered.url, expiresAt: isoTime(offered.expiresAt) });
  const { status, ...error } = explainRefusedLink(offered);
  return jsonError(status, error);
}

/** A link for the one who clicked on the status page: straight to the consent page. */
export async function openNewLink(environment: ConsentEnvironment, id: string): Promise<PageResponse> {
  const minted = await createLink(environment, id);
  return minted.kind === 'refused' ? refusalPage(minted) : redirect(consentPath(id, minted.link));
}
