import { omitUndefined } from '../../src/omit-undefined.ts';
import type { ClientRegistration } from './clients.ts';
import type { Directory } from './directory.ts';
import { type CodeChallenge, readChallenge } from './pkce.ts';
import { checkRedirectUri } from './redirect-uri.ts';
import { type EntraRefusal, refusal } from './refusal.ts';
import { missing, resourceOnV2, unknownTenant } from './request-checks.ts';
import { checkDefault, splitScopes } from './scopes.ts';
import { parameter, type Target } from './wire.ts';

/** A request to an authorize endpoint, taken apart. */
export interface AuthorizeCall extends Target {
  /** Of the query. */
  readonly parameters: URLSearchParams;
}

/** What the app asks of the user. */
export interface AuthorizeRequest {
  readonly client: ClientRegistration;
  readonly redirectUri: string;
  /** Empty on v1, which ignores `scope`. */
  readonly scopes: readonly string[];
  readonly resource?: string;
  readonly state?: string;
  readonly nonce?: string;
  readonly loginHint?: string;
  readonly challenge?: CodeChallenge;
}

type AuthorizeOutcome =
  | { readonly kind: 'valid'; readonly request: AuthorizeRequest }
  /** An error page: nothing returns to the app, since nobody knows that the redirect URI is the app's. */
  | { readonly kind: 'page'; readonly refusal: EntraRefusal }
  /** Told to the app. */
  | ({ readonly kind: 'redirect'; readonly refusal: EntraRefusal } & ReturnAddress);

/** Where an answer for the app goes. */
export interface ReturnAddress {
  readonly redirectUri: string;
  readonly state?: string;
}

/** assumed: tenant, client, redirect URI, then the rest; each refusal of a client is an error page. */
export function readAuthorizeRequest(call: AuthorizeCall, directory: Directory): AuthorizeOutcome {
  if (!directory.knowsTenant(call.tenant)) return { kind: 'page', refusal: unknownTenant(call.tenant) };
  const clientId = parameter(call, 'client_id');
  if (clientId === undefined) return { kind: 'page', refusal: missing('client_id') };
  const client = directory.clients.find(clientId, call.tenant);
  if ('code' in client) return { kind: 'page', refusal: client };
  const redirectUri = parameter(call, 'redirect_uri');
  const unsafe = checkRedirectUri(client, redirectUri);
  if (unsafe !== undefined || redirectUri === undefined) {
    return { kind: 'page', refusal: unsafe ?? missing('redirect_uri') };
  }
  return readForApp(call, client, redirectUri);
}

function readForApp(call: AuthorizeCall, client: ClientRegistration, redirectUri: string): AuthorizeOutcome {
  const address = { redirectUri, ...omitUndefined({ state: parameter(call, 'state') }) };
  const challenge = readChallenge(
    parameter(call, 'code_challenge'),
    parameter(call, 'code_challenge_method'),
  );
  const refused =
    checkResponse(call) ??
    checkPermissions(call) ??
    (challenge !== undefined && 'code' in challenge ? challenge : undefined) ??
    checkClaims(call) ??
    checkPrompt(call);
  if (refused !== undefined) return { kind: 'redirect', ...address, refusal: refused };
  const optional = omitUndefined({
    resource: call.version === 'v1' ? parameter(call, 'resource') : undefined,
    nonce: parameter(call, 'nonce'),
    loginHint: parameter(call, 'login_hint'),
    challenge: challenge !== undefined && 'method' in challenge ? challenge : undefined,
  });
  const scopes = call.version === 'v1' ? [] : splitScopes(parameter(call, 'scope') ?? '');
  return { kind: 'valid', request: { client, ...address, scopes, ...optional } };
}

/** assumed: `fragment` and `form_post`, which Entra has, are not modelled and refused like an unknown mode. */
function checkResponse(call: AuthorizeCall): EntraRefusal | undefined {
  const type = parameter(call, 'response_type');
  if (type === undefined) return missing('response_type');
  if (type.split(' ').includes('id_token')) return idTokenNotEnabled;
  if (type !== 'code') return unsupportedResponseType;
  const mode = parameter(call, 'response_mode') ?? 'query';
  return mode === 'query' ? undefined : unsupportedResponseMode(mode);
}

function checkPermissions(call: AuthorizeCall): EntraRefusal | undefined {
  if (call.version === 'v1') return undefined;
  if (parameter(call, 'resource') !== undefined) return resourceOnV2;
  const scope = parameter(call, 'scope');
  return scope === undefined ? missing('scope') : checkDefault(splitScopes(scope));
}

/** assumed: what is no JSON object is refused with 90100. */
function checkClaims(call: AuthorizeCall): EntraRefusal | undefined {
  const claims = parameter(call, 'claims');
  return claims === undefined || isJsonObject(claims) ? undefined : invalidClaims;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

const prompts: ReadonlySet<string> = new Set(['login', 'select_account', 'consent']);

/** One value at most (seen: opencloud-eu/desktop issue 871). assumed: nobody is ever signed in already. */
function checkPrompt(call: AuthorizeCall): EntraRefusal | undefined {
  const prompt = parameter(call, 'prompt');
  if (prompt === undefined || prompts.has(prompt)) return undefined;
  if (prompt === 'none') return nobodySignedIn;
  return prompt === 'admin_consent' && call.version === 'v1' ? undefined : unsupportedPrompt;
}

const idTokenNotEnabled = refusal(700054, "response_type 'id_token' is not enabled for the application.");
const unsupportedResponseType = refusal(70005, 'The app requested an unsupported response type.');
const invalidClaims = refusal(90100, "The 'claims' parameter is empty or not valid.");
const nobodySignedIn = refusal(50058, 'A silent sign-in request was sent but no user is signed in.');
const unsupportedPrompt = refusal(90023, "Unsupported 'prompt' value.");

function unsupportedResponseMode(mode: string): EntraRefusal {
  return refusal(70007, `'${mode}' is not a supported value of 'response_mode'.`);
}
