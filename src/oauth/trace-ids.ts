import type { JsonObject } from './json-object.ts';
import { omitUndefined } from './omit-undefined.ts';

/** What Microsoft support asks for. */
export interface TraceIds {
  readonly traceId?: string;
  readonly correlationId?: string;
}

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** True for a GUID in either case. */
export function isGuid(value: unknown): value is string {
  return typeof value === 'string' && guid.test(value);
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
