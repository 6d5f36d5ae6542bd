import { isJsonObject, parseJson } from '../json.ts';
import type { SweepRequest } from './sweep-report.ts';

/** What is to be refreshed: one account, or all. */
export type AskedRefresh = Pick<SweepRequest, 'account' | 'force'>;

type RefreshRequest =
  | { readonly ok: true; readonly asked: AskedRefresh }
  | { readonly ok: false; readonly fault: string };

const refused = (fault: string): RefreshRequest => ({ ok: false, fault });

/**
 * Reads the body of a request for a refresh: empty or `{}` for all accounts, `{"force":true}` for all of them although
 * another process sweeps, `{"account":"<id>"}` for one. Any other field is a fault: a misspelt `account` must not become
 * a sweep of all.
 */
export function parseRefreshRequest(body: string): RefreshRequest {
  if (body.trim() === '') return { ok: true, asked: {} };
  const parsed = parseJson(body);
  if (parsed === undefined) return refused('The body is not JSON.');
  if (!isJsonObject(parsed)) return refused('The body is not a JSON object.');
  const { account, force, ...others } = parsed;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    return refused(`"${unknown.slice(0, 80)}" is not a known field; there are "account" and "force".`);
  if (force !== undefined && typeof force !== 'boolean') return refused('"force" is neither true nor false.');
  if (account === undefined) return { ok: true, asked: force ? { force } : {} };
  if (force) return refused('"force" is for a sweep of all accounts; one account needs none.');
  if (typeof account !== 'string' || account === '') return refused('"account" is not the id of an account.');
  return { ok: true, asked: { account } };
}
