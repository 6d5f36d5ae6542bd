import { readFileSync } from 'node:fs';
import http, { type RequestListener } from 'node:http';
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import type { Exchange } from '../../src/oauth/exchange.ts';
import { type TokenEndpointOptions, UndiciTokenEndpoint } from '../../src/oauth/token-endpoint-client.ts';
import type { TokenRequest } from '../../src/oauth/token-request.ts';
import { Sensitive } from '../../src/sensitive.ts';

const tlsFile = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url), 'utf8');
export const certificate = tlsFile('loopback-certificate.pem');
const key = tlsFile('loopback-key.pem');

/** Everything but the duration, with the body in the clear. */
export function seen(exchange: Exchange): Record<string, unknown> {
  const { durationMilliseconds: _, ...rest } = exchange;
  return 'body' in rest ? { ...rest, body: rest.body.reveal() } : rest;
}

export async function listen(t: TestContext, server: net.Server): Promise<number> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** A server that reads the whole request, then answers as told. `bodies` are the requests it has read. */
export async function httpServer(t: TestContext, answer: RequestListener) {
  const bodies: string[] = [];
  const sockets = new Set<net.Socket>();
  const server = http.createServer(async (request, response) => {
    sockets.add(request.socket);
    bodies.push(await text(request));
    answer(request, response);
  });
  const port = await listen(t, server);
  return { url: `http://127.0.0.1:${port}/common/oauth2/v2.0/token`, bodies, sockets };
}

/** A server below TLS and HTTP, told of the first bytes of each connection. */
export async function rawServer(t: TestContext, onData: (socket: net.Socket) => void): Promise<string> {
  const server = net.createServer((socket) => void socket.once('data', () => onData(socket)));
  return `https://127.0.0.1:${await listen(t, server)}/`;
}

/** Prefers HTTP/2, speaks 1.1 too. Gives the port; the certificate is for localhost, 127.0.0.1 and ::1. */
export function tlsServer(
  t: TestContext,
  onRequest: (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void,
): Promise<number> {
  return listen(t, http2.createSecureServer({ cert: certificate, key, allowHTTP1: true }, onRequest));
}

export function client(t: TestContext, options: TokenEndpointOptions = {}): UndiciTokenEndpoint {
  const endpoint = new UndiciTokenEndpoint(options);
  t.after(() => endpoint.close());
  return endpoint;
}

export function request(url: string, overrides: Partial<TokenRequest> = {}): TokenRequest {
  const form = [['refresh_token', new Sensitive('the-token')]] as const;
  return { url, headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, form, ...overrides };
}

export const hang: RequestListener = () => {};
export const ok: RequestListener = (_, response) => void response.end('{}');
