// The requests of one connection, one after the other. A client may send any number of them without reading an answer
// (HTTP/1.1 pipelining), and Node hands over all that it has read at once.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

// What Node reads at once may hold thousands.
const maxWaiting = 100;

/**
 * Passes a request to `app` when all of the answer before it, on the same connection, has been handed to the network,
 * and other work had a turn. Meanwhile at most 100 wait, and nothing more is read; behind the last one that could wait
 * the connection ends, and the client has to send again what was not answered (RFC 9112, 9.3.2).
 */
export function answerInTurn(app: RequestListener): RequestListener {
  // Of a connection that has a request in progress: those behind it.
  const lines = new WeakMap<Socket, Call[]>();
  const answer = ({ request, response }: Call): void => {
    response.once('close', () => setImmediate(answerNext, request.socket));
    app(request, response);
  };
  const answerNext = (socket: Socket): void => {
    const next = lines.get(socket)?.shift();
    if (next !== undefined && !socket.destroyed) {
      answer(next);
      return;
    }
    lines.delete(socket);
    socket.resume();
  };
  return (request, response) => {
    const { socket } = request;
    const line = lines.get(socket);
    if (line === undefined) {
      lines.set(socket, []);
      answer({ request, response });
    } else if (line.length < maxWaiting) {
      line.push({ request, response });
      socket.pause();
    } else {
      for (const last of line.slice(-1)) last.response.shouldKeepAlive = false;
    }
  };
}
