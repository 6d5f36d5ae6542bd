import { html } from '../pages/html.ts';
import { jsonError } from '../pages/json.ts';
import { type PageResponse, page } from '../pages/page.ts';
import type { Refusal } from './access.ts';
import type { Format } from './format.ts';

/** Says why there is no status, and what to do about it. */
export function refusalAnswer(format: Format, refusal: Refusal): PageResponse {
  const { status, cause, remedy, code } = refusal;
  if (format === 'json') return jsonError(status, refusal);
  const body = html`<h1>No status</h1>
<p class="notice bad" role="alert">${cause}</p>
<p>${remedy}</p>
<p class="quiet">${code}</p>`;
  return page({ title: 'No status – Token refresher', body, status });
}
