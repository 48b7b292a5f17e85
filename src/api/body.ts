// Reads a request's body whole, within a limit, into memory or into a file. Imports nothing of the project.

import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
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
  return (await readBytes(request, maxBytes)).toString('utf8');
}

/** As {@link readBody}, but one that is no UTF-8 is refused. @throws BodyError */
export async function readUtf8Body(request: IncomingMessage, maxBytes: number): Promise<string> {
  const bytes = await readBytes(request, maxBytes);
  if (!isUtf8(bytes)) throw new BodyError(400, 'the body must be UTF-8');
  return bytes.toString('utf8');
}

/**
 * Writes the body, as it comes, into a new file. Of one over `maxBytes` the rest is read, but not kept, so that the
 * client gets to see the answer.
 * @throws BodyError; what the file system says
 */
export async function saveBody(request: IncomingMessage, path: string, maxBytes: number): Promise<void> {
  requireUnencoded(request);
  const file = await open(path, 'wx', 0o600);
  try {
    let length = 0;
    for await (const piece of piecesOf(request)) {
      length += piece.length;
      if (length <= maxBytes) await file.appendFile(piece);
    }
    if (length > maxBytes) throw tooLarge(length, maxBytes);
  } finally {
    await file.close();
  }
}

async function* piecesOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  // Not ended by who stops reading: an answer is still to go out on the connection.
  const pieces = request.iterator({ destroyOnReturn: false });
  try {
    yield* pieces;
  } catch (cause) {
    throw cutOff(cause);
  }
}

async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  requireUnencoded(request);
  const body = new BoundedBytes(maxBytes);
  await readPieces(request, (piece) => body.add(piece));
  if (body.length > maxBytes) throw tooLarge(body.length, maxBytes);
  return body.bytes;
}

function requireUnencoded(request: IncomingMessage): void {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() === 'identity') return;
  throw new BodyError(415, `Content-Encoding ${JSON.stringify(encoding)}: the body must be sent as it is`);
}

function tooLarge(length: number, maxBytes: number): BodyError {
  return new BodyError(413, `body of ${length} bytes: at most ${maxBytes} are taken`);
}

function cutOff(cause: unknown): BodyError {
  return new BodyError(400, 'the body was cut off', { cause });
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
    const onCut = (cause?: Error): void => reject(cutOff(cause));
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

  get bytes(): Buffer {
    return this.#kept.subarray(0, this.#length);
  }

  #grow(): void {
    const larger = Buffer.alloc(Math.min(Math.max(this.#length, 2 * this.#kept.length), this.#maxBytes));
    this.#kept.copy(larger);
    this.#kept = larger;
  }
}
