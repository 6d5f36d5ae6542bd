import type { Audience } from '../accounts/access-token-secret.ts';
import type { Tenant } from '../accounts/entra-ids.ts';
import type { Authority } from './authority.ts';
import { requestedScope } from './scopes.ts';

/** How the consent page is asked for; absent: Entra interacts only as far as it must. */
export type Prompt = 'select_account' | 'consent' | 'login';

export interface AuthorizeRequestInput {
  readonly authority: Authority;
  readonly tenant: Tenant;
  readonly clientId: string;
  readonly audience: Audience;
  /** Exactly as registered for the client, and sent again with the code. */
  readonly redirectUri: string;
  /** Comes back unchanged; binds the answer to the browser that asked. */
  readonly state: string;
  /** Comes back in the id token. */
  readonly nonce: string;
  /** BASE64URL(SHA256(code_verifier)) (RFC 7636 section 4.2). */
  readonly codeChallenge: string;
  readonly loginHint?: string;
  /** The Conditional Access challenge of a refused refresh: JSON text. */
  readonly claims?: string;
  readonly prompt?: Prompt;
}

/** The URL at which the user consents (Entra: v2 auth code flow; v1 protocols: OAuth code). */
export function authorizeUrl(input: AuthorizeRequestInput): string {
  const { audience } = input;
  const path = audience.endpoint === 'v2' ? 'oauth2/v2.0/authorize' : 'oauth2/authorize';
  const url = new URL(`${input.authority}/${input.tenant}/${path}`);
  const parameters: Record<string, string | undefined> = {
    client_id: input.clientId,
    response_type: 'code',
    redirect_uri: input.redirectUri,
    // form_post would keep the code out of the URL, but its cross-site POST brings no SameSite=Lax cookie.
    response_mode: 'query',
    ...(audience.endpoint === 'v2'
      ? { scope: requestedScope(audience.scopes) }
      : { resource: audience.resource, scope: 'openid' }),
    state: input.state,
    nonce: input.nonce,
    code_challenge: input.codeChallenge,
    // Without it Entra takes the challenge for the verifier itself.
    code_challenge_method: 'S256',
    login_hint: input.loginHint,
    claims: input.claims,
    prompt: input.prompt,
  };
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url.href;
}
