import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { HttpInvocationRequest, HttpInvocationResponse } from './http.ts';
import type { Route } from './route.ts';

const prefix = '/api/';
/**
 * Node's own limit of 16 KB would answer 431 before a function sees the request. Which limit stands before a deployed
 * app is the platform's to choose, so here the functions meet the large ones themselves.
 */
const largestHeaderBytes = 1024 * 1024;

/** One HTTP function as the front door sees it. */
export interface Endpoint {
  readonly route: Route;
  readonly methods: readonly string[];
  /** Whether the function asks for a key (authLevel `function` or `admin`). */
  readonly keyed: boolean;
  invoke(request: HttpInvocationRequest): Promise<HttpInvocationResponse>;
  onFailure(error: unknown): void;
}

export interface FrontDoorOptions {
  /** Demanded as `x-functions-key` or `?code=` by functions above `anonymous`; default: no key is checked. */
  readonly functionKey?: string;
  /**
   * The user principal name of whom the platform's authentication has signed in: every request brings that principal
   * and no other. Default: the authentication is off, and a principal that the client made up passes.
   */
  readonly signedInAs?: string;
}

export interface FrontDoor {
  /** With port and prefix, without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves HTTP functions on a free port of 127.0.0.1 under `/api`.
 * assumed: 401 for a missing or wrong key, 404 for a wrong path or method, an empty 500 for a failure;
 * the platform's authentication takes away every principal header of the client's.
 */
export async function openFrontDoor(
  endpoints: readonly Endpoint[],
  options: FrontDoorOptions = {},
): Promise<FrontDoor> {
  const server = createServer({ maxHeaderSize: largestHeaderBytes }, (request, response) => {
    void serve(request, response, endpoints, options);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `${origin(server)}/api`, close: () => close(server) };
}

async function serve(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  endpoints: readonly Endpoint[],
  options: FrontDoorOptions,
): Promise<void> {
  const url = new URL(`http://${incoming.headers.host ?? '127.0.0.1'}${incoming.url ?? '/'}`);
  const method = incoming.method ?? 'GET';
  const found = findEndpoint(endpoints, method, url.pathname);
  if (found === undefined) return end(outgoing, 404);
  const [endpoint, params] = found;
  if (endpoint.keyed && !hasKey(incoming, url, options.functionKey)) return end(outgoing, 401);
  try {
    const headers = withPrincipal(plainHeaders(incoming), options.signedInAs);
    const request = { method, url: url.href, headers, params };
    const response = await endpoint.invoke({ ...request, body: await readBody(incoming) });
    outgoing.writeHead(response.status, response.headers).end(response.body);
  } catch (error) {
    endpoint.onFailure(error);
    end(outgoing, 500);
  }
}

function findEndpoint(
  endpoints: readonly Endpoint[],
  method: string,
  pathname: string,
): [Endpoint, Readonly<Record<string, string>>] | undefined {
  if (!pathname.startsWith(prefix)) return undefined;
  for (const endpoint of endpoints) {
    const params = endpoint.route.match(pathname.slice(prefix.length));
    if (params !== undefined && endpoint.methods.includes(method)) return [endpoint, params];
  }
  return undefined;
}

function hasKey(incoming: IncomingMessage, url: URL, key: string | undefined): boolean {
  if (key === undefined) return true;
  return incoming.headers['x-functions-key'] === key || url.searchParams.get('code') === key;
}

function plainHeaders(incoming: IncomingMessage): Record<string, string> {
  const entries = Object.entries(incoming.headersDistinct);
  return Object.fromEntries(entries.map(([name, values]) => [name, (values ?? []).join(', ')]));
}

/** What the platform's authentication makes of the headers (App Service: Work with user identities). */
function withPrincipal(
  headers: Record<string, string>,
  signedInAs: string | undefined,
): Record<string, string> {
  if (signedInAs === undefined) return headers;
  const others = Object.entries(headers).filter(([name]) => !name.startsWith('x-ms-client-principal'));
  const principal = {
    auth_typ: 'aad',
    claims: [{ typ: 'preferred_username', val: signedInAs }],
    name_typ: 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress',
    role_typ: 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role',
  };
  return {
    ...Object.fromEntries(others),
    'x-ms-client-principal': Buffer.from(JSON.stringify(principal)).toString('base64'),
    'x-ms-client-principal-idp': 'aad',
    'x-ms-client-principal-name': signedInAs,
  };
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
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
