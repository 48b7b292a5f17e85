// The open TCP connections of the xDS port, and by whom one was ended.

import type { Socket } from 'node:net';

interface Connection {
  readonly socket: Socket;
  /** See {@link Connections.noteCutOff}. */
  tell: (() => void) | undefined;
  isLeaving: boolean;
}

export class Connections {
  // By address and port of the client.
  readonly #byPeer = new Map<string, Connection>();
  #isStopping = false;

  add(socket: Socket): void {
    const peer = peerOf(socket);
    const connection: Connection = { socket, tell: undefined, isLeaving: false };
    this.#byPeer.set(peer, connection);
    socket.once('close', () => {
      this.#byPeer.delete(peer);
      // Had the client ended it, there would be an end or an error.
      const { readableEnded, errored } = socket;
      if (!this.#isStopping && !connection.isLeaving && !readableEnded && errored === null) connection.tell?.();
    });
  }

  /** The client has said that it goes: that its connection ends here is its own wish. */
  noteLeaving(peer: string): void {
    const connection = this.#byPeer.get(peer);
    if (connection !== undefined) connection.isLeaving = true;
  }

  /** All will end on this side, and everybody knows why. */
  noteStopping(): void {
    this.#isStopping = true;
  }

  destroyAll(): void {
    for (const { socket } of this.#byPeer.values()) socket.destroy();
  }

  /**
   * To be called when a stream was cut off. Calls `tell` if its connection is about to end on this side, for an
   * unanswered ping or frames that break the rules of HTTP/2; of all streams of a connection, only that of the last.
   */
  noteCutOff(peer: string, tell: () => void): void {
    const connection = this.#byPeer.get(peer);
    if (connection !== undefined) connection.tell = tell;
  }
}

interface RemoteEnd {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** As in the log: address and port of the client. */
export function peerOf({ remoteAddress = 'unknown', remotePort = 0 }: RemoteEnd): string {
  return `${remoteAddress}:${remotePort}`;
}
