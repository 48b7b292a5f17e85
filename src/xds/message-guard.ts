// Watches what comes in on HTTP/2 before it is a gRPC message: grpc-js keeps every piece of a message as an object of
// its own until the last one is there, and waits for that one for ever. Knows nothing of what the messages say.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { constants } from 'node:http2';
import type { Http2Session, ServerHttp2Stream } from 'node:http2';

import type { Logger } from 'pino';

import { peerOf } from '../net/peer.ts';
import type { Connections } from './connections.ts';
import { UnfinishedMessage } from './unfinished-message.ts';

// Node's own channel, since 24.2: grpc-js shows neither sessions nor streams.
const streamCreated = 'http2.server.stream.created';

// Beside these, a message may come in a piece for each 256 bytes: networks cut it into larger ones.
const freePieces = 1024;
const bytesPerPiece = 256;

const looksPerDeadline = 6;

interface Watched {
  readonly stream: ServerHttp2Stream;
  readonly message: UnfinishedMessage;
  /** Since when the client could have sent the rest. */
  sinceMs: number;
}

/**
 * Ends streams on which a message comes in too many pieces or too slowly, and connections on which the client has said
 * GOAWAY: what comes after that has met a fault in Node (docs/adr/0020-back-by-itself.md). Sees every HTTP/2 server of
 * the process.
 */
export class MessageGuard {
  readonly #log: Logger;
  readonly #withinMs: number;
  readonly #connections: Connections;
  readonly #sessions = new WeakSet<Http2Session>();
  readonly #warnedOf = new WeakSet<Http2Session>();
  // Those on which a message has begun and is not whole.
  readonly #unfinished = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param withinMs how long a message may take, while the client is let send.
   * @param connections told before a stream is reset, and before a connection is ended because its client said GOAWAY.
   */
  constructor(log: Logger, withinMs: number, connections: Connections) {
    this.#log = log;
    this.#connections = connections;
    this.#withinMs = withinMs;
    subscribe(streamCreated, this.#onStream);
  }

  /** Safe to repeat. */
  stop(): void {
    unsubscribe(streamCreated, this.#onStream);
    clearInterval(this.#timer);
  }

  readonly #onStream = (event: unknown): void => {
    const { stream } = event as { readonly stream: ServerHttp2Stream };
    const { session } = stream;
    if (session === undefined) return;
    if (!this.#sessions.has(session)) {
      this.#sessions.add(session);
      session.once('goaway', () => {
        this.#connections.noteLeaving(peerOf(session.socket));
        session.destroy();
      });
    }
    // To listen makes a stream flow that was not paused before, and grpc-js does not listen yet.
    stream.pause();
    const watched = { stream, message: new UnfinishedMessage(), sinceMs: 0 };
    stream.on('data', (piece: Buffer) => this.#onPiece(watched, piece));
    setImmediate(dropUnlessRead, stream);
  };

  #onPiece(watched: Watched, piece: Buffer): void {
    const { message } = watched;
    const wasWhole = message.isWhole;
    message.add(piece);
    if (message.isWhole) {
      if (!wasWhole) this.#unfinished.delete(watched);
    } else if (message.pieces > freePieces + message.bytes / bytesPerPiece) {
      this.#end(watched, 'message in too many pieces');
    } else if (message.pieces === 1) {
      watched.sinceMs = performance.now();
      this.#unfinished.add(watched);
      this.#timer ??= setInterval(() => this.#look(), this.#withinMs / looksPerDeadline).unref();
    }
  }

  #look(): void {
    const nowMs = performance.now();
    for (const watched of this.#unfinished) {
      const { stream } = watched;
      if (stream.destroyed) this.#unfinished.delete(watched);
      else if (stream.isPaused()) watched.sinceMs = nowMs;
      else if (nowMs - watched.sinceMs > this.#withinMs) this.#end(watched, 'message took too long');
    }
    if (this.#unfinished.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #end(watched: Watched, what: string): void {
    const { stream, message: { bytes, pieces } } = watched;
    this.#unfinished.delete(watched);
    const reason = `${what}: ${bytes} bytes in ${pieces} pieces so far`;
    // Before it is closed: then nobody knows its peer any more.
    if (!this.#connections.tellReset(stream, reason)) this.#warn(stream, reason);
    stream.removeAllListeners('data').close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  // Of a call that is none of discovery. One line a connection: a client may open streams for ever.
  #warn({ session }: ServerHttp2Stream, reason: string): void {
    if (session === undefined || this.#warnedOf.has(session)) return;
    this.#warnedOf.add(session);
    this.#log.warn({ peer: peerOf(session.socket), reason }, 'gRPC stream ended');
  }
}

// What grpc-js has answered without reading would hold its stream open.
function dropUnlessRead(stream: ServerHttp2Stream): void {
  if (stream.listenerCount('data') === 1) stream.resume();
}
