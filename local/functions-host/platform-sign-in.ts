import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { html } from '../../src/http/html.ts';
import { type PageResponse, page, redirect } from '../../src/http/page.ts';

/** Where the platform signs users in with Entra (App Service: Customize sign-ins and sign-outs). */
export const signInPath = '/.auth/login/aad';
/** The name that the platform's own cookie has. */
const cookieName = 'AppServiceAuthSession';

/** Who counts as signed in, and how. */
export interface SignInOptions {
  /** The user principal name of whom the platform's authentication signs in. */
  readonly user: string;
  /** Asked for at {@link signInPath} before anybody counts as signed in. Default: everybody does, without a cookie. */
  readonly key?: string;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** What the platform makes of the headers for a user of Entra (App Service: Work with user identities). */
function principalHeaders(user: string): Readonly<Record<string, string>> {
  const principal = {
    auth_typ: 'aad',
    claims: [{ typ: 'preferred_username', val: user }],
    name_typ: 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress',
    role_typ: 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role',
  };
  return {
    'x-ms-client-principal': Buffer.from(JSON.stringify(principal)).toString('base64'),
    'x-ms-client-principal-idp': 'aad',
    'x-ms-client-principal-name': user,
  };
}

/** Only a page of this app: the address comes from whoever made the link. */
function targetOf(url: URL): string {
  const preset = `${url.origin}/api/status`;
  const asked = URL.parse(url.searchParams.get('post_login_redirect_uri') || preset, url.origin);
  return asked?.origin === url.origin ? asked.href : preset;
}

function signInPage(notice: string | undefined): PageResponse {
  const body = html`<h1>Sign in</h1>
${notice === undefined ? [] : html`<p class="notice bad" role="alert">${notice}</p>`}
<form method="post">
<p><label>Key <input type="password" name="key" required autofocus autocomplete="off"></label></p>
<p>The terminal where the app was started shows it.</p>
<p><button>Sign in</button></p>
</form>`;
  return page({ title: 'Sign in – Token refresher', body, status: notice === undefined ? 200 : 401 });
}

/** Stands in for the platform's authentication: signs in one user, and vouches for that one to the functions. */
export class PlatformSignIn {
  readonly #options: SignInOptions;
  readonly #session = randomBytes(32).toString('base64url');

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  /** The headers as the functions get them: a principal of the client's own making is taken away. */
  withPrincipal(headers: Readonly<Record<string, string>>): Record<string, string> {
    const others = Object.entries(headers).filter(([name]) => !name.startsWith('x-ms-client-principal'));
    const signedIn = this.#options.key === undefined || this.#hasSession(headers['cookie'] ?? '');
    return { ...Object.fromEntries(others), ...(signedIn ? principalHeaders(this.#options.user) : {}) };
  }

  /**
   * The page that asks for the key, and the answer to its form: the key travels in the body, for addresses are kept in
   * histories. Undefined where no key is asked for, or for another method.
   */
  answer(method: string, url: URL, body: string): PageResponse | undefined {
    const { key } = this.#options;
    if (key === undefined || (method !== 'GET' && method !== 'POST')) return undefined;
    if (method === 'GET') return signInPage(undefined);
    const given = new URLSearchParams(body).get('key')?.trim() ?? '';
    if (!timingSafeEqual(digest(given), digest(key))) return signInPage('That is not the key.');
    const cookie = `${cookieName}=${this.#session}; Path=/; HttpOnly; SameSite=Lax`;
    return redirect(targetOf(url), { 'set-cookie': cookie });
  }

  #hasSession(cookies: string): boolean {
    const wanted = digest(`${cookieName}=${this.#session}`);
    return cookies.split('; ').some((cookie) => timingSafeEqual(digest(cookie), wanted));
  }
}
