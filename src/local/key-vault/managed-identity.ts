import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { type Clock, type EpochSeconds, nowSeconds, secondsPerHour, systemClock } from '../../time.ts';
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

/** A function app's managed identity on loopback. */
export interface ManagedIdentity {
  /** What the platform sets in the environment: `IDENTITY_ENDPOINT` and `IDENTITY_HEADER`. */
  readonly environment: Readonly<Record<'IDENTITY_ENDPOINT' | 'IDENTITY_HEADER', string>>;
  /** False makes the endpoint answer 500. Default: true. */
  available: boolean;
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
    const { status, body } = identity.available ? answer(request, header, issue) : unavailable;
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  });
  const { url, close } = await listen(server, options.port);
  const identity: ManagedIdentity = {
    environment: { IDENTITY_ENDPOINT: `${url}/msi/token`, IDENTITY_HEADER: header },
    available: true,
    accepts: (token) => nowSeconds(clock) < (expiries.get(token) ?? 0),
    close,
  };
  return identity;
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

// assumed: status and body of every refusal.
const unavailable = refusal(500, 'The identity endpoint is not available.');

function answer(request: IncomingMessage, header: string, issue: (resource: string) => object): Answer {
  if (!sameText(request.headers['x-identity-header'], header)) {
    return refusal(401, 'The identity header is missing or wrong.');
  }
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (url.pathname !== '/msi/token') return refusal(404, 'There is no such path.');
  const resource = url.searchParams.get('resource');
  if (url.searchParams.get('api-version') !== '2019-08-01' || resource === null) {
    return refusal(400, 'api-version or resource is missing.');
  }
  return { status: 200, body: issue(resource) };
}

function refusal(status: number, message: string): Answer {
  return { status, body: { statusCode: status, message } };
}

function sameText(given: string | string[] | undefined, wanted: string): boolean {
  const bytes = Buffer.from(String(given));
  return bytes.length === wanted.length && timingSafeEqual(bytes, Buffer.from(wanted));
}
