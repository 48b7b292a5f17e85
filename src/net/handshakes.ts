// The TLS handshakes that are under way on a port: there are many connections, and each may take its time.

import type { Socket } from 'node:net';
import type { Server } from 'node:tls';

export class Handshakes {
  // The one that began first, first.
  readonly #sockets = new Map<string, Socket>();

  /** @param max at once: beyond that the one that began first ends. */
  constructor(server: Server, max: number) {
    server.on('connection', (socket: Socket) => this.#begin(socket, max));
    server.on('secureConnection', (socket) => this.#sockets.delete(endsOf(socket)));
  }

  /** How many there are. */
  get count(): number {
    return this.#sockets.size;
  }

  /** Ends all of them. */
  destroyAll(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }

  #begin(socket: Socket, max: number): void {
    const ends = endsOf(socket);
    this.#sockets.set(ends, socket);
    socket.once('close', () => {
      if (this.#sockets.get(ends) === socket) this.#sockets.delete(ends);
    });
    const [first] = this.#sockets.values();
    if (this.#sockets.size > max) first?.destroy();
  }
}

// Node tells of a connection as one object, and when its handshake is over as another.
function endsOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
