// The HTTP server on the API port.

import { createServer } from 'node:http';
import type { RequestListener, Server, ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

import { listenOn } from '../net/listen.ts';
import type { OnAcceptError } from '../net/listen.ts';
import type { RefusedConnections } from '../net/refused-connections.ts';
import type { TlsPort } from '../net/tls-port.ts';
import { Connections } from './connections.ts';
import { answerInTurn } from './in-turn.ts';

export interface ApiServer {
  /** Opens the port; gives the port that was bound (for port 0). Rejects when it can't be. */
  listen(host: string, port: number, onAcceptError?: OnAcceptError): Promise<number>;
  /** Takes no new calls and waits for those in flight; after `graceMs` their connections are cut. */
  shutDown(graceMs: number): Promise<void>;
}

// A client may reuse its connection at the very moment in which a timeout closes it, and then it can't know whether
// its call was carried out. Clients close idle connections themselves, Go's after 90 s, or never: so do we, never, once
// one has sent a request.
const serverOptions = {
  keepAliveTimeout: 0,
  // A host that lost power sends no FIN: TCP's own probes find it.
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
};

export interface ApiServerOptions {
  /** How many may be open, beyond which the one goes that has been idle for longest. Default 10,000. */
  readonly maxConnections?: number;
  /** How long a client may take to send a request, its body included; then it is answered 408. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** How often that is looked at. Default 5,000. */
  readonly checkIntervalMs?: number;
  /** How long a client may leave unread what was written to it; then its connection ends. Default 30,000. */
  readonly unreadMs?: number;
  /** Without it all is in the clear. */
  readonly tls?: TlsPort;
  /** Told of connections that speak TLS where there is none, and the other way. */
  readonly refused?: RefusedConnections;
}

export function createApiServer(
  app: RequestListener,
  {
    maxConnections = 10_000,
    requestTimeoutMs = 30_000,
    checkIntervalMs = 5_000,
    unreadMs = 30_000,
    tls,
    refused,
  }: ApiServerOptions = {},
): ApiServer {
  const deadline = { requestTimeout: requestTimeoutMs, connectionsCheckingInterval: checkIntervalMs };
  const server = createHttpServer({ ...serverOptions, ...deadline }, answerInTurn(app), tls, refused);
  const event = tls === undefined ? 'connection' : 'secureConnection';
  const connections = new Connections(server, maxConnections, event, refused);
  // Nothing came and nothing left for so long; who waits for an answer that takes its time may wait on.
  server.setTimeout(unreadMs, (socket) => {
    if (socket.writableLength > 0) socket.destroy();
  });
  return {
    listen: (host, port, onAcceptError) => listenOn(server, host, port, onAcceptError),
    shutDown: (graceMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        connections.stop();
        tls?.endHandshakes();
      }),
  };
}

function createHttpServer(
  options: ServerOptions,
  listener: RequestListener,
  tls: TlsPort | undefined,
  refused: RefusedConnections | undefined,
): Server {
  if (tls === undefined) return createServer(options, listener);
  const server = createTlsServer({ ...options, ...tls.options }, listener);
  tls.guard(server, refused);
  return server;
}
