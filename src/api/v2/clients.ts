// GET /api/v2/clients: every connected Envoy and what it runs.

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { RequestHandler, Response } from 'express';
import type { PublishedStatus } from '../../commit/control.ts';
import type { NodeGroup } from '../../snapshot/snapshot.ts';
import { clientState, foldClients } from '../../xds/client.ts';
import type { Client } from '../../xds/client.ts';
import type { Gone } from '../../xds/presence.ts';
import type { StreamHub } from '../../xds/stream-hub.ts';
import type { SyncState } from '../../xds/stream-status.ts';
import { buildClientMessage } from './client-message.ts';
import { readExpectation } from './expectation-query.ts';
import { judgeFleet } from './fleet.ts';
import type { Fleet, Start } from './fleet.ts';
import { isoTime } from './iso-time.ts';
import type { ClientsMessage, GoneMessage } from './messages.ts';
import { buildPublishedMessage } from './published-message.ts';
import { parseParameter, readQuery } from './query.ts';

export interface ClientsParts {
  readonly hub: StreamHub;
  /** The node group whose nodes are told of when they have gone. */
  readonly group: NodeGroup;
  /** Undefined: it found nothing committed. */
  readonly start: Start | undefined;
  /** How things stand with what is committed. */
  readonly published: () => PublishedStatus;
}

const states: readonly SyncState[] = ['synced', 'stale', 'error', 'not-sent'];

// As many go into one piece of the answer.
const clientsPerChunk = 50;

/**
 * Answers a {@link ClientsMessage}. `node` asks for one node id, `state` for the clients in that state; whether all is
 * in sync is told of all clients, by `at_least` and `expect` too.
 */
export function createClientsHandler({ hub, group, start, published }: ClientsParts): RequestHandler {
  return async (request, response) => {
    const { node, state, ...query } = readQuery(request, ['node', 'state', 'at_least', 'expect']);
    const wantedState = state === undefined ? undefined : parseParameter('state', state, parseState);
    const expectation = readExpectation(query);
    const all = foldClients(Array.from(hub.streams, (stream) => stream.status()));
    const gone = hub.presence(group).gone();
    const fleet = judgeFleet(all, gone.length, start, expectation);
    const clients = all.filter(
      (client) =>
        (node === undefined || client.node.id === node) &&
        (wantedState === undefined || clientState(client) === wantedState),
    );
    const head = buildHead(published(), fleet, gone.filter(({ nodeId }) => node === undefined || nodeId === node));
    response.type('json');
    await sendPieces(response, renderClients(head, clients));
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

function buildHead(published: PublishedStatus, fleet: Fleet, gone: readonly Gone[]): ClientsMessage {
  return {
    ...buildPublishedMessage(published),
    in_sync: fleet.isInSync,
    gone: gone.map(buildGoneMessage),
    returning: fleet.returning,
    expected: fleet.expected,
    clients: [],
  };
}

function buildGoneMessage({ nodeId, goneAtMs, cameAtMs }: Gone): GoneMessage {
  return { node_id: nodeId, gone_since: isoTime(goneAtMs), connected_since: isoTime(cameAtMs) };
}

// Piece by piece, and other work in between: ten thousand clients at once would hold up every push.
async function* renderClients(head: ClientsMessage, clients: readonly Client[]): AsyncGenerator<string> {
  const end = ']}';
  yield JSON.stringify(head).slice(0, -end.length);
  for (let start = 0; start < clients.length; start += clientsPerChunk) {
    const messages = clients.slice(start, start + clientsPerChunk).map(buildClientMessage);
    yield `${start === 0 ? '' : ','}${JSON.stringify(messages).slice(1, -1)}`;
    await nextTurn();
  }
  yield end;
}
