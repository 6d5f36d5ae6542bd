import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { systemClock } from '../../src/time.ts';
import { listen } from '../key-vault/loopback-server.ts';
import { EntraFaults } from './entra-faults.ts';
import type { EntraState } from './entra-state.ts';
import { deliver } from './faulty-entra.ts';
import type { EntraRequest, EntraResponse } from './wire.ts';

interface EntraEmulatorOptions {
  readonly state: EntraState;
  /** Default: none. */
  readonly faults?: EntraFaults;
  /** Real time before each request is looked at. Default: none. */
  readonly latencyMilliseconds?: () => number;
  /** Default: any free port. */
  readonly port?: number;
}

export interface EntraEmulator {
  /** The authority, `http://127.0.0.1:<port>`, without a trailing slash. */
  readonly url: string;
  readonly state: EntraState;
  readonly faults: EntraFaults;
  /** Ends at once, also for connections in use. */
  close(): Promise<void>;
}

/** Serves Entra's token, authorize and discovery endpoints on loopback, over plain HTTP. */
export async function startEntraEmulator(options: EntraEmulatorOptions): Promise<EntraEmulator> {
  const { state, faults = new EntraFaults(), latencyMilliseconds = () => 0 } = options;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const latency = latencyMilliseconds();
      if (latency > 0) await systemClock.sleep(latency);
      await answer(state, faults, request, response);
    } catch (error) {
      fail(response, error);
    }
  };
  const server = await listen(createServer(serve), options.port);
  return { url: server.url, state, faults, close: server.close };
}

async function answer(
  state: EntraState,
  faults: EntraFaults,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const delivery = await deliver(state, faults, await entraRequest(request));
  switch (delivery.kind) {
    case 'answered':
      writeHead(response, delivery.response, state.clock.nowMilliseconds());
      response.end(delivery.response.body);
      return;
    case 'cut':
      writeHead(response, delivery.response, state.clock.nowMilliseconds());
      response.write(delivery.response.body.slice(0, delivery.response.body.length / 2), () =>
        request.socket.destroy(),
      );
      return;
    // A listening server cannot refuse a single connection.
    case 'refused':
    case 'reset':
      request.socket.resetAndDestroy();
      return;
    case 'hanging':
      return;
  }
}

async function entraRequest(request: IncomingMessage): Promise<EntraRequest> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = String(value);
  }
  return {
    method: request.method ?? '',
    path: request.url ?? '/',
    headers,
    form: await text(request),
    authority: `http://127.0.0.1:${request.socket.localPort}`,
  };
}

function writeHead(response: ServerResponse, answer: EntraResponse, nowMilliseconds: number): void {
  response.writeHead(answer.status, {
    ...answer.headers,
    'set-cookie': cookies(nowMilliseconds),
    'content-length': Buffer.byteLength(answer.body),
  });
}

/** As recorded. A client without a browser must not keep them: loops are also counted per cookie. */
function cookies(nowMilliseconds: number): string[] {
  const expires = new Date(nowMilliseconds + 30 * 86_400_000).toUTCString();
  return [
    `fpc=AgzXL-nWzgpKiOtq0dDhHuQ; expires=${expires}; path=/; secure; HttpOnly; SameSite=None`,
    'x-ms-gateway-slice=estsfd; path=/; secure; samesite=none; httponly',
    'stsservicecookie=estsfd; path=/; secure; samesite=none; httponly',
  ];
}

/** A fault of the emulator, or of a test's hook: said aloud in the answer. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
}
