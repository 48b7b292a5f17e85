// GET /api/v2/clients: every connected Envoy and what it runs.

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { RequestHandler, Response } from 'express';
import type { PublishedStatus } from '../../commit/control.ts';
import { clientState, foldClients } from '../../xds/client.ts';
import type { Client } from '../../xds/client.ts';
import type { StreamHub } from '../../xds/stream-hub.ts';
import type { SyncState } from '../../xds/stream-status.ts';
import { buildClientMessage } from './client-message.ts';
import type { ClientsMessage } from './messages.ts';
import { buildPublishedMessage } from './published-message.ts';
import { parseParameter, readQuery } from './query.ts';

export interface ClientsParts {
  readonly hub: StreamHub;
  /** How things stand with what is committed. */
  readonly published: () => PublishedStatus;
}

const states: readonly SyncState[] = ['synced', 'stale', 'error', 'not-sent'];

// As many go into one piece of the answer.
const clientsPerChunk = 50;

/** Answers a {@link ClientsMessage}. `node` asks for one node id, `state` for the clients in that state. */
export function createClientsHandler({ hub, published }: ClientsParts): RequestHandler {
  return async (request, response) => {
    const { node, state } = readQuery(request, ['node', 'state']);
    const wantedState = state === undefined ? undefined : parseParameter('state', state, parseState);
    const clients = foldClients(Array.from(hub.streams, (stream) => stream.status())).filter(
      (client) =>
        (node === undefined || client.node.id === node) &&
        (wantedState === undefined || clientState(client) === wantedState),
    );
    response.type('json');
    await sendPieces(response, renderClients(clients, published()));
  };
}

async function sendPieces(response: Response, pieces: AsyncIterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(pieces), response);
  } catch (error) {
    // Who asked may go away before the end.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

function parseState(text: string): SyncState {
  const state = states.find((each) => each === text);
  if (state === undefined) throw new Error(`must be one of ${states.join(', ')}`);
  return state;
}

// Piece by piece, and other work in between: ten thousand clients at once would hold up every push.
async function* renderClients(
  clients: readonly Client[],
  published: PublishedStatus,
): AsyncGenerator<string> {
  const head: ClientsMessage = { ...buildPublishedMessage(published), clients: [] };
  const end = ']}';
  yield JSON.stringify(head).slice(0, -end.length);
  for (let start = 0; start < clients.length; start += clientsPerChunk) {
    const messages = clients.slice(start, start + clientsPerChunk).map(buildClientMessage);
    yield `${start === 0 ? '' : ','}${JSON.stringify(messages).slice(1, -1)}`;
    await nextTurn();
  }
  yield end;
}
