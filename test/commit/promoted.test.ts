// What promotions make of clusters, as Envoys are told of it: they alone say it while they run, and who is left behind
// is sent nothing, whatever it says of itself.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Seen, SeenSentinels, SeenServer, Watchers } from '../../src/effective/seen.ts';
import type { Topologies, Topology } from '../../src/effective/topology.ts';
import type { Strays } from '../../src/failover/follow.ts';
import type { Trouble } from '../../src/failover/following.ts';
import { serversOf } from '../../src/inventory/cluster.ts';
import type { Cluster } from '../../src/inventory/cluster.ts';
import { noEdits } from '../../src/inventory/edits.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { serverNameOf } from '../../src/net/address.ts';
import { createMemoryLogStore } from '../../src/store/memory-log-store.ts';
import { openDesk } from '../support/open-desk.ts';

const names = ['10.0.0.1:6379', '10.0.0.2:6379', '10.0.0.3:6379'] as const;
const [first, second, third] = names;

async function open() {
  const said = new Map<string, Partial<SeenServer>>();
  let seen: Seen = new Map();
  let watched: readonly Cluster[] = [];
  const watchers = {
    sentinels: new Map() as SeenSentinels,
    get seen() {
      return seen;
    },
    seenNow: () => seen,
    follow: (clusters: Iterable<Cluster>) => {
      watched = [...clusters];
    },
  } as unknown as Watchers;
  let dictated: Topologies = new Map();
  let strays: Strays = new Map();
  let troubles: readonly Trouble[] = [];
  const store = createMemoryLogStore();
  const desk = await openDesk({
    ...{ store, watchers },
    dictated: () => dictated,
    strays: () => strays,
    troubles: () => troubles,
  });
  const endpoints = names.map((name) => ({ address: name.split(':')[0], port: 6379 }));
  const after = parseCluster({ name: 'c', kind: 'replicated', primary: first, endpoints });
  await desk.stage(() => ({ ...noEdits, clusters: [{ name: 'c', after }] }), 'ann');
  await desk.commit({ author: 'ann' });
  return {
    ...{ desk, store },
    say: async (server: string, more: Partial<SeenServer>) => {
      said.set(server, more);
      seen = new Map([['c', new Map(Array.from(said, ([name, each]) => [name, { state: 'up', sinceMs: 0, ...each }]))]]);
      await desk.noteSeen();
    },
    dictate: (topology: Topology) => {
      return desk.keepNote('failover c', 'kept', () => {
        dictated = new Map([['c', topology]]);
      });
    },
    leave: (...servers: readonly string[]) => desk.keepNote('failover c', 'over', () => {
      dictated = new Map();
      strays = servers.length === 0 ? new Map() : new Map([['c', new Set(servers)]]);
    }),
    warn: async (trouble: Trouble) => {
      troubles = [trouble];
      await desk.noteSeen();
    },
    topology: () => desk.followings().get('c')?.topology,
    watched: () => watched.flatMap(serversOf).map(serverNameOf),
  };
}

const history = (id: string, former?: string) => ({ id, offset: 100, former: former === undefined ? undefined : { id: former, end: 90 } });

describe('a promotion', () => {
  test('alone says who is routed to while it runs, and is kept before it is published', async () => {
    const { say, dictate, topology, store, desk } = await open();
    await say(first, { role: 'primary', runId: 'r1', history: history('h1'), keys: 5 });
    await dictate({ primary: undefined, servers: [second, third] });
    assert.deepEqual(topology(), { primary: undefined, servers: [second, third] });
    assert.equal((await store.load()).notes?.get('failover c'), 'kept');
    // Whoever says that it is the primary now.
    await say(second, { role: 'primary', runId: 'r2', history: history('h2', 'h1'), keys: 5 });
    assert.deepEqual(topology(), { primary: undefined, servers: [second, third] });
    await dictate({ primary: second, servers: [second, third] });
    assert.deepEqual(topology(), { primary: second, servers: [second, third] });
    assert.equal(desk.declarations.revision, 1);
  });

  test('goes on to have every server that is declared looked at', async () => {
    const { dictate, watched } = await open();
    await dictate({ primary: second, servers: [second, third] });
    assert.deepEqual(watched(), names);
  });
});

describe('a server that was left behind', () => {
  test('is sent nothing, whatever it says of itself, until it follows', async () => {
    const { say, dictate, leave, topology, watched } = await open();
    await dictate({ primary: second, servers: [second, third] });
    await leave(first);
    await say(second, { role: 'primary', runId: 'r2', history: history('h2', 'h1'), keys: 5 });
    await say(first, { role: 'primary', runId: 'r1', history: history('h1'), keys: 9 });
    assert.deepEqual(topology(), { primary: second, servers: [second, third] });
    assert.deepEqual(watched(), names);
    await leave();
    assert.deepEqual(topology(), { primary: second, servers: names });
  });

  test('does not keep others from being followed', async () => {
    const { say, dictate, leave, topology } = await open();
    await dictate({ primary: second, servers: [second, third] });
    await leave(first);
    await say(second, { role: 'primary', runId: 'r2', history: history('h2', 'h1'), keys: 5 });
    await say(third, { role: 'primary', runId: 'r3', history: history('h3', 'h2'), keys: 5 });
    await say(second, { role: 'replica', follows: third, runId: 'r2', history: history('h3', 'h2'), keys: 5 });
    assert.deepEqual(topology(), { primary: third, servers: [second, third] });
  });
});

test('what keeps it from promoting is warned of', async () => {
  const { warn, desk } = await open();
  await warn({ code: 'failover-held', message: 'cluster "c": primary is dead, and nothing is promoted: paused' });
  assert.ok(desk.status().warnings.some(({ code }) => code === 'failover-held'));
});
