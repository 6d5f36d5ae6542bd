import type { RequestRefusal } from './access.ts';
import type { Format } from './format.ts';
import { html } from './html.ts';
import { jsonError } from './json.ts';
import { type PageResponse, page } from './page.ts';

/** Says why there is no status (or what else was asked for), and what to do about it. */
export function refusalAnswer(format: Format, refusal: RequestRefusal, title = 'No status'): PageResponse {
  const { status, cause, remedy, code } = refusal;
  if (format === 'json') return jsonError(status, refusal);
  const body = html`<h1>${title}</h1>
<p class="notice bad" role="alert">${cause}</p>
<p>${remedy}</p>
<p class="quiet">${code}</p>`;
  return page({ title: `${title} – Token refresher`, body, status });
}
