// The connected Envoys page by page, for who tells of all of them: what is known of ten thousand streams is much to
// hold while a reader takes its time, and much to find out at once.

import { foldClients } from './client.ts';
import type { Client } from './client.ts';
import type { DiscoveryStream } from './discovery-stream.ts';
import type { NodeFilter } from './node-filter.ts';
import type { StreamHub } from './stream-hub.ts';
import { findUnasked } from './unasked.ts';
import type { Unasked } from './unasked.ts';

const clientsPerPage = 50;

/**
 * Those that were connected at the first page, in the order of {@link foldClients}; how they stand is looked up when
 * their page is asked for, and who has gone by then is left out. The caller lets other work have a turn between pages.
 * @param select asked of each page's node ids, which of them are wanted; a page may be empty.
 * @param unasked by node id; found out before the first page by default.
 */
export function* pagesOfClients(
  hub: Pick<StreamHub, 'streams'>,
  select: NodeFilter = (nodeIds) => new Set(nodeIds),
  unasked: ReadonlyMap<string, Unasked> = findUnasked(hub.streams.values().map((stream) => stream.status())),
): Generator<readonly Client[]> {
  const streams = [...hub.streams].filter(({ nodeId }) => nodeId !== undefined).sort(byClient);
  let page: DiscoveryStream[] = [];
  let clients = 0;
  for (const [index, stream] of streams.entries()) {
    const previous = streams[index - 1];
    if (previous === undefined || byClient(previous, stream) !== 0) clients += 1;
    if (clients > clientsPerPage) {
      yield foldOpen(hub, page, select, unasked);
      page = [];
      clients = 1;
    }
    page.push(stream);
  }
  yield foldOpen(hub, page, select, unasked);
}

function foldOpen(
  { streams }: Pick<StreamHub, 'streams'>,
  page: readonly DiscoveryStream[],
  select: NodeFilter,
  unasked: ReadonlyMap<string, Unasked>,
): Client[] {
  const wanted = select(new Set(page.map(({ nodeId = '' }) => nodeId)));
  const open = page.filter((stream) => streams.has(stream) && wanted.has(stream.nodeId ?? ''));
  return foldClients(open.map((stream) => stream.status()), unasked);
}

function byClient(a: DiscoveryStream, b: DiscoveryStream): number {
  return compare(a.nodeId, b.nodeId) || compare(a.peer, b.peer) || compare(a.node?.cluster, b.node?.cluster);
}

function compare(a = '', b = ''): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
