import { guid } from './guid.ts';
import type { TraceFacts } from './refusal.ts';
import type { EntraRequest } from './wire.ts';

/** The trace of one request: `client-request-id` becomes the correlation id when it is a GUID. */
export function traceOf(request: EntraRequest, random: () => number, nowMilliseconds: number): TraceFacts {
  return {
    traceId: guid(random),
    correlationId: clientRequestId(request) ?? guid(random),
    nowMilliseconds,
  };
}

const guidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** assumed: any other text is ignored. */
function clientRequestId(request: EntraRequest): string | undefined {
  const id = request.headers['client-request-id'];
  return id !== undefined && guidForm.test(id) ? id : undefined;
}

/** The headers of every answer of the token endpoint, as recorded; cookies are the emulator's. */
export function responseHeaders(request: EntraRequest, trace: TraceFacts): Record<string, string> {
  const returned = request.headers['return-client-request-id'] === 'true';
  return {
    'cache-control': 'no-store, no-cache',
    pragma: 'no-cache',
    'content-type': 'application/json; charset=utf-8',
    expires: '-1',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    p3p: 'CP="DSP CUR OTPi IND OTRi ONL FIN"',
    'x-ms-request-id': trace.traceId,
    'x-ms-ests-server': '2.1.21000.1 - NEULR1 ProdSlices',
    date: new Date(trace.nowMilliseconds).toUTCString(),
    ...(returned ? { 'client-request-id': trace.correlationId } : {}),
  };
}
