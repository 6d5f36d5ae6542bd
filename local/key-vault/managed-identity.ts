import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { type Clock, type EpochSeconds, nowSeconds, secondsPerHour, systemClock } from '../../src/time.ts';
import { listen } from './loopback-server.ts';

export interface ManagedIdentityOptions {
  /** Of the tokens. Default: 24 hours. */
  readonly lifetimeSeconds?: number;
  /** Default: the machine's, because the SDK caches tokens by it. */
  readonly clock?: Clock;
  /** A token of another issuer for a resource; undefined for one that the vaults accept. Default: always that. */
  readonly tokenFor?: (resource: string) => string | undefined;
  /** Default: any free port. */
  readonly port?: number;
}

/**
 * How the endpoint was seen to fail where nothing was wrong with the app's identity, for moments to minutes, most
 * often in a process that has just started (azure-functions-host #10189, #10238):
 * - 400 with JSON: azure-sdk-for-net #32786
 * - 403 with nothing, right after a deployment: azure-sdk-for-net #30467
 * - 429: azure-sdk-for-net #39574, #33922
 * - 500 with JSON: azure-functions-host #9884, Azure-Functions #2392
 * - 503 with JSON: Azure-Functions #1486
 * - `hang`, no answer within the client's time: azure-sdk-for-net #26470, #33124
 */
export type IdentityFailure = 400 | 403 | 429 | 500 | 503 | 'hang';

/** A function app's managed identity on loopback. */
export interface ManagedIdentity {
  /** What the platform sets in the environment: `IDENTITY_ENDPOINT` and `IDENTITY_HEADER`. */
  readonly environment: Readonly<Record<'IDENTITY_ENDPOINT' | 'IDENTITY_HEADER', string>>;
  /** How a request fails that is otherwise right; undefined for not at all, which is the default. */
  failure: (resource: string) => IdentityFailure | undefined;
  /** Whether this identity issued the token and it has not expired. */
  accepts(token: string): boolean;
  close(): Promise<void>;
}

/** Starts the App Service endpoint for managed identities, protocol version 2019-08-01. */
export async function startManagedIdentity(options: ManagedIdentityOptions = {}): Promise<ManagedIdentity> {
  const clock = options.clock ?? systemClock;
  const lifetimeSeconds = options.lifetimeSeconds ?? 24 * secondsPerHour;
  const header = randomBytes(16).toString('hex');
  const expiries = new Map<string, EpochSeconds>();
  const issue = (resource: string): object => {
    const token = options.tokenFor?.(resource) ?? `local.${randomBytes(24).toString('base64url')}`;
    const expiresAt = nowSeconds(clock) + lifetimeSeconds;
    expiries.set(token, expiresAt);
    return { access_token: token, expires_on: String(expiresAt), resource, token_type: 'Bearer' };
  };
  const server = createServer((request, response) => {
    const right = answer(request, header, issue);
    const failure = right.resource === undefined ? undefined : identity.failure(right.resource);
    if (failure === 'hang') return;
    const { status, body } = failure === undefined ? right : failed(failure);
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(status === 403 ? '' : JSON.stringify(body));
  });
  const { url, close } = await listen(server, options.port);
  // Alone it keeps no process alive, so that tests may share one for as long as their process lives.
  server.unref();
  server.on('connection', (socket) => socket.unref());
  const identity: ManagedIdentity = {
    environment: { IDENTITY_ENDPOINT: `${url}/msi/token`, IDENTITY_HEADER: header },
    failure: () => undefined,
    accepts: (token) => nowSeconds(clock) < (expiries.get(token) ?? 0),
    close,
  };
  return identity;
}

interface IdentityAnswer {
  readonly status: number;
  readonly body: object;
  /** For which a token is given. */
  readonly resource?: string;
}

function answer(
  request: IncomingMessage,
  header: string,
  issue: (resource: string) => object,
): IdentityAnswer {
  if (!sameText(request.headers['x-identity-header'], header)) {
    return refusal(401, 'The identity header is missing or wrong.');
  }
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (url.pathname !== '/msi/token') return refusal(404, 'There is no such path.');
  const resource = url.searchParams.get('resource');
  if (url.searchParams.get('api-version') !== '2019-08-01' || resource === null) {
    return refusal(400, 'api-version or resource is missing.');
  }
  return { status: 200, body: issue(resource), resource };
}

/** assumed: the words of others than 500 and 503, and that 429 has no Retry-After. */
function failed(status: Exclude<IdentityFailure, 'hang'>): IdentityAnswer {
  const { body } = refusal(status, 'An unexpected error occured while fetching the AAD Token.');
  return { status, body: { ...body, correlationId: randomUUID() } };
}

/** assumed: status and body of what is wrong with a request. */
function refusal(status: number, message: string): IdentityAnswer {
  return { status, body: { statusCode: status, message } };
}

function sameText(given: string | string[] | undefined, wanted: string): boolean {
  const bytes = Buffer.from(String(given));
  return bytes.length === wanted.length && timingSafeEqual(bytes, Buffer.from(wanted));
}
