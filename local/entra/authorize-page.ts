import { createHash } from 'node:crypto';
import { type Html, html } from '../../src/http/html.ts';
import type { AuthorizeRequest } from './authorize-request.ts';
import { describe, type EntraRefusal, type TraceFacts } from './refusal.ts';
import { type DirectoryUser, userKey } from './users.ts';
import type { EntraResponse } from './wire.ts';

/** What the page's three buttons send as `decision`. */
export const decisions = { accept: 'accept', cancel: 'cancel', adminApproval: 'admin_approval' } as const;

const style =
  ':root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}' +
  'body{max-width:32rem;margin:2rem auto;padding:0 1rem}' +
  'fieldset{margin:1rem 0;padding:.5rem 1rem}label{display:block;padding:.35rem 0}' +
  'label span{display:block;padding-left:1.75rem}' +
  'button{font:inherit;padding:.5rem 1rem;margin:.25rem .5rem .25rem 0}' +
  'code,pre,span{overflow-wrap:anywhere}pre{white-space:pre-wrap}';
const styleHash = createHash('sha256').update(style).digest('base64');

/** The page where a user is picked and consents. It names neither state nor nonce: the form posts to its own address. */
export function signInPage(
  request: AuthorizeRequest,
  users: readonly DirectoryUser[],
  notice: string | undefined,
): EntraResponse {
  const content = html`<h1>Sign in</h1>
<p>An emulator of Microsoft Entra: no password is asked.</p>
${notice === undefined ? [] : html`<p role="alert">${notice}</p>`}
<form method="post">
<fieldset><legend>Pick an account</legend>
${users.map((user) => userChoice(user, request.loginHint))}</fieldset>
<h2>Permissions requested</h2>
<p>Client <code>${request.client.clientId}</code> asks for</p>
<ul>
${asked(request).map((permission) => html`<li><code>${permission}</code></li>\n`)}</ul>
<p>
<button name="decision" value="${decisions.accept}">Accept</button>
<button name="decision" value="${decisions.cancel}" formnovalidate>Cancel</button>
<button name="decision" value="${decisions.adminApproval}" formnovalidate>Needs admin approval</button>
</p>
</form>`;
  const status = notice === undefined ? 200 : 400;
  return page(status, 'Sign in', content, new URL(request.redirectUri).origin);
}

function userChoice(user: DirectoryUser, loginHint: string | undefined): Html {
  const hinted = loginHint?.toLowerCase() === user.userPrincipalName.toLowerCase();
  return html`<label><input type="radio" name="user" value="${userKey(user)}" required${hinted ? html` checked` : ''}> ${user.displayName} <span>${user.userPrincipalName}</span></label>
`;
}

function asked({ resource, scopes }: AuthorizeRequest): readonly string[] {
  return resource === undefined ? scopes : [resource];
}

/** assumed: error pages come with HTTP 400. */
export function errorPage(refused: EntraRefusal, trace: TraceFacts): EntraResponse {
  const content = html`<h1>Sign in</h1>
<p role="alert">Sorry, but we’re having trouble signing you in.</p>
<pre>${describe(refused, trace)}</pre>`;
  return page(400, 'Sign in to your account', content);
}

/** @param formTarget an origin that the form's answer may redirect to; browsers hold redirects to `form-action`, too. */
function page(status: number, title: string, content: Html, formTarget = ''): EntraResponse {
  const document = html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>${{ html: style }}</style></head>
<body><main>
${content}
</main></body>
</html>
`;
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self' ${formTarget}; ` +
        "base-uri 'none'; frame-ancestors 'none'",
      'referrer-policy': 'strict-origin-when-cross-origin',
      'x-frame-options': 'DENY',
    },
    body: document.html,
  };
}
