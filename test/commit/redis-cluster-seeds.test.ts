// The seeds of a Redis Cluster that is watched, as Envoys are told of them.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { ControlPlane } from '../../src/commit/control-plane.ts';
import type { NodeLook, SeenNodes } from '../../src/effective/cluster-view.ts';
import type { SeenSentinels, Watchers } from '../../src/effective/seen.ts';
import type { Cluster } from '../../src/inventory/cluster.ts';
import { serversOf } from '../../src/inventory/cluster.ts';
import { noEdits } from '../../src/inventory/edits.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { serverNameOf } from '../../src/net/address.ts';
import { decodeMessage } from '../../src/proto/protos.ts';
import { dialects, messageNames } from '../../src/snapshot/dialect.ts';
import { SnapshotCache, defaultNodeGroup } from '../../src/snapshot/snapshot.ts';
import { createMemoryLogStore } from '../../src/store/memory-log-store.ts';
import { allAnswering, answering, lost, nodesOf, viewOf } from '../effective/redis-cluster-looks.ts';
import { openDesk } from '../support/open-desk.ts';

const nodes = nodesOf(3);
const primaries = nodes.filter(({ role }) => role === 'primary').map(({ address }) => address);

/** With these primaries given up, and their replicas in their place. */
function after(...gone: readonly string[]): Map<string, NodeLook> {
  const now = nodes.map((node) => {
    if (gone.includes(node.id)) return { ...node, state: 'fail' as const, slots: [] };
    if (node.follows === undefined || !gone.includes(node.follows)) return node;
    const { follows, ...rest } = node;
    return { ...rest, role: 'primary' as const, slots: nodes.find(({ id }) => id === follows)?.slots ?? [] };
  });
  return new Map(nodes.map(({ id, address }) => {
    return [address, gone.includes(id) ? lost(viewOf(id, nodes)) : answering(viewOf(id, now, 'ok', 2))];
  }));
}

class Sight implements Watchers {
  readonly sentinels: SeenSentinels = new Map();
  readonly seen: Watchers['seen'] = new Map();
  nodes: SeenNodes = new Map();
  watched: readonly Cluster[] = [];

  follow(clusters: Iterable<Cluster>): void {
    this.watched = [...clusters];
  }

  seenNow(): Watchers['seen'] {
    return this.seen;
  }

  say(looks: ReadonlyMap<string, NodeLook>): void {
    this.nodes = new Map([['carts', looks]]);
  }
}

async function open(store = createMemoryLogStore()) {
  const [snapshots, sight] = [new SnapshotCache(), new Sight()];
  const desk: ControlPlane = await openDesk({ store, snapshots, watchers: sight });
  const resource = () => {
    const resources = snapshots.get(defaultNodeGroup)?.resources('cluster', dialects.v3.ads);
    const found = resources?.resources.get('carts');
    assert.ok(found !== undefined);
    return found;
  };
  return {
    desk,
    sight,
    version: () => resource().version,
    seeds: (): string[] => {
      const { load_assignment: assignment } = decodeMessage(messageNames.v3.cluster, resource().value) as any;
      const addresses = assignment.endpoints.flatMap(({ lb_endpoints: of }: any) => of).map((each: any) => each.endpoint.address);
      return addresses.map(({ socket_address: { address, port_value: port } }: any) => `${address}:${port}`);
    },
    codes: () => desk.status().warnings.map(({ code }) => code),
    declare: async (seeds: readonly string[], fields: object = {}) => {
      const endpoints = seeds.map((seed) => ({ address: seed.split(':')[0], port: Number(seed.split(':')[1]), labels: { of: 'ann' } }));
      const cluster = parseCluster({ name: 'carts', kind: 'redis_cluster', endpoints, ...fields });
      await desk.stage(() => ({ ...noEdits, clusters: [{ name: 'carts', after: cluster }] }), 'ann');
      await desk.commit({ author: 'ann', force: true });
    },
    say: async (looks: ReadonlyMap<string, NodeLook>) => {
      sight.say(looks);
      await desk.noteSeen();
    },
  };
}

describe('the seeds of a Redis Cluster that is watched', () => {
  test('are published as they are declared, byte by byte, while enough of them are left', async () => {
    const { version, seeds, declare, say, codes } = await open();
    await declare(primaries);
    const before = version();
    await say(allAnswering(nodes));
    await say(after('a0'));
    assert.deepEqual([version(), seeds()], [before, primaries]);
    assert.ok(codes().includes('seeds-unreachable') && codes().includes('cluster-node-failed'), codes().join());
    await say(allAnswering(nodes));
    assert.deepEqual([version(), codes().filter((code) => /seeds-|cluster-|slots/.test(code))], [before, []]);
  });

  test('are replaced once too few are left, by no commit, told of, and watched from then on', async () => {
    const { desk, sight, seeds, declare, say, codes, version } = await open();
    await declare(primaries);
    await say(allAnswering(nodes));
    await say(after('a0', 'b0'));
    const replaced = seeds();
    assert.equal(replaced.length, 3);
    assert.ok(!replaced.includes(primaries[0] ?? '') && !replaced.includes(primaries[1] ?? ''), replaced.join());
    assert.equal(desk.declarations.revision, 1);
    assert.deepEqual(sight.watched.flatMap(serversOf).map(serverNameOf), replaced);
    assert.ok(codes().includes('seeds-replaced') && !codes().includes('seeds-unreachable'), codes().join());
    const [message] = desk.status().warnings.filter(({ code }) => code === 'seeds-replaced').map(({ message: text }) => text);
    assert.match(message ?? '', /^cluster "carts": since 20.* its seeds are .* in place of 10\.0\.0\.1:7000, .*, which are declared/);
    const before = version();
    await say(after('a0', 'b0'));
    await say(allAnswering(nodes));
    assert.deepEqual([version(), seeds()], [before, replaced]);
    assert.equal(desk.redisClusters().get('carts')?.replaced?.why, '10.0.0.1:7000, 10.0.0.2:7000: no node of it that answers');
  });

  test('stay replaced over a restart and through commits, until others are declared', async () => {
    const store = createMemoryLogStore();
    const first = await open(store);
    await first.declare(primaries);
    await first.say(allAnswering(nodes));
    await first.say(after('a0', 'b0'));
    const replaced = first.seeds();
    const second = await open(store);
    assert.deepEqual(second.seeds(), replaced);
    assert.ok(second.codes().includes('seeds-replaced'));
    await second.declare(primaries, { labels: { a: 'b' } });
    assert.deepEqual(second.seeds(), replaced);
    await second.declare(primaries.slice(0, 1));
    assert.deepEqual(second.seeds(), primaries.slice(0, 1));
    const third = await open(store);
    assert.deepEqual(third.seeds(), primaries.slice(0, 1));
  });

  test('are not replaced, over a restart either, by those of another cluster', async () => {
    const store = createMemoryLogStore();
    const first = await open(store);
    await first.declare(primaries.slice(0, 1));
    await first.say(allAnswering(nodes));
    const second = await open(store);
    const others = nodesOf(3, '10.9.9');
    const taken = answering(viewOf('10.9.9/a0', others));
    await second.say(new Map([...allAnswering(others), [primaries[0] ?? '', taken]]));
    assert.deepEqual(second.seeds(), primaries.slice(0, 1));
    assert.ok(second.codes().includes('cluster-views-differ'), second.codes().join());
  });

  test('are those that are declared where nobody watches, or it is removed', async () => {
    const { desk, seeds, declare, say, codes } = await open();
    await declare(primaries);
    await say(allAnswering(nodes));
    await say(after('a0', 'b0'));
    await declare(primaries, { watch: 'off' });
    assert.deepEqual(seeds(), primaries);
    assert.equal(codes().includes('seeds-replaced'), false);
    await desk.stage(() => ({ ...noEdits, clusters: [{ name: 'carts', after: undefined }] }), 'ann');
    await desk.commit({ author: 'ann', force: true });
    assert.equal(desk.redisClusters().size, 0);
  });
});

describe('what is told of a Redis Cluster that is watched', () => {
  const failed = nodes.map((node) => (node.id.startsWith('c') ? { ...node, state: 'fail' as const } : node));
  const broken = new Map(nodes.map(({ id, address }) => {
    return [address, id.startsWith('c') ? lost() : answering(viewOf(id, failed, 'fail', 3))] as const;
  }));

  test('are slots that are nobody\'s, nodes that are given up, and seeds that are gone', async () => {
    const { desk, declare, say } = await open();
    await declare(primaries);
    await say(allAnswering(nodes));
    await say(broken);
    const found = desk.status().warnings.filter(({ code }) => /seeds-|cluster-|slots/.test(code));
    assert.deepEqual(found, [
      { code: 'seeds-unreachable', message: 'cluster "carts": 10.0.0.3:7000: does not answer as a node of it: an Envoy that starts has 2 of 3 seeds to ask' },
      { code: 'slots-uncovered', message: 'cluster "carts": 5462 of its slots are nobody\'s: 10922-16383, and it says that it does not serve' },
      { code: 'cluster-node-failed', message: 'cluster "carts": 10.0.0.1:7001, 10.0.0.3:7000: given up by the others' },
    ]);
    const status = desk.redisClusters().get('carts');
    assert.deepEqual([status?.state, status?.epoch, status?.uncovered], ['fail', 3, { count: 5462, ranges: ['10922-16383'] }]);
    assert.deepEqual(status?.seeds.map(({ failure }) => failure), [undefined, undefined, 'refused']);
  });

  test('is that nothing can be seen, and why', async () => {
    const { desk, declare, say } = await open();
    await declare(primaries);
    const denied = { view: undefined, isSettled: false, failure: { reason: 'denied: NOPERM', sinceMs: 0 }, isLost: false };
    await say(new Map(primaries.map((seed) => [seed, denied])));
    const found = desk.status().warnings.filter(({ code }) => /seeds-|cluster-|slots/.test(code));
    const message =
      'cluster "carts": what its nodes say of it is not seen, and its seeds are not kept fresh: 10.0.0.1:7000: denied: NOPERM';
    assert.deepEqual(found, [{ code: 'cluster-unseen', message }]);
    assert.equal(desk.redisClusters().get('carts')?.state, 'unknown');
  });

  test('is who says something else than the others', async () => {
    const { desk, declare, say } = await open();
    await declare(primaries);
    const forgetful = nodes.filter(({ id }) => id !== 'c1');
    await say(allAnswering(nodes).set('10.0.0.1:7000', answering(viewOf('a0', forgetful))));
    const found = desk.status().warnings.filter(({ code }) => code === 'cluster-views-differ').map(({ message }) => message);
    assert.deepEqual(found, ['cluster "carts": 10.0.0.1:7000: says something else of it than the others']);
  });

  test('is that its seeds are of different clusters', async () => {
    const { desk, declare, say, seeds } = await open();
    await declare(['10.0.0.1:7000', '10.9.9.1:7000']);
    await say(new Map([...allAnswering(nodes).entries().take(1), ...allAnswering(nodesOf(3, '10.9.9')).entries().take(1)]));
    const found = desk.status().warnings.filter(({ code }) => /seeds-|cluster-|slots/.test(code));
    const message = 'cluster "carts": 10.0.0.1:7000, 10.9.9.1:7000: nodes of different clusters: nobody knows which is meant';
    assert.deepEqual(found, [{ code: 'cluster-views-differ', message }]);
    assert.deepEqual(seeds(), ['10.0.0.1:7000', '10.9.9.1:7000']);
  });
});
