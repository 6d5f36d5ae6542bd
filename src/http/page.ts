import { createHash } from 'node:crypto';
import { type Html, html } from './html.ts';
import { parseOrigin } from './origin.ts';

/** The one stylesheet of all pages. Tables turn into cards on narrow screens; their cells carry `data-label`. */
const style = `
:root{color-scheme:light dark;--ground:#fff;--raised:#f4f6f8;--text:#1a1f24;--quiet:#4f5a65;--line:#c9d1d9;
--link:#0550ae;--button:#0550ae;--button-text:#fff;--good:#116329;--bad:#a40e26;--wait:#7d4e00;font:1rem/1.5 system-ui,sans-serif}
@media (prefers-color-scheme:dark){:root{--ground:#0d1117;--raised:#161b22;--text:#e6edf3;--quiet:#a3adb8;--line:#3d444d;
--link:#79b8ff;--button:#79b8ff;--button-text:#0d1117;--good:#56d364;--bad:#ff938a;--wait:#e3b341}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text)}
main{max-width:44rem;margin:0 auto;padding:1rem 1rem 3rem}
main.wide{max-width:96rem}
h1{font-size:1.6rem;line-height:1.25;margin:1rem 0 .5rem}
h2{font-size:1.2rem;margin:2rem 0 .5rem}
p,dl{margin:.5rem 0}
a{color:var(--link)}
code,.id{font-family:ui-monospace,monospace;font-size:.95em;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}
form{margin:1.25rem 0}td form{margin:.5rem 0}
dt,.quiet{color:var(--quiet)}
dd{margin:0;overflow-wrap:anywhere}
.notice{border:1px solid var(--line);border-left:.4rem solid var(--wait);background:var(--raised);padding:.5rem 1rem;margin:1rem 0}
.notice.bad{border-left-color:var(--bad)}
.notice.good{border-left-color:var(--good)}
button,input,select{font:inherit;color:inherit;background:var(--ground);border:1px solid var(--quiet);border-radius:.3rem;padding:.45rem .7rem;min-height:2.6rem;max-width:100%}
input::placeholder{color:var(--quiet);opacity:1}
button{background:var(--button);border-color:var(--button);color:var(--button-text);font-weight:600;cursor:pointer}
a:focus-visible,button:focus-visible,input:focus-visible,select:focus-visible{outline:3px solid var(--link);outline-offset:2px}
form.filter{display:flex;flex-wrap:wrap;gap:.75rem;align-items:end;margin:1rem 0}
form.filter div{min-width:0;max-width:100%}
label{display:block;font-weight:600}
table{width:100%;table-layout:fixed;border-collapse:collapse;margin:.5rem 0}
caption{text-align:left;color:var(--quiet);padding:.25rem 0}
th,td{text-align:left;vertical-align:top;padding:.5rem .75rem .5rem 0;border-top:1px solid var(--line)}
thead th{width:12%}thead th:nth-child(1){width:21%}thead th:nth-child(2){width:14%}thead th:nth-child(3){width:auto}
tbody th,td{overflow-wrap:anywhere}
tbody th{font-weight:600}th .quiet{font-weight:400;font-size:.9em}
td p{margin:0 0 .35rem}
.state{font-weight:700;white-space:nowrap}
.good{color:var(--good)}.bad{color:var(--bad)}.wait{color:var(--wait)}
.notice.good,.notice.bad{color:inherit}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (max-width:60rem){table,tbody,tr,th[scope=row],td,caption{display:block}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tbody tr{border:1px solid var(--line);border-radius:.4rem;background:var(--raised);padding:.5rem .75rem;margin:.75rem 0}
tbody th,td{border:0;padding:.15rem 0}td::before{content:attr(data-label) ": ";color:var(--quiet)}td:empty{display:none}}
@media (max-width:30rem){dl{display:block}dd{margin-bottom:.5rem}}
`;

/** The source expression by which a Content-Security-Policy allows {@link style}, and no other. */
const styleSource = `'sha256-${createHash('sha256').update(style).digest('base64')}'`;

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
