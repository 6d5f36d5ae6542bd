export type RefreshRequest =
  | { readonly ok: true; readonly account?: string }
  | { readonly ok: false; readonly fault: string };

const refused = (fault: string): RefreshRequest => ({ ok: false, fault });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Reads the body of a request for a refresh: empty or `{}` for all accounts, `{"account":"<id>"}` for one. Any other
 * field is a fault: a misspelt `account` must not become a sweep of all.
 */
export function parseRefreshRequest(body: string): RefreshRequest {
  if (body.trim() === '') return { ok: true };
  const parsed = parseJson(body);
  if (parsed === undefined) return refused('The body is not JSON.');
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    return refused('The body is not a JSON object.');
  const { account, ...others } = parsed as Readonly<Record<string, unknown>>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    return refused(`"${unknown.slice(0, 80)}" is not a known field; the only one is "account".`);
  if (account === undefined) return { ok: true };
  if (typeof account !== 'string' || account === '') return refused('"account" is not the id of an account.');
  return { ok: true, account };
}
