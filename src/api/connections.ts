// Bounds how many connections a server holds: beyond that the one goes that has been idle for longest. Tells of clients
// that speak TLS where there is none.

import type { Server } from 'node:http';
import type { Socket } from 'node:net';

import { peerOf } from '../net/peer.ts';
import type { RefusedConnections } from '../net/refused-connections.ts';

// The first byte of what begins a TLS connection (RFC 8446, 5.1), and what Node keeps of a request that is none.
const tlsHandshake = 22;
type ParseError = Error & { readonly rawPacket?: Buffer };

export class Connections {
  readonly #max: number;
  // Calls in flight on each connection; several when the client pipelines.
  readonly #calls = new Map<Socket, number>();
  // Without a call, the one that has been so for longest first.
  readonly #idle = new Set<Socket>();
  readonly #refused: RefusedConnections | undefined;
  #isStopping = false;

  /**
   * @param max open connections; busy ones are never closed for it, so there may be more of these.
   * @param event of the server that tells of a connection on which requests may come.
   * @param refused told of who speaks TLS where there is none.
   */
  constructor(
    server: Server,
    max: number,
    event: 'connection' | 'secureConnection' = 'connection',
    refused?: RefusedConnections,
  ) {
    this.#max = max;
    this.#refused = refused;
    server.on(event, (socket: Socket) => this.#opened(socket));
    server.on('request', ({ socket }, response) => {
      this.#count(socket, 1);
      response.once('close', () => this.#count(socket, -1));
    });
  }

  /** Closes those without a call in flight, whether they ever had one or not; the others as soon as they have none. */
  stop(): void {
    this.#isStopping = true;
    for (const socket of this.#idle) socket.destroy();
  }

  #opened(socket: Socket): void {
    this.#calls.set(socket, 0);
    this.#idle.add(socket);
    const peer = peerOf(socket);
    socket.once('close', () => {
      this.#calls.delete(socket);
      this.#idle.delete(socket);
      const { rawPacket } = (socket.errored ?? {}) as Partial<ParseError>;
      if (rawPacket?.[0] === tlsHandshake) this.#refused?.note(peer, 'the client speaks TLS, this port does not');
    });
    const [longestIdle] = this.#idle;
    if (this.#calls.size > this.#max) longestIdle?.destroy();
  }

  #count(socket: Socket, change: 1 | -1): void {
    const before = this.#calls.get(socket);
    if (before === undefined) return;
    this.#calls.set(socket, before + change);
    if (before + change > 0) this.#idle.delete(socket);
    else if (this.#isStopping) socket.destroySoon();
    else this.#idle.add(socket);
  }
}
