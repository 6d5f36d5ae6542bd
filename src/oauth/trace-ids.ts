import { isGuid } from '../accounts/guid.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { JsonObject } from './json-object.ts';

/** What Microsoft support asks for. */
export interface TraceIds {
  readonly traceId?: string;
  readonly correlationId?: string;
}

/**
 * The ids from the answer's body, else from its headers, and only when they are GUIDs: an answer is not trusted
 * not to echo a secret.
 */
export function readTraceIds(
  body: JsonObject | undefined,
  headers: Readonly<Record<string, string>>,
): TraceIds {
  return omitUndefined({
    traceId: [body?.['trace_id'], headers['x-ms-request-id']].find(isGuid),
    correlationId: [body?.['correlation_id'], headers['client-request-id']].find(isGuid),
  });
}
