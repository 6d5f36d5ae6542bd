import type { Reason } from '../reason.ts';
import type { RequestRefusal } from './access.ts';
import { html } from './html.ts';
import { type PageResponse, page, privateHeaders } from './page.ts';

/** An answer of JSON for tools. */
export function json(status: number, value: unknown): PageResponse {
  return {
    status,
    headers: { ...privateHeaders, 'content-type': 'application/json; charset=utf-8' },
    body: `${JSON.stringify(value, undefined, 2)}\n`,
  };
}

/** What went wrong and what to do about it, as JSON. */
export function jsonError(
  status: number,
  error: Pick<Reason, 'code' | 'cause'> & Partial<Reason>,
): PageResponse {
  const { code, cause, remedy } = error;
  return json(status, { error: { code, cause, remedy } });
}

export type Format = 'html' | 'json';

/** How an Accept header likes a media type: the weight of the most specific range, and how specific it is, 3 to 1. */
function liking(
  accept: string,
  type: string,
  subtype: string,
): readonly [weight: number, specificity: number] {
  const weights = new Map(
    accept
      .toLowerCase()
      .split(',')
      .map((range) => {
        const [name = '', ...parameters] = range.split(';').map((part) => part.trim());
        const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
        return [name, Number(quality) || 0] as const;
      }),
  );
  const ranges = [`${type}/${subtype}`, `${type}/*`, '*/*'];
  const index = ranges.findIndex((range) => weights.has(range));
  const weight = weights.get(ranges[index] ?? '') ?? 0;
  return weight === 0 ? [0, 0] : [weight, ranges.length - index];
}

/**
 * The format that the client likes better (RFC 9110, 12.5.1), among equals the one that it names more precisely, and
 * else the preset one.
 */
export function formatOf(accept: string | undefined, preset: Format): Format {
  if (accept === undefined) return preset;
  const html = liking(accept, 'text', 'html');
  const json = liking(accept, 'application', 'json');
  const difference = html[0] - json[0] || html[1] - json[1];
  if (difference === 0) return preset;
  return difference > 0 ? 'html' : 'json';
}

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
