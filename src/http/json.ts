import type { Reason } from '../reason.ts';
import { type PageResponse, privateHeaders } from './page.ts';

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
