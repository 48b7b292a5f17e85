// GET /api/v2/clients: every connected Envoy and what it runs.

import type { RequestHandler } from 'express';
import type { Desk } from '../../commit/desk.ts';
import type { PublishedStatus } from '../../commit/published.ts';
import { pagesOfClients } from '../../xds/client-pages.ts';
import { clientState, foldClients } from '../../xds/client.ts';
import type { Client } from '../../xds/client.ts';
import type { Expectation } from '../../xds/expectation.ts';
import type { NodeFilter } from '../../xds/node-filter.ts';
import { keptId } from '../../xds/presence.ts';
import type { Gone } from '../../xds/presence.ts';
import type { StreamHub } from '../../xds/stream-hub.ts';
import type { SyncState } from '../../xds/stream-status.ts';
import { nextTurn } from '../../xds/turns.ts';
import { findUnasked } from '../../xds/unasked.ts';
import type { Unasked } from '../../xds/unasked.ts';
import { CallLimit } from '../call-limit.ts';
import { buildClientMessage } from './client-message.ts';
import { readExpectation } from './expectation-query.ts';
import { judgeFleet } from './fleet.ts';
import type { Fleet, Start } from './fleet.ts';
import { publishedNow } from './followed-message.ts';
import { isoTime } from './iso-time.ts';
import type { ClientsMessage, GoneMessage, SummaryMessage } from './messages.ts';
import { buildOrderMessage } from './order-message.ts';
import { ProblemError } from './problem.ts';
import { buildPublishedMessage } from './published-message.ts';
import { parseParameter, readQuery } from './query.ts';
import { sendPieces } from './send.ts';
import { summarize } from './summary.ts';

export interface ClientsParts {
  readonly hub: StreamHub;
  /** Undefined: it found nothing committed. */
  readonly start: Start | undefined;
  /** Knows how things stand with what is committed, and with its servers. */
  readonly desk: Pick<Desk, 'declarations' | 'status' | 'health' | 'followings' | 'orders' | 'outages'>;
}

const states: readonly SyncState[] = ['synced', 'stale', 'error', 'not-sent'];

// Each may have ten thousand clients to be told, and not read.
const maxReaders = 64;

/**
 * Answers a {@link ClientsMessage}. `node` asks for one node id, `state` for the clients in that state; whether all is
 * in sync is told of all clients, by `at_least` and `expect` too.
 */
export function createClientsHandler({ hub, start, desk }: ClientsParts): RequestHandler {
  const limit = new CallLimit(maxReaders);
  return async (request, response) => {
    const { node, state, ...query } = readQuery(request, ['node', 'state', 'at_least', 'expect']);
    const wantedState = state === undefined ? undefined : parseParameter('state', state, parseState);
    if (limit.isReached) throw new ProblemError(503, `${maxReaders} answers are on their way: ask again later`);
    const expectation = readExpectation(query);
    const select: NodeFilter = (nodeIds) => (node === undefined ? nodeIds : nodeIds.intersection(new Set([node])));
    const isWanted = (client: Client): boolean => wantedState === undefined || clientState(client) === wantedState;
    const answer = async (): Promise<void> => {
      await nextTurn();
      const gone = hub.presence.gone();
      const { fleet, idsByState, unasked } = judgeAll(hub, gone.length, start, expectation);
      const status = desk.status();
      const summary = summarize({
        clients: idsByState,
        gone: gone.length,
        isComplete: fleet.returning === null && fleet.expected?.is_met !== false,
        warnings: status.warnings,
        seen: desk.health(),
        published: publishedNow(desk),
      });
      const head = buildHead(summary, status, fleet, gone.filter(({ nodeId }) => isNamed(nodeId, node)));
      response.type('json');
      await sendPieces(response, renderClients(head, pagesOfClients(hub, select, unasked), isWanted));
    };
    await limit.count(answer());
  };
}

/** @param wanted a long id may be given as it is, or as it is told. */
function isNamed(goneId: string, wanted: string | undefined): boolean {
  return wanted === undefined || goneId === wanted || goneId === keptId(wanted);
}

function parseState(text: string): SyncState {
  const state = states.find((each) => each === text);
  if (state === undefined) throw new Error(`must be one of ${states.join(', ')}`);
  return state;
}

/** Looks at each stream, and keeps nothing of it. */
function judgeAll(
  hub: StreamHub,
  gone: number,
  start: Start | undefined,
  expectation: Expectation | undefined,
): {
  readonly fleet: Fleet;
  readonly idsByState: ReadonlyMap<SyncState, readonly string[]>;
  readonly unasked: ReadonlyMap<string, Unasked>;
} {
  const statuses = Array.from(hub.streams, (stream) => stream.status());
  const unasked = findUnasked(statuses);
  const clients = foldClients(statuses, unasked);
  const byState = Map.groupBy(clients, clientState);
  const idsByState = new Map(Array.from(byState, ([state, all]) => [state, all.map(({ node }) => node.id)] as const));
  return { fleet: judgeFleet(clients, gone, start, expectation), idsByState, unasked };
}

function buildHead(
  summary: SummaryMessage,
  published: PublishedStatus,
  fleet: Fleet,
  gone: readonly Gone[],
): ClientsMessage {
  return {
    summary,
    ...buildPublishedMessage(published),
    orders: published.orders.map(buildOrderMessage),
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
async function* renderClients(
  head: ClientsMessage,
  pages: Iterable<readonly Client[]>,
  isWanted: (client: Client) => boolean,
): AsyncGenerator<string> {
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
