// Opening a port, the same way for every server.

import type { AddressInfo, Server } from 'node:net';

/**
 * Connections that may wait to be accepted: a fleet of Envoys reconnects within the same second, and what does
 * not fit is reset. The kernel caps it (net.core.somaxconn).
 */
const backlog = 65_535;

/** Told that a connection could not be taken. */
export type OnAcceptError = (error: Error) => void;

/** Opens the port; gives the port that was bound (for port 0). Rejects when it can't be had. */
export function listenOn(
  server: Server,
  host: string,
  port: number,
  onAcceptError: OnAcceptError = () => undefined,
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog }, () => {
      server.off('error', reject).on('error', onAcceptError);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
