// The HTTP server on the API port.

import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';

import { listenOn } from '../listen.ts';

export interface ApiServer {
  /** Opens the port; gives the port that was bound (for port 0). Rejects when it can't be. */
  listen(host: string, port: number): Promise<number>;
  /** Takes no new calls and waits for those in flight; after `graceMs` their connections are cut. */
  shutDown(graceMs: number): Promise<void>;
}

export function createApiServer(app: RequestListener): ApiServer {
  const server = createServer(app);
  return {
    listen: (host, port) => listenOn(server, host, port),
    shutDown: (graceMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}
