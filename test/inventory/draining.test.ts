import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster, ClusterEdit, Clusters } from '../../src/inventory/cluster.ts';
import { drainAfter, findSuccessors, follow, serveDraining, stillDraining } from '../../src/inventory/draining.ts';
import type { DrainingCluster } from '../../src/inventory/draining.ts';
import { Routing, findCatchAll } from '../../src/inventory/routing.ts';
import { servedNames } from '../../src/inventory/read-clusters.ts';
import { serve, serveBy } from '../../src/inventory/served-cluster.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { routesByPrefix } from '../../src/render/prefix-order.ts';

const nowMs = 1_000_000;
const drainTimeMs = 600;

function cluster(name: string): Cluster {
  return { name, prefix: `/${name}`, endpoints: [{ address: '10.0.0.1', port: 6379 }] };
}

/** `NAME` drains until so many ms from now. */
function drains(name: string, leftMs: number, followed?: string): DrainingCluster {
  return { cluster: cluster(name), untilMs: nowMs + leftMs, wasCatchAll: false, followed };
}

function routingOf(clusters: Clusters, named?: string): Routing {
  return new Routing(routesByPrefix(clusters), findCatchAll(clusters, named));
}

function removed(name: string): ClusterEdit {
  return { name, after: undefined };
}

function added(name: string): ClusterEdit {
  return { name, after: cluster(name) };
}

interface Case {
  readonly what: string;
  readonly draining?: readonly DrainingCluster[];
  readonly edits: readonly ClusterEdit[];
  readonly drainTimeMs?: number;
  readonly expected: readonly DrainingCluster[];
}

const before: Clusters = new Map(['a', 'b'].map((name) => [name, cluster(name)]));

const CASES: readonly Case[] = [
  { what: 'nothing was removed', edits: [added('c')], expected: [] },
  { what: 'a cluster was removed: it drains as it was last', edits: [removed('a')], expected: [drains('a', 600)] },
  {
    what: 'two were removed and one changed',
    edits: [added('a'), removed('b'), removed('a')],
    expected: [drains('b', 600), drains('a', 600)],
  },
  {
    what: 'one drains already: it goes on as long as it would have',
    draining: [drains('x', 1)],
    edits: [removed('a')],
    expected: [drains('x', 1), drains('a', 600)],
  },
  {
    what: 'the time of one is over',
    draining: [drains('x', 0), drains('y', -1)],
    edits: [removed('a')],
    expected: [drains('a', 600)],
  },
  {
    what: 'one is declared again',
    draining: [drains('x', 1), drains('y', 1)],
    edits: [added('x')],
    expected: [drains('y', 1)],
  },
  { what: 'what was removed was not committed', edits: [removed('nowhere')], expected: [] },
  {
    what: 'removed clusters do not drain, and those that did before go on',
    draining: [drains('x', 1)],
    edits: [removed('a')],
    drainTimeMs: 0,
    expected: [drains('x', 1)],
  },
];

describe('drainAfter', () => {
  for (const { what, draining = [], edits, drainTimeMs: timeMs = drainTimeMs, expected } of CASES) {
    test(what, () => {
      const copy = structuredClone(draining);
      const state = { clusters: before, routing: routingOf(before), mirrors: [], draining };
      assert.deepEqual(drainAfter(state, edits, routingOf(new Map()), nowMs, timeMs), expected);
      assert.deepEqual(draining, copy);
    });
  }
});

test('stillDraining passes over those whose time is over, to the millisecond', () => {
  const draining = [drains('a', -1), drains('b', 0), drains('c', 1)];
  assert.deepEqual(stillDraining(draining, nowMs), [drains('c', 1)]);
});

test('drainAfter keeps who was the catch-all: by name, or as the only one', () => {
  const wasCatchAll = (names: readonly string[], catchAll: string | undefined): boolean | undefined => {
    const clusters = new Map(names.map((name) => [name, cluster(name)]));
    const state = { clusters, routing: routingOf(clusters, catchAll), mirrors: [], draining: [] };
    return drainAfter(state, [removed('a')], routingOf(new Map()), nowMs, drainTimeMs)[0]?.wasCatchAll;
  };
  assert.equal(wasCatchAll(['a', 'b'], 'a'), true);
  assert.equal(wasCatchAll(['a', 'b'], 'b'), false);
  assert.equal(wasCatchAll(['a', 'b'], undefined), false);
  assert.equal(wasCatchAll(['a'], undefined), true);
});

describe('a removed cluster that was mirrored', () => {
  // Its keys, of the prefix /a, go to b.
  const now = new Routing([{ prefix: '/a', cluster: 'b' }], undefined);
  const drainedWith = (cluster_: string, mirror: string, after = now): DrainingCluster | undefined => {
    const mirrors = [{ cluster: cluster_, mirror, untilMs: Infinity }];
    const state = { clusters: before, routing: routingOf(before), mirrors, draining: [] };
    return drainAfter(state, [removed('a')], after, nowMs, drainTimeMs)[0];
  };

  test('keeps its servers when its mirror takes the keys over: each command would be done twice there', () => {
    const drained = drainedWith('a', 'b');
    assert.equal(drained?.followed, 'a');
    assert.deepEqual(findSuccessors([drained], before), new Map());
    assert.deepEqual(follow([drained], now), [drained]);
  });

  test('keeps its servers when nobody takes the keys over yet', () => {
    const drained = drainedWith('a', 'b', new Routing([], undefined));
    assert.ok(drained !== undefined);
    assert.deepEqual(findSuccessors(follow([drained], now), before), new Map());
  });

  test('is served by whoever takes the keys over that is no mirror', () => {
    assert.equal(drainedWith('a', 'c')?.followed, 'b');
    assert.equal(drainedWith('c', 'b')?.followed, 'b');
  });

  test('keeps its servers when it was the mirror: nobody else is to get the copies', () => {
    assert.equal(drainedWith('c', 'a')?.followed, 'a');
  });
});

describe('the successor of a removed cluster with the prefix /a', () => {
  /** `declared`: names, each with the prefix `/NAME`, or `NAME=PREFIX`. */
  const successorOf = (declared: readonly string[], catchAll: string | undefined, wasCatchAll: boolean) => {
    const clusters = declared.map((text) => {
      const [name = '', prefix = `/${name}`] = text.split('=');
      return [name, { ...cluster(name), prefix }] as const;
    });
    const draining = follow([{ ...drains('a', 1), wasCatchAll }], routingOf(new Map(clusters), catchAll));
    return findSuccessors(draining, new Map(clusters)).get('a');
  };

  const cases: readonly (readonly [string, ...Parameters<typeof successorOf>, string | undefined])[] = [
    ['nobody', ['b', 'c'], undefined, false, undefined],
    ['who has its prefix', ['b', 'new=/a'], undefined, false, 'new'],
    ['who has a shorter prefix', ['b', 'new=/'], undefined, false, 'new'],
    ['nobody with a longer one: that takes a part of its keys only', ['b', 'new=/ab'], undefined, false, undefined],
    ['the catch-all, when nobody has its prefix', ['b', 'c'], 'c', false, 'c'],
    ['the only one that is left', ['b'], undefined, false, 'b'],
    ['of the catch-all: who has both', ['b', 'new=/a'], 'new', true, 'new'],
    ['of the catch-all: who has its prefix, when there is no catch-all any more', ['b', 'new=/a'], undefined, true, 'new'],
    ['of the catch-all: nobody, when two share what it had', ['b', 'new=/a'], 'b', true, undefined],
    ['of the catch-all: the new one, whatever its prefix', ['b', 'c'], 'c', true, 'c'],
    ['nobody when nothing is declared', [], undefined, true, undefined],
  ];
  for (const [what, declared, catchAll, wasCatchAll, expected] of cases) {
    test(`is ${what}`, () => assert.equal(successorOf(declared, catchAll, wasCatchAll), expected));
  }
});

test('a draining cluster is served with the endpoints of its successor, also with none, or else with its own', () => {
  const endpoints = [{ address: '10.0.0.9', port: 6379 }];
  const clusters = new Map([
    ['new', { name: 'new', prefix: '/a', endpoints }],
    ['empty', { name: 'empty', prefix: '/b', endpoints: [] }],
  ]);
  const all = follow(['a', 'b', 'c'].map((name) => drains(name, 1)), routingOf(clusters));
  const served = serveDraining(all, findSuccessors(all, clusters), clusters);
  assert.deepEqual([...served.values()], [
    ...serveBy(cluster('a'), { name: 'new', endpoints }),
    ...serveBy(cluster('b'), { name: 'empty', endpoints: [] }),
    ...serve(cluster('c')),
  ]);
});

test('a cluster that drains speaks to the servers of its successor as that one does', () => {
  const upstream_tls = { ca: { secret: 'ca' }, sans: 'any' } as const;
  const upstream_auth = { password: { secret: 'p' } };
  const next = { ...cluster('b'), upstream_tls };
  const all = [
    { ...drains('a', 1, 'b'), cluster: { ...cluster('a'), upstream_auth } },
    { ...drains('c', 1), cluster: { ...cluster('c'), upstream_auth } },
  ];
  const clusters: Clusters = new Map([['b', next]]);
  const serveAll = () => [...serveDraining(all, findSuccessors(all, clusters), clusters).values()];
  const [a, c] = serveAll();
  assert.deepEqual(a?.declared, { ...cluster('a'), upstream_tls });
  assert.equal(c?.declared, all[1]?.cluster, 'it keeps its own servers');
  assert.equal(serveAll()[0]?.declared, a?.declared);
});

describe('a cluster that drains, and whose successor finds the server by the key', () => {
  const shards = ['10.0.0.1', '10.0.0.2'].map((address, index) => ({ name: `s${index}`, endpoint: { address, port: 1 } }));
  const sharded = parseCluster({ name: 'b', kind: 'sharded', prefix: 'b:', shards, health_check: {}, connect_timeout: '1s' });
  const declaredBy = (drained: Cluster, server: Cluster): (readonly [string, Cluster])[] => {
    const [all, clusters] = [[{ ...drains('a', 1, server.name), cluster: drained }], new Map([[server.name, server]])];
    const served = [...serveDraining(all, findSuccessors(all, clusters), clusters).values()];
    return served.map(({ name, declared }) => [name, declared] as const);
  };
  const copy = (name: string): Cluster => ({ ...sharded, name, prefix: '/a' });

  test('finds it so too: it is a copy of that one but for its name, its prefix and its node groups', () => {
    const [[, declared] = []] = declaredBy({ ...cluster('a'), groups: ['eu'] }, { ...sharded, groups: ['us'] });
    assert.deepEqual(declared, { ...copy('a'), groups: ['eu'] });
  });

  test('does so with the clusters that its reads go to', () => {
    const group = parseCluster({ name: 'a', kind: 'replicated', prefix: '/a', reads: 'any' });
    assert.deepEqual(declaredBy(group, sharded), servedNames(group).map((name) => [name, copy('a')]));
  });

  test('stays as it was when it finds it so already, or the other one does not', () => {
    const alike = { ...sharded, name: 'a', prefix: '/a', connect_timeout: '2s', shards: [] };
    assert.equal(declaredBy(alike, sharded)[0]?.[1], alike);
    assert.equal(declaredBy(alike, cluster('b'))[0]?.[1], alike);
    const table = parseCluster({ name: 'b', load_balancing: { policy: 'maglev', table_size: 503 } });
    assert.deepEqual(declaredBy(alike, table)[0]?.[1], { ...table, name: 'a', prefix: '/a' });
  });
});

describe('a cluster whose successor goes away', () => {
  const server = (name: string) => [{ address: `10.0.0.${name.charCodeAt(0)}`, port: 6379 }];
  const own = (name: string): Cluster => ({ name, prefix: name, endpoints: server(name) });
  const drainsAs = (name: string, followed?: string) => ({ ...drains(name, 1, followed), cluster: own(name) });
  const servers = (draining: readonly DrainingCluster[], ...declared: readonly string[]) => {
    const clusters = new Map(declared.map((name) => [name, own(name)]));
    return Array.from(serveDraining(draining, findSuccessors(draining, clusters), clusters).values(), ({ hosts }) => hosts);
  };

  test('is served as that one, which keeps its servers when nobody follows it', () => {
    const draining = [drainsAs('a', 'b'), drainsAs('b')];
    assert.deepEqual([...findSuccessors(draining, new Map())], [['a', 'b']]);
    assert.deepEqual(servers(draining), [server('b'), server('b')]);
  });

  test('is served by the end of a chain of successors', () => {
    const draining = [drainsAs('a', 'b'), drainsAs('b', 'c')];
    assert.deepEqual([...findSuccessors(draining, new Map())], [['a', 'c'], ['b', 'c']]);
    assert.deepEqual(servers(draining, 'c'), [server('c'), server('c')]);
  });

  test('remembers it when nobody has its keys any more, or two have, and until one has them again', () => {
    const catchAll = { ...drains('a', 1, 'b'), wasCatchAll: true };
    const takers = (prefixes: Readonly<Record<string, string>>, named?: string) => {
      const clusters = Object.entries(prefixes).map(([name, prefix]) => ({ name, prefix, endpoints: [] }));
      const byName = new Map(clusters.map((each) => [each.name, each]));
      return follow([catchAll], routingOf(byName, named)).map(({ followed }) => followed);
    };
    assert.deepEqual(takers({}), ['b']);
    assert.deepEqual(takers({ c: '/a', d: '/d' }, 'd'), ['b']);
    assert.deepEqual(takers({ c: '/a' }), ['c']);
  });

  test('has an end also when rows say that they follow each other', () => {
    const draining = [drainsAs('a', 'b'), drainsAs('b', 'a'), drainsAs('c', 'c')];
    assert.deepEqual([...findSuccessors(draining, new Map())], [['a', 'b'], ['b', 'a']]);
    assert.deepEqual(servers(draining), [server('b'), server('a'), server('c')]);
  });

  test('keeps its own when there is nothing left of that one', () => {
    assert.deepEqual(servers([drainsAs('a', 'b')]), [server('a')]);
  });
});

describe('a draining cluster of another kind than its successor', () => {
  const [one, two] = [{ address: '10.0.0.1', port: 6379 }, { address: '10.0.0.2', port: 6379 }];
  const declare = (value: object): Cluster => parseCluster({ name: 'new', prefix: 'a', ...value });
  const kinds: Readonly<Record<string, object>> = {
    plain: { endpoints: [one, two] },
    replicated: { kind: 'replicated', primary: '10.0.0.1:6379', endpoints: [one, two] },
    redis_cluster: { kind: 'redis_cluster', endpoints: [one] },
  };
  const ports = (hosts: readonly { readonly address: string }[]) => hosts.map(({ address }) => address.slice(-1)).join();
  const own = [{ address: '10.0.0.9', port: 6379 }];

  const cases: readonly (readonly [of: object, by: string, served: Readonly<Record<string, string>>])[] = [
    [{ endpoints: own }, 'replicated', { a: '1' }],
    [{ endpoints: own }, 'redis_cluster', { a: '9' }],
    [{ kind: 'redis_cluster', endpoints: own }, 'plain', { a: '9' }],
    [{ kind: 'replicated', primary: '10.0.0.9:6379', endpoints: own }, 'plain', {
      a: '1,2', 'a/replica': '1,2', 'a/prefer_replica': '1,2', 'a/any': '1,2',
    }],
    [{ kind: 'replicated', primary: '10.0.0.9:6379', endpoints: own }, 'replicated', {
      a: '1', 'a/replica': '2', 'a/prefer_replica': '2,1', 'a/any': '1,2',
    }],
  ];
  for (const [value, by, expected] of cases) {
    const drained = declare({ ...value, name: 'a' });
    test(`${drained.kind ?? 'plain'} by ${by}: it has ${JSON.stringify(expected)}`, () => {
      const clusters = new Map([['new', declare(kinds[by] ?? {})]]);
      const draining = follow([{ ...drains('a', 1), cluster: drained }], routingOf(clusters));
      const served = serveDraining(draining, findSuccessors(draining, clusters), clusters);
      assert.deepEqual(Object.fromEntries(Array.from(served, ([name, { hosts }]) => [name, ports(hosts)])), expected);
    });
  }
});

describe('a cluster that is replicated no more', () => {
  const [one, two] = [{ address: '10.0.0.1', port: 6379 }, { address: '10.0.0.2', port: 6379 }];
  const named = (name: string, value: object): Cluster => parseCluster({ name, ...value });
  const group = named('a', { kind: 'replicated', prefix: 'a:', primary: '10.0.0.1:6379', endpoints: [one, two] });
  const plain = named('a', { prefix: 'a:', endpoints: [one] });
  const none = new Routing([], undefined);
  const step = (clusters: Clusters, draining: readonly DrainingCluster[], after: Cluster | undefined, ms = drainTimeMs) => {
    return drainAfter({ clusters, routing: none, mirrors: [], draining }, [{ name: 'a', after }], none, nowMs, ms);
  };
  const of = (cluster_: Cluster): Clusters => new Map([['a', cluster_]]);
  const describeAll = (draining: readonly DrainingCluster[], clusters: Clusters): Record<string, string> => {
    const served = serveDraining(draining, findSuccessors(draining, clusters), clusters);
    return Object.fromEntries(Array.from(served, ([name, { hosts }]) => [name, hosts.map(({ address }) => address.slice(-1)).join()]));
  };
  const left = ['a/replica', 'a/prefer_replica', 'a/any'];

  test('leaves those for reads, which follow it: they have its servers, as they change', () => {
    const draining = step(of(group), [], plain);
    assert.deepEqual(draining.map(({ cluster: { name }, untilMs, followed }) => [name, untilMs, followed]), left.map((name) => {
      return [name, nowMs + drainTimeMs, 'a'];
    }));
    const served = (endpoints: readonly object[]) => describeAll(draining, of(named('a', { endpoints })));
    assert.deepEqual(served([one]), Object.fromEntries(left.map((name) => [name, '1'])));
    assert.deepEqual(served([one, two]), Object.fromEntries(left.map((name) => [name, '1,2'])));
  });

  test('leaves them with servers of their own when it becomes one that gives none', () => {
    const cluster_ = named('a', { kind: 'redis_cluster', endpoints: [one] });
    const served = describeAll(step(of(group), [], cluster_), of(cluster_));
    assert.deepEqual(served, { 'a/replica': '2', 'a/prefer_replica': '2', 'a/any': '1,2' });
  });

  test('leaves them for the rest of the time when it drained, and is declared again otherwise', () => {
    const drained = { ...drains('a', 7), cluster: group };
    const draining = step(new Map(), [drained], plain, 0);
    assert.deepEqual(draining.map(({ cluster: { name }, untilMs }) => [name, untilMs]), left.map((name) => [name, nowMs + 7]));
  });

  test('leaves nothing when it is what it was, becomes it again, or nothing drains', () => {
    assert.deepEqual(step(of(group), [], { ...group, reads: 'any' } as Cluster), []);
    assert.deepEqual(step(of(plain), step(of(group), [], plain), group), []);
    assert.deepEqual(step(of(plain), [], group), []);
    assert.deepEqual(step(of(group), [], plain, 0), []);
  });

  test('leaves them with what takes its keys over when it is removed too', () => {
    const draining = step(of(plain), step(of(group), [], plain), undefined);
    assert.deepEqual(describeAll(draining, new Map()), { a: '1', ...Object.fromEntries(left.map((name) => [name, '1'])) });
    const next = new Map([['b', named('b', { prefix: 'a:', endpoints: [two] })]]);
    const taken = describeAll(follow(draining, routingOf(next)), next);
    assert.deepEqual(taken, { a: '2', ...Object.fromEntries(left.map((name) => [name, '2'])) });
  });
});
