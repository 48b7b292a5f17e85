// Reads a request's body whole, within a limit. Imports nothing of the project.

import type { IncomingMessage } from 'node:http';

/** A body that can't be read: too large, encoded, or cut off; `message` says which, in one line. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
}

/**
 * The body as UTF-8 text, bytes that are none replaced by U+FFFD; '' when there is none.
 * A body over `maxBytes` is read to its end but not kept, so that the client gets to see the answer.
 * @throws BodyError
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    throw new BodyError(`Content-Encoding ${JSON.stringify(encoding)}: the body must be sent as it is`);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
    }
  } catch (error) {
    throw new BodyError('the body was cut off', { cause: error });
  }
  if (bytes > maxBytes) throw new BodyError(`body of ${bytes} bytes: at most ${maxBytes} are taken`);
  return Buffer.concat(chunks).toString('utf8');
}
