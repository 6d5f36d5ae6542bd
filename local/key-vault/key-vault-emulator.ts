import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { systemClock } from '../../src/time.ts';
import type { KeyAndCertificate } from '../self-signed-certificate.ts';
import { type HttpRequest, route } from './key-vault-routes.ts';
import { errorBody, responseHeaders, type WireContext } from './key-vault-wire.ts';
import { createLoopbackCertificate } from './loopback-certificate.ts';
import { type LoopbackServer, listen } from './loopback-server.ts';
import { ConnectionFault, VaultFaults } from './vault-faults.ts';
import { KeyVaultRefusal, unauthorized } from './vault-refusal.ts';
import type { VaultState } from './vault-state.ts';

/** One request as it arrived, before anything was done about it. Holds secrets: for tests only. */
export interface ReceivedRequest extends HttpRequest {
  readonly headers: IncomingMessage['headers'];
  readonly authenticated: boolean;
}

export interface KeyVaultEmulatorOptions {
  readonly state: VaultState;
  /** Default: none. */
  readonly faults?: VaultFaults;
  /** Whether the vault accepts a bearer token: {@link ManagedIdentity.accepts}. */
  readonly acceptsToken: (token: string) => boolean;
  /** The authority that the challenge names. Default: an all-zero tenant of `https://login.windows.net`. */
  readonly authority?: string;
  /** Default: one made for this emulator. */
  readonly certificate?: KeyAndCertificate;
  /** Real time before each request is looked at. Default: none. */
  readonly latencyMilliseconds?: () => number;
  /** Default: any free port. */
  readonly port?: number;
  readonly onRequest?: (request: ReceivedRequest) => void;
}

export interface KeyVaultEmulator {
  /** `https://127.0.0.1:<port>`, without a trailing slash. */
  readonly url: string;
  /** In PEM: what a client has to trust. */
  readonly certificate: string;
  readonly state: VaultState;
  readonly faults: VaultFaults;
  /** Ends at once, also for connections in use. */
  close(): Promise<void>;
}

/**
 * Serves the secrets of one vault on loopback in the shapes of the Key Vault REST API. Over TLS, because the SDK
 * (keyvault-common 2.1.1) answers no challenge over plain HTTP, whatever its options say.
 */
export async function startKeyVaultEmulator(options: KeyVaultEmulatorOptions): Promise<KeyVaultEmulator> {
  const faults = options.faults ?? new VaultFaults();
  const { state, certificate = createLoopbackCertificate() } = options;
  let server: LoopbackServer | undefined;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const vaultUrl = server?.url ?? '';
    const exchange = { ...options, faults, context: { vaultUrl, softDelete: state.softDelete } };
    await answer(exchange, request, response);
  };
  const tlsOptions = { cert: certificate.certificate, key: certificate.privateKey };
  server = await listen(createServer(tlsOptions, serve), options.port);
  return { url: server.url, certificate: certificate.certificate, state, faults, close: server.close };
}

interface HttpExchange extends KeyVaultEmulatorOptions {
  readonly faults: VaultFaults;
  readonly context: WireContext;
}

async function answer(
  exchange: HttpExchange,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const [name, value] of Object.entries(
    responseHeaders(request.headers, request.socket.remoteAddress ?? ''),
  )) {
    if (value !== undefined) response.setHeader(name, value);
  }
  response.setHeader('Date', new Date(exchange.state.clock.nowMilliseconds()).toUTCString());
  try {
    const body = await bodyOf(exchange, request);
    response.statusCode = 200;
    response.end(JSON.stringify(body));
  } catch (error) {
    fail(exchange, error, request, response);
  }
}

async function bodyOf(exchange: HttpExchange, request: IncomingMessage): Promise<object> {
  const url = new URL(request.url ?? '/', exchange.context.vaultUrl);
  const http = { method: request.method ?? '', url, body: await text(request) };
  const authenticated = isAuthenticated(request, exchange.acceptsToken);
  exchange.onRequest?.({ ...http, headers: request.headers, authenticated });
  const latency = exchange.latencyMilliseconds?.() ?? 0;
  if (latency > 0) await systemClock.sleep(latency);
  if (!authenticated) throw unauthorized(request.headers.authorization !== undefined);
  const routed = route(http, exchange.state, exchange.context);
  const commit = () => {
    exchange.state.admit(routed.request.operation);
    return routed.answer();
  };
  return exchange.faults.enact(routed.request, commit, systemClock.sleep);
}

function isAuthenticated(request: IncomingMessage, acceptsToken: (token: string) => boolean): boolean {
  const [, token] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
  return token !== undefined && acceptsToken(token);
}

function fail(
  exchange: HttpExchange,
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (error instanceof ConnectionFault) {
    // Without an answer, Node's client calls this ECONNRESET ("socket hang up").
    if (error.kind === 'reset') request.socket.destroy();
    return;
  }
  const refusal = error instanceof KeyVaultRefusal ? error : internalError(error);
  response.statusCode = refusal.status;
  if (refusal.status === 401) response.setHeader('WWW-Authenticate', challenge(exchange.authority));
  if (refusal.retryAfterSeconds !== undefined) response.setHeader('Retry-After', refusal.retryAfterSeconds);
  response.end(JSON.stringify(errorBody(refusal)));
}

function challenge(authority = 'https://login.windows.net/00000000-0000-0000-0000-000000000000'): string {
  return `Bearer authorization="${authority}", resource="https://vault.azure.net"`;
}

/** A fault of the emulator, or of a test's hook: said aloud in the answer. */
function internalError(error: unknown): KeyVaultRefusal {
  return new KeyVaultRefusal({ status: 500, code: 'InternalServerError', message: String(error) });
}
