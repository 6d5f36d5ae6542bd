import type { User } from '../../src/accounts/entra-ids.ts';
import { decisions, errorPage, signInPage } from './authorize-page.ts';
import {
  type AuthorizeCall,
  type AuthorizeRequest,
  type ReturnAddress,
  readAuthorizeRequest,
} from './authorize-request.ts';
import type { Directory } from './directory.ts';
import { isPersonal } from './grants.ts';
import { guid } from './guid.ts';
import { notInTenant, userRefused } from './refresh-token-checks.ts';
import { describe, type EntraRefusal, errorUri, refusal, type TraceFacts } from './refusal.ts';
import type { DirectoryUser } from './users.ts';
import { type EntraRequest, type EntraResponse, parseForm, type Target } from './wire.ts';

interface AuthorizeParts {
  readonly directory: Directory;
  readonly random: () => number;
}

/** The authorize endpoints: shows the sign-in page, and turns the user's decision into a redirect to the app. */
export class AuthorizeEndpoint {
  readonly #directory: Directory;
  readonly #random: () => number;

  constructor({ directory, random }: AuthorizeParts) {
    this.#directory = directory;
    this.#random = random;
  }

  /** GET shows the page, POST takes its form; the request itself is in the query both times and is checked both times. */
  answer(target: Target, request: EntraRequest, trace: TraceFacts): EntraResponse {
    const call = { ...target, parameters: new URLSearchParams(request.path.split('?').slice(1).join('?')) };
    const outcome = readAuthorizeRequest(call, this.#directory);
    if (outcome.kind === 'page') return errorPage(outcome.refusal, trace);
    if (outcome.kind === 'redirect') return refuse(outcome, outcome.refusal, trace);
    if (request.method !== 'POST') return this.#page(outcome.request);
    return this.#decide(call, outcome.request, parseForm(request), trace);
  }

  #page(request: AuthorizeRequest, notice?: string): EntraResponse {
    return signInPage(request, this.#directory.users.all(), notice);
  }

  #decide(
    call: AuthorizeCall,
    request: AuthorizeRequest,
    form: URLSearchParams,
    trace: TraceFacts,
  ): EntraResponse {
    const user = this.#directory.users.get(form.get('user') ?? '');
    switch (form.get('decision')) {
      case decisions.accept:
        return user === undefined
          ? this.#page(request, 'Pick an account.')
          : this.#accept(call, request, user, trace);
      case decisions.cancel:
        return this.#cancel(call, request, user, trace);
      case decisions.adminApproval:
        return refuse(request, needsAdmin(request), trace);
      default:
        return this.#page(request, 'Accept or cancel.');
    }
  }

  #accept(
    call: AuthorizeCall,
    request: AuthorizeRequest,
    user: DirectoryUser,
    trace: TraceFacts,
  ): EntraResponse {
    const profile = this.#profileOf(user, call, request);
    if ('code' in profile) return errorPage(profile, trace);
    const { client, redirectUri, scopes, resource, nonce, challenge } = request;
    const code = this.#directory.codes.issue({
      clientId: client.clientId.toLowerCase(),
      tenant: call.tenant,
      redirectUri,
      user,
      profile,
      scopes,
      resource,
      nonce,
      challenge,
      issuedAtMilliseconds: trace.nowMilliseconds,
    });
    return redirect(request, { code }, guid(this.#random));
  }

  /** assumed: refused users are told on a page; a personal account on v1 is told what a stranger is told. */
  #profileOf(user: DirectoryUser, call: AuthorizeCall, { client }: AuthorizeRequest): User | EntraRefusal {
    const code = this.#directory.userRefusedBy(user);
    if (code !== undefined) return userRefused(code);
    const profile = this.#directory.users.profileIn(user, call.tenant);
    const isKnown = profile !== undefined && !(isPersonal(profile) && call.version === 'v1');
    return isKnown ? profile : notInTenant({ user, clientId: client.clientId }, call.tenant);
  }

  /** Personal accounts: a text without a number (seen: HTBox/allReady issue 521). */
  #cancel(
    call: AuthorizeCall,
    request: AuthorizeRequest,
    user: DirectoryUser | undefined,
    trace: TraceFacts,
  ): EntraResponse {
    const personal = call.tenant === 'consumers' || (user !== undefined && isPersonal(user));
    if (!personal) return refuse(request, declined, trace, { error_subcode: 'cancel' });
    const error_description = 'The user has denied access to the scope requested by the client application.';
    return redirect(request, { error: declined.oauthError, error_description });
  }
}

/** Seen: MicrosoftDocs/azure-docs issue 114009; its `error_subcode` in issue 41053. */
const declined: EntraRefusal = {
  ...refusal(65004, 'User declined to consent to access the app.'),
  oauthError: 'access_denied',
};

/** The text is Entra's (user and admin consent). assumed: it returns to the app as `consent_required`. */
function needsAdmin({ client }: AuthorizeRequest): EntraRefusal {
  const message =
    `${client.clientId} needs permission to access resources in your organization that only an admin can ` +
    'grant. Request an admin to grant permission to this app before you can use it.';
  return { ...refusal(90094, message), oauthError: 'consent_required' };
}

function refuse(
  address: ReturnAddress,
  refused: EntraRefusal,
  trace: TraceFacts,
  more: Readonly<Record<string, string>> = {},
): EntraResponse {
  return redirect(address, {
    error: refused.oauthError,
    ...more,
    error_description: describe(refused, trace),
    error_uri: errorUri(refused),
  });
}

/** `state` as it came, and an empty fragment (Entra: breaking changes). */
function redirect(
  { redirectUri, state }: ReturnAddress,
  parameters: Readonly<Record<string, string>>,
  sessionState?: string,
): EntraResponse {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.append(name, value);
  if (state !== undefined) url.searchParams.append('state', state);
  if (sessionState !== undefined) url.searchParams.append('session_state', sessionState);
  const headers = { 'content-type': 'text/html; charset=utf-8', location: `${url.href}#` };
  return { status: 302, headers, body: '' };
}
