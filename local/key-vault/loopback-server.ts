import type { Server } from 'node:http';
import { Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface LoopbackServer {
  /** Without a trailing slash. */
  readonly url: string;
  /** Ends at once, also for connections in use. */
  readonly close: () => Promise<void>;
}

/** Makes the server listen on 127.0.0.1. `port` 0, the default, takes any free one. */
export async function listen(server: Server | TlsServer, port = 0): Promise<LoopbackServer> {
  // A client's kept-alive connection must not be closed under its next request.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: chosen } = server.address() as AddressInfo;
  const scheme = server instanceof TlsServer ? 'https' : 'http';
  return { url: `${scheme}://127.0.0.1:${chosen}`, close: () => end(server) };
}

function end(server: Server | TlsServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
