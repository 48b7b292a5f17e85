// Reads a request's body whole, within a limit. Imports nothing of the project.

import type { IncomingMessage } from 'node:http';

/** A body that can't be read: too large, encoded, cut up or cut off; `message` says which, in one line. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  /** What HTTP calls it; /api/v1 answers 500 to all. */
  readonly status: 400 | 413 | 415;

  constructor(status: BodyError['status'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

// Each piece costs some 100 times what its byte costs. A body of the largest size comes in packets, some thousand.
const maxPieces = 16_384;

// Long enough to read the answer; the rest of the body is not waited for.
const lingerMs = 1_000;

/**
 * The body as UTF-8 text, bytes that are none replaced by U+FFFD; '' when there is none.
 * A body over `maxBytes` is read to its end but not kept, so that the client gets to see the answer. One in more than
 * 16,384 pieces is not read on: the connection is cut when the answer is out.
 * @throws BodyError
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    throw new BodyError(415, `Content-Encoding ${JSON.stringify(encoding)}: the body must be sent as it is`);
  }
  const body = new BoundedBytes(maxBytes);
  await readPieces(request, (piece) => body.add(piece));
  if (body.length > maxBytes) throw new BodyError(413, `body of ${body.length} bytes: at most ${maxBytes} are taken`);
  return body.toString();
}

// By events: an iterator would hand over what has come together, so that nobody could tell in how many pieces.
function readPieces(request: IncomingMessage, take: (piece: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let pieces = 0;
    const onData = (piece: Buffer): void => {
      take(piece);
      pieces += 1;
      if (pieces <= maxPieces) return;
      request.off('data', onData).pause();
      setTimeout(() => request.socket.destroy(), lingerMs);
      reject(new BodyError(400, `body in more than ${maxPieces} pieces: it must be sent in larger ones`));
    };
    const onCut = (cause?: Error): void => reject(new BodyError(400, 'the body was cut off', { cause }));
    request.on('data', onData).once('end', resolve).once('error', onCut).once('close', onCut);
  });
}

/** Copies what it is given, since a piece holds on to all that came with it from the network. */
class BoundedBytes {
  readonly #maxBytes: number;
  #kept = Buffer.alloc(0);
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Of all that was added, though past the limit nothing is kept. */
  get length(): number {
    return this.#length;
  }

  add(piece: Buffer): void {
    const start = this.#length;
    this.#length += piece.length;
    if (this.#length > this.#maxBytes) {
      this.#kept = Buffer.alloc(0);
      return;
    }
    if (this.#length > this.#kept.length) this.#grow();
    piece.copy(this.#kept, start);
  }

  toString(): string {
    return this.#kept.toString('utf8', 0, this.#length);
  }

  #grow(): void {
    const larger = Buffer.alloc(Math.min(Math.max(this.#length, 2 * this.#kept.length), this.#maxBytes));
    this.#kept.copy(larger);
    this.#kept = larger;
  }
}
