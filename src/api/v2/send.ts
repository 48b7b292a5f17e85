// Answers in JSON: at once, or in pieces for what may be large.

import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { Response } from 'express';
import { nextTurn } from '../../xds/turns.ts';
import { isKnown, tagOf } from './precondition.ts';

export function sendJson(response: Response, message: object, status = 200): void {
  response.status(status).type('json').end(JSON.stringify(message));
}

/** With its ETag; 304 to a GET of who has it already. */
export function sendTagged(request: IncomingMessage, response: Response, object: object, status = 200): void {
  const content = JSON.stringify(object);
  const tag = tagOf(content);
  response.set('ETag', tag);
  if (isReading(request) && isKnown(request, tag)) response.status(304).end();
  else response.status(status).type('json').end(content);
}

function isReading({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Ends when all is sent or who asked is gone; rejects with what fails on this side. */
export async function sendPieces(
  response: Response,
  pieces: Iterable<string> | AsyncIterable<string | Buffer>,
): Promise<void> {
  try {
    await pipeline(Readable.from(pieces), response);
  } catch (error) {
    // Who asked may go away before the end.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

/** Other work is done between two pieces. */
export async function* inTurns(pieces: Iterable<string>): AsyncGenerator<string> {
  for (const piece of pieces) {
    yield piece;
    await nextTurn();
  }
}
