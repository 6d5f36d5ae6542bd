import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isLoopbackHost } from '../../src/http/origin.ts';
import type { HttpInvocationRequest, HttpInvocationResponse } from './http.ts';
import { PlatformSignIn, type SignInOptions, signInPath } from './platform-sign-in.ts';
import { type RequestLimits, RequestQueue } from './request-limits.ts';
import type { Route } from './route.ts';

const prefix = '/api/';
/**
 * Kestrel's defaults, which the host leaves as they are (Learn: KestrelServerLimits, MaxRequestLineSize and
 * MaxRequestHeadersTotalSize). Node's own limit of 16 KB stands out of their way.
 */
const longestRequestLineBytes = 8192;
const largestHeaderBytes = 32_768;
const nodesHeaderLimitBytes = 1024 * 1024;

/** One HTTP function as the front door sees it. */
interface HostedEndpoint {
  readonly route: Route;
  readonly methods: readonly string[];
  /** Whether the function asks for a key (authLevel `function` or `admin`). */
  readonly keyed: boolean;
  invoke(request: HttpInvocationRequest): Promise<HttpInvocationResponse>;
  onFailure(error: unknown): void;
}

export interface FrontDoorOptions {
  /** Demanded as `x-functions-key` or `?code=`, its name in any letter case, by functions above `anonymous`; default: no key is checked. */
  readonly functionKey?: string;
  /** The platform's authentication. Default: it is off, and a principal that the client made up passes. */
  readonly signIn?: SignInOptions;
}

/** What stands before the functions. */
interface Gate {
  readonly endpoints: readonly HostedEndpoint[];
  readonly functionKey: string | undefined;
  readonly signIn: PlatformSignIn | undefined;
  readonly queue: RequestQueue;
  readonly limits: RequestLimits;
}

export interface FrontDoor {
  /** With port and prefix, without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves HTTP functions on a free port of 127.0.0.1 under `/api`, the way the host's pipeline does: 414 and 431 for
 * what is too long, 429 when too many wait (HttpThrottleMiddleware), 404 for a wrong path or method, HEAD and OPTIONS
 * too, 401 without a body for a missing or wrong key, then the body, then the function, and an empty 500 for a failure.
 * assumed: the platform's authentication takes away every principal header of the client's.
 */
export async function openFrontDoor(
  endpoints: readonly HostedEndpoint[],
  limits: RequestLimits,
  { functionKey, signIn }: FrontDoorOptions = {},
): Promise<FrontDoor> {
  const gate: Gate = {
    ...{ endpoints, functionKey, limits, queue: new RequestQueue(limits) },
    signIn: signIn === undefined ? undefined : new PlatformSignIn(signIn),
  };
  const server = createServer({ maxHeaderSize: nodesHeaderLimitBytes }, (request, response) => {
    void admit(request, response, gate);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `${origin(server)}/api`, close: () => close(server) };
}

async function admit(incoming: IncomingMessage, outgoing: ServerResponse, gate: Gate): Promise<void> {
  const refusal = refuseLength(incoming) ?? refuseHost(incoming);
  if (refusal !== undefined) return end(outgoing, refusal);
  const done = await gate.queue.run(() => serve(incoming, outgoing, gate));
  if (!done) outgoing.writeHead(429, { 'x-function-scaleout': '1' }).end();
}

function refuseLength({ method, url, rawHeaders }: IncomingMessage): number | undefined {
  if (`${method} ${url} HTTP/1.1\r\n`.length > longestRequestLineBytes) return 414;
  const headerBytes = rawHeaders.reduce((sum, text) => sum + text.length + 2, 0);
  return headerBytes > largestHeaderBytes ? 431 : undefined;
}

/** A page of the internet whose name was rebound to loopback sends its own name; and a name may be no name at all. */
function refuseHost({ headers, url }: IncomingMessage): number | undefined {
  const asked = URL.parse(`http://${headers.host ?? '127.0.0.1'}${url ?? '/'}`);
  if (asked === null) return 400;
  return isLoopbackHost(asked.hostname) ? undefined : 421;
}

async function serve(incoming: IncomingMessage, outgoing: ServerResponse, gate: Gate): Promise<void> {
  const url = new URL(`http://${incoming.headers.host ?? '127.0.0.1'}${incoming.url ?? '/'}`);
  const method = incoming.method ?? 'GET';
  if (url.pathname === signInPath) return signInAt(url, incoming, outgoing, gate);
  const { endpoints, limits, functionKey, signIn } = gate;
  const found = findEndpoint(endpoints, method, url.pathname);
  if (found === undefined) return end(outgoing, 404);
  const [endpoint, params] = found;
  if (endpoint.keyed && !hasKey(incoming, url, functionKey)) return end(outgoing, 401);
  try {
    const sent = plainHeaders(incoming);
    const headers = signIn === undefined ? sent : signIn.withPrincipal(sent);
    const request = { method, url: url.href, headers, params };
    const body = await readBody(incoming, limits.bodyBytes);
    const response = await endpoint.invoke({ ...request, ...(body === undefined ? {} : { body }) });
    outgoing.writeHead(response.status, response.headers).end(response.body);
  } catch (error) {
    endpoint.onFailure(error);
    end(outgoing, 500);
  }
}

async function signInAt(
  url: URL,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { signIn, limits }: Gate,
): Promise<void> {
  const body = await readBody(incoming, limits.bodyBytes).catch(() => undefined);
  const answer = signIn?.answer(incoming.method ?? 'GET', url, body?.toString() ?? '');
  if (answer === undefined) return end(outgoing, 404);
  outgoing.writeHead(answer.status, answer.headers).end(answer.body);
}

function findEndpoint(
  endpoints: readonly HostedEndpoint[],
  method: string,
  pathname: string,
): [HostedEndpoint, Readonly<Record<string, string>>] | undefined {
  if (!pathname.startsWith(prefix)) return undefined;
  for (const endpoint of endpoints) {
    const params = endpoint.route.match(pathname.slice(prefix.length));
    if (params !== undefined && endpoint.methods.includes(method)) return [endpoint, params];
  }
  return undefined;
}

/** The header counts alone where there is one (azure-functions-host: AuthenticationLevelHandler). */
function hasKey(incoming: IncomingMessage, url: URL, key: string | undefined): boolean {
  if (key === undefined) return true;
  const header = incoming.headers['x-functions-key'];
  if (header !== undefined) return header === key;
  const inQuery = [...url.searchParams].find(([name]) => name.toLowerCase() === 'code');
  return inQuery?.[1] === key;
}

function plainHeaders(incoming: IncomingMessage): Record<string, string> {
  const entries = Object.entries(incoming.headersDistinct);
  return Object.fromEntries(entries.map(([name, values]) => [name, (values ?? []).join(', ')]));
}

/**
 * The whole body, before the function is asked. One without a length is dropped, not read: what comes in chunks reaches
 * no function outside the host's process (azure-functions-host: GrpcMessageConversionExtensions.ToRpcHttp; #4926, #7930).
 * One that is too long fails the invocation, hence 500 and not 413 (azure-functions-host #10519).
 */
async function readBody(incoming: IncomingMessage, longestBytes: number): Promise<Buffer | undefined> {
  const length = Number(incoming.headers['content-length'] ?? 0);
  if (length === 0) return undefined;
  if (length > longestBytes)
    throw new Error(`Request body too large. The max request body size is ${longestBytes} bytes.`);
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function end(outgoing: ServerResponse, status: number): void {
  outgoing.writeHead(status).end();
}

function origin(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server is not listening');
  return `http://127.0.0.1:${address.port}`;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  await closed;
}
