// The open TCP connections of the xDS port, and by whom one, or a stream of one, was ended.

import type { Http2Stream } from 'node:http2';
import type { Socket } from 'node:net';

import { peerOf } from '../net/peer.ts';
import type { RefusedConnections } from '../net/refused-connections.ts';

// NGHTTP2_ERR_BAD_CLIENT_MAGIC, which node:http2 has no name for.
const badClientMagic = -903;

interface Connection {
  readonly socket: Socket;
  /** See {@link Connections.noteCutOff}. */
  tell: (() => void) | undefined;
  isLeaving: boolean;
}

/** A call that can say in the log who it was. */
export interface ResetListener {
  /** Called before the HTTP/2 stream below it is reset on our side. */
  noteReset(reason: string): void;
}

export class Connections {
  readonly #sockets = new Set<Socket>();
  // By address and port of the client: the newest, since a port may come again before the end of its old connection
  // is told.
  readonly #byPeer = new Map<string, Connection>();
  readonly #calls = new WeakMap<Http2Stream, ResetListener>();
  readonly #refused: RefusedConnections | undefined;
  #isStopping = false;

  /** @param refused told of who speaks no HTTP/2. */
  constructor(refused?: RefusedConnections) {
    this.#refused = refused;
  }

  add(socket: Socket): void {
    const peer = peerOf(socket);
    const connection: Connection = { socket, tell: undefined, isLeaving: false };
    this.#sockets.add(socket);
    this.#byPeer.set(peer, connection);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      if (this.#byPeer.get(peer) === connection) this.#byPeer.delete(peer);
      // Had the client ended it, there would be an end or an error.
      const { readableEnded, errored } = socket;
      if (isOtherProtocol(errored)) this.#refused?.note(peer, 'no HTTP/2: does the client speak TLS?');
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
    for (const socket of this.#sockets) socket.destroy();
  }

  /**
   * To be called when a stream was cut off. Calls `tell` if its connection is about to end on this side, for an
   * unanswered ping or frames that break the rules of HTTP/2; of all streams of a connection, only that of the last.
   */
  noteCutOff(peer: string, tell: () => void): void {
    const connection = this.#byPeer.get(peer);
    if (connection !== undefined) connection.tell = tell;
  }

  /** What {@link tellReset} tells of this stream goes to `call`. */
  noteCall(stream: Http2Stream, call: ResetListener): void {
    this.#calls.set(stream, call);
  }

  /** To be called before a stream is reset; false when nobody is there to hear of it. */
  tellReset(stream: Http2Stream, reason: string): boolean {
    const call = this.#calls.get(stream);
    call?.noteReset(reason);
    return call !== undefined;
  }
}

function isOtherProtocol(error: NodeJS.ErrnoException | null): boolean {
  return error?.code === 'ERR_HTTP2_ERROR' && error.errno === badClientMagic;
}
