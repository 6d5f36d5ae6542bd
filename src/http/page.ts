import { type Html, html } from './html.ts';
import { parseOrigin } from './origin.ts';
import { style, styleSource } from './style.ts';

/** An HTTP answer, in the form that a function returns. */
export interface PageResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface PageContent {
  /** Of the browser's tab; the body brings its own `h1`. */
  readonly title: string;
  readonly body: Html;
  /** Default 200. */
  readonly status?: number;
  /** Origins that the answer to a form of this page redirects to: browsers hold redirects to `form-action`, too. */
  readonly formTargets?: readonly string[];
  /** The width of a table instead of a text's; default false. */
  readonly wide?: boolean;
}

function contentSecurityPolicy(formTargets: readonly string[]): string {
  const origins = formTargets.map((target) => {
    const origin = parseOrigin(target);
    if (origin === undefined) throw new RangeError('a form target is not an origin');
    return origin;
  });
  return [
    "default-src 'none'",
    `style-src ${styleSource}`,
    `form-action ${["'self'", ...origins].join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Of every answer that a browser may show: kept nowhere, told to nobody, taken for nothing else. */
export const privateHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Sends the browser on with a GET (RFC 9110 section 15.4.4). */
export function redirect(location: string, headers: Readonly<Record<string, string>> = {}): PageResponse {
  return { status: 303, headers: { ...privateHeaders, location, ...headers }, body: '' };
}

/**
 * A page: static HTML under a policy that runs no script and loads nothing.
 *
 * @throws RangeError when a form target is not an origin
 */
export function page(content: PageContent): PageResponse {
  const { title, body, status = 200, formTargets = [], wide = false } = content;
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${{ html: style }}</style>
</head>
<body>
<main${wide ? html` class="wide"` : []}>
${body}
</main>
</body>
</html>
`;
  return {
    status,
    headers: {
      ...privateHeaders,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy(formTargets),
    },
    body: document.html,
  };
}
