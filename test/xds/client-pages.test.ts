import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { pagesOfClients } from '../../src/xds/client-pages.ts';
import { foldClients } from '../../src/xds/client.ts';
import type { Client } from '../../src/xds/client.ts';
import type { DiscoveryStream } from '../../src/xds/discovery-stream.ts';
import { buildStreamStatus, nodeOf } from '../support/xds/stream-status.ts';

interface Stream {
  readonly stream: DiscoveryStream;
  readonly looks: () => number;
}

function streamOf(id: string | undefined, peer = 'p', cluster = 'redis'): Stream {
  let looks = 0;
  const node = id === undefined ? undefined : nodeOf(id, cluster);
  const status = () => ((looks += 1), buildStreamStatus([], { node, peer }));
  return { stream: { nodeId: id, node: { id, cluster }, peer, status } as unknown as DiscoveryStream, looks: () => looks };
}

const hubOf = (streams: readonly Stream[]) => ({ streams: new Set(streams.map(({ stream }) => stream)) });
const keyOf = ({ node: { id, cluster }, peer, streams }: Client): string => [id, peer, cluster, streams.length].join();

describe('pages of clients', () => {
  test('give all clients as they are folded, one each', () => {
    const streams = Array.from({ length: 1_000 }, (_, index) => {
      return streamOf(`n${(index * 7) % 90}`, `p${(index * 3) % 5}`, `c${index % 2}`);
    });
    const pages = [...pagesOfClients(hubOf([...streams, streamOf(undefined)]))];
    const folded = foldClients(streams.map(({ stream }) => stream.status()));
    assert.deepEqual(pages.flat().map(keyOf), folded.map(keyOf));
    assert.ok(pages.every((page) => page.length <= 50));
    assert.equal(pages.length, Math.ceil(folded.length / 50));
  });

  test('look at a stream when its page is asked for, and once', () => {
    const streams = Array.from({ length: 200 }, (_, index) => streamOf(`n${String(index).padStart(3, '0')}`));
    const pages = pagesOfClients(hubOf(streams), undefined, new Map());
    const looked = () => streams.filter(({ looks }) => looks() > 0).length;
    pages.next();
    assert.equal(looked(), 50);
    pages.next();
    assert.equal(looked(), 100);
    assert.equal([...pages].flat().length, 100);
    assert.ok(streams.every(({ looks }) => looks() === 1));
  });

  test('leave out who has gone meanwhile', () => {
    const streams = Array.from({ length: 60 }, (_, index) => streamOf(`n${String(index).padStart(2, '0')}`));
    const hub = hubOf(streams);
    const pages = pagesOfClients(hub);
    pages.next();
    hub.streams.delete(streams[55]?.stream as DiscoveryStream);
    assert.deepEqual([...pages].flat().map(({ node }) => node.id), streams.slice(50).flatMap(({ stream: { nodeId } }) => {
      return nodeId === 'n55' ? [] : [nodeId];
    }));
  });

  test('are of those that are wanted, and nobody else is looked at', () => {
    const [one, other] = [streamOf('one'), streamOf('other')];
    const [page = []] = pagesOfClients(hubOf([one, other]), () => new Set(['one']), new Map());
    assert.deepEqual(page.map(({ node }) => node.id), ['one']);
    assert.equal(other.looks(), 0);
  });
});
