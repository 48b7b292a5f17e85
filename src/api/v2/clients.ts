// GET /api/v2/clients: every connected Envoy and what it runs.

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { RequestHandler, Response } from 'express';
import type { PublishedStatus } from '../../commit/control.ts';
import { pagesOfClients } from '../../xds/client-pages.ts';
import { clientState } from '../../xds/client.ts';
import type { Client } from '../../xds/client.ts';
import type { StreamHub } from '../../xds/stream-hub.ts';
import type { SyncState } from '../../xds/stream-status.ts';
import { nextTurn } from '../../xds/turns.ts';
import { buildClientMessage } from './client-message.ts';
import type { ClientsMessage } from './messages.ts';
import { ProblemError } from './problem.ts';
import { buildPublishedMessage } from './published-message.ts';
import { parseParameter, readQuery } from './query.ts';

export interface ClientsParts {
  readonly hub: StreamHub;
  /** How things stand with what is committed. */
  readonly published: () => PublishedStatus;
}

const states: readonly SyncState[] = ['synced', 'stale', 'error', 'not-sent'];

// Each may have ten thousand clients to be told, and not read.
const maxReaders = 64;

/** Answers a {@link ClientsMessage}. `node` asks for one node id, `state` for the clients in that state. */
export function createClientsHandler({ hub, published }: ClientsParts): RequestHandler {
  let readers = 0;
  return async (request, response) => {
    const { node, state } = readQuery(request, ['node', 'state']);
    const wantedState = state === undefined ? undefined : parseParameter('state', state, parseState);
    if (readers >= maxReaders) throw new ProblemError(503, `${maxReaders} answers are on their way: ask again later`);
    const pages = pagesOfClients(hub, (nodeIds) => {
      return new Set(node === undefined ? nodeIds : nodeIds.intersection(new Set([node])));
    });
    const isWanted = (client: Client): boolean => wantedState === undefined || clientState(client) === wantedState;
    response.type('json');
    readers += 1;
    try {
      await sendPieces(response, renderClients(pages, isWanted, published()));
    } finally {
      readers -= 1;
    }
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
  pages: Iterable<readonly Client[]>,
  isWanted: (client: Client) => boolean,
  published: PublishedStatus,
): AsyncGenerator<string> {
  const head: ClientsMessage = { ...buildPublishedMessage(published), clients: [] };
  const end = ']}';
  yield JSON.stringify(head).slice(0, -end.length);
  let separator = '';
  await nextTurn();
  for (const page of pages) {
    const messages = page.filter(isWanted).map(buildClientMessage);
    if (messages.length > 0) {
      yield `${separator}${JSON.stringify(messages).slice(1, -1)}`;
      separator = ',';
    }
    await nextTurn();
  }
  yield end;
}
