import type { App, RegisteredFunction } from './app.ts';
import type { HttpData, TypedData } from './core-types.ts';
import { FunctionsHostError } from './error.ts';
import { invoke } from './invocation.ts';

export interface HttpInvocationRequest {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The route's parameters, as the host has read them from the path. */
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface HttpInvocationResponse {
  readonly invocationId: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Invokes an HTTP function. Rejects with what the handler threw, and with `unsupported` for
 * what the library's types forbid (no response) and for cookies. */
export async function invokeHttp(
  app: App,
  target: RegisteredFunction,
  request: HttpInvocationRequest,
): Promise<HttpInvocationResponse> {
  const { invocationId, response } = await invoke(app, target, httpTriggerData(request));
  return { invocationId, ...httpResponse(response.returnValue?.http ?? undefined) };
}

function httpTriggerData(request: HttpInvocationRequest): TypedData {
  const { method, url, headers = {}, params = {}, body } = request;
  return {
    http: { method, url, headers, params, body: body === undefined ? null : { bytes: Buffer.from(body) } },
  };
}

function httpResponse(data: HttpData | undefined): Omit<HttpInvocationResponse, 'invocationId'> {
  if (data === undefined) throw new FunctionsHostError('unsupported', 'an HTTP function without a response');
  if (data.cookies !== undefined && data.cookies.length > 0) {
    throw new FunctionsHostError('unsupported', 'cookies in a response; set a set-cookie header instead');
  }
  return {
    status: Number(data.statusCode ?? 200),
    headers: data.headers ?? {},
    body: Buffer.from(data.body?.bytes ?? []),
  };
}
