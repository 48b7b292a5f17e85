// Bounds how many connections a server holds: beyond that the one goes that has been idle for longest.

import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export class Connections {
  readonly #max: number;
  // Calls in flight on each connection; several when the client pipelines.
  readonly #calls = new Map<Socket, number>();
  // Without a call, the one that has been so for longest first.
  readonly #idle = new Set<Socket>();
  #isStopping = false;

  /** @param max open connections; busy ones are never closed for it, so there may be more of these. */
  constructor(server: Server, max: number) {
    this.#max = max;
    server.on('connection', (socket: Socket) => this.#opened(socket));
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
    socket.once('close', () => {
      this.#calls.delete(socket);
      this.#idle.delete(socket);
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
