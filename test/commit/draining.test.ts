// What a commit removes goes at once for most streams, and stays published for a while for those that may still use it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { LocalControl, createMemory } from '../support/local-control.ts';
import type { Memory } from '../support/local-control.ts';
import type { HostNames } from '../../src/effective/host-names.ts';
import type { Change } from '../../src/inventory/change.ts';
import type { Cluster, Listener } from '../../src/model/objects.ts';
import { parseCluster, parseListener } from '../../src/model/parse.ts';
import { dialects, messageNames } from '../../src/snapshot/dialect.ts';
import { publishOrder } from '../../src/snapshot/resource.ts';
import { SnapshotCache, defaultNodeGroup } from '../../src/snapshot/snapshot.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { decodeResource } from '../render/decode-resource.ts';
import { defaultOptions } from '../render/examples.ts';

const drainTimeMs = 600_000;
const startMs = Date.UTC(2030, 0, 1);
const dayMs = 24 * 3_600_000;

const dialect = dialects.v3.ads;

describe('a removed cluster', () => {
  test('goes at once where nothing can use it any more, and stays with its endpoints where something may', (t) => {
    const { controlPlane, snapshot } = createSubject(t);
    removeDev(controlPlane);
    assert.deepEqual(namesOf(snapshot()), { declared: ['prod'], reachable: ['dev', 'prod'] });
    const endpoints = snapshot().resources('endpoint', dialect, 'reachable').resources;
    assert.match(Buffer.from(endpoints.get('dev')?.value ?? []).toString('latin1'), /10\.0\.0\.1/);
    assert.deepEqual(controlPlane.status().draining.map(({ name, untilMs }) => [name, untilMs]), [
      ['dev', startMs + drainTimeMs],
    ]);
  });

  test('is named by no listener and no route from then on', (t) => {
    const { controlPlane, snapshot } = createSubject(t);
    removeDev(controlPlane);
    for (const kind of ['listener', 'route'] as const) {
      assert.equal(snapshot().resources(kind, dialect, 'reachable'), snapshot().resources(kind, dialect));
    }
  });

  test('goes when its time is over, without a commit', (t) => {
    const { controlPlane, snapshot, publications } = createSubject(t);
    removeDev(controlPlane);
    const before = publications();
    t.mock.timers.tick(drainTimeMs - 1);
    assert.deepEqual(namesOf(snapshot()).reachable, ['dev', 'prod']);
    assert.equal(publications(), before);
    t.mock.timers.tick(1);
    assert.deepEqual(namesOf(snapshot()).reachable, ['prod']);
    assert.equal(publications(), before + 1);
    assert.deepEqual(controlPlane.status().draining, []);
  });

  test('goes at its own time when another is removed later', (t) => {
    const { controlPlane, snapshot } = createSubject(t);
    removeDev(controlPlane);
    t.mock.timers.tick(drainTimeMs / 2);
    controlPlane.stage({ kind: 'remove-cluster', name: 'prod' });
    controlPlane.commit();
    assert.deepEqual(namesOf(snapshot()), { declared: [], reachable: ['dev', 'prod'] });
    t.mock.timers.tick(drainTimeMs / 2);
    assert.deepEqual(namesOf(snapshot()).reachable, ['prod']);
    t.mock.timers.tick(drainTimeMs / 2);
    assert.deepEqual(namesOf(snapshot()).reachable, []);
  });

  test('drains no more when it is declared again', (t) => {
    const { controlPlane, snapshot } = createSubject(t);
    removeDev(controlPlane);
    controlPlane.stage({ kind: 'add-cluster', name: 'dev', prefix: '/dev' });
    controlPlane.commit();
    assert.deepEqual(controlPlane.status().draining, []);
    for (const kind of publishOrder.filter((each) => each !== 'endpoint')) {
      assert.equal(snapshot().resources(kind, dialect, 'reachable'), snapshot().resources(kind, dialect));
    }
    t.mock.timers.tick(drainTimeMs);
    assert.deepEqual(namesOf(snapshot()), { declared: ['dev', 'prod'], reachable: ['dev', 'prod'] });
  });

  test('that is staged only does not drain', (t) => {
    const { controlPlane, snapshot } = createSubject(t);
    for (const change of removal) controlPlane.stage(change);
    assert.deepEqual(controlPlane.status().draining, []);
    assert.deepEqual(namesOf(snapshot()).declared, ['dev', 'prod']);
  });

  test('goes at once with a drain time of 0', (t) => {
    const { controlPlane, snapshot } = createSubject(t, { drainTimeMs: 0 });
    removeDev(controlPlane);
    assert.deepEqual(namesOf(snapshot()), { declared: ['prod'], reachable: ['prod'] });
  });

  test('drains on across a restart, for the rest of its time', (t) => {
    const { controlPlane, memory } = createSubject(t);
    removeDev(controlPlane);
    controlPlane.close();
    t.mock.timers.tick(drainTimeMs - 1);

    const { snapshot } = createSubject(t, { memory });
    assert.deepEqual(namesOf(snapshot()), { declared: ['prod'], reachable: ['dev', 'prod'] });
    t.mock.timers.tick(1);
    assert.deepEqual(namesOf(snapshot()).reachable, ['prod']);
  });

  test('drains no longer because the clock is set back meanwhile, a commit or none after it', (t) => {
    for (const isCommitted of [false, true]) {
      const { controlPlane, snapshot } = createSubject(t);
      let passedMs = 0;
      let setBackMs = 0;
      t.mock.method(performance, 'now', () => passedMs);
      t.mock.method(Date, 'now', () => startMs + passedMs - setBackMs);
      const pass = (ms: number): void => {
        passedMs += ms;
        t.mock.timers.tick(ms);
      };
      removeDev(controlPlane);
      setBackMs = dayMs;
      pass(drainTimeMs / 2);
      if (isCommitted) {
        controlPlane.stage({ kind: 'add-cluster', name: 'new', prefix: '/new' });
        controlPlane.commit();
      }
      pass(drainTimeMs / 2 - 1);
      assert.ok(namesOf(snapshot()).reachable.includes('dev'));
      pass(1);
      assert.ok(!namesOf(snapshot()).reachable.includes('dev'));
      t.mock.reset();
      t.mock.timers.reset();
    }
  });

  test('nor because it was set back while nothing ran', (t) => {
    const { controlPlane, memory } = createSubject(t);
    removeDev(controlPlane);
    controlPlane.close();
    t.mock.timers.reset();
    t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: startMs - dayMs });
    const { snapshot } = createSubject(t, { memory });
    t.mock.timers.tick(drainTimeMs - 1);
    assert.deepEqual(namesOf(snapshot()).reachable, ['dev', 'prod']);
    t.mock.timers.tick(1);
    assert.deepEqual(namesOf(snapshot()).reachable, ['prod']);
  });

  test('has drained when its time ran out while nothing ran', (t) => {
    const { controlPlane, memory } = createSubject(t);
    removeDev(controlPlane);
    controlPlane.close();
    t.mock.timers.tick(drainTimeMs);

    const { snapshot, controlPlane: restarted } = createSubject(t, { memory });
    assert.deepEqual(namesOf(snapshot()), { declared: ['prod'], reachable: ['prod'] });
    assert.deepEqual(restarted.status().draining, []);
  });

  test('is kept as draining with the commit that removes it', (t) => {
    const { controlPlane, memory } = createSubject(t);
    removeDev(controlPlane);
    assert.deepEqual(memory.last().draining.map(({ cluster }) => cluster.name), ['dev']);
  });

  test('is served by who has its keys now, and by that one\'s servers as they change', (t) => {
    const { controlPlane, snapshot } = createSubject(t);
    removeDev(controlPlane);
    const served = (): string => {
      const { resources } = snapshot().resources('endpoint', dialect, 'reachable');
      return Buffer.from(resources.get('dev')?.value ?? []).toString('latin1').replace(/[^ -~]/g, '');
    };
    const add = (address: string): void => {
      controlPlane.stage({ kind: 'add-endpoint', cluster: 'new', address, port: 6379 });
      controlPlane.commit();
    };
    assert.match(served(), /10\.0\.0\.1/);
    controlPlane.stage({ kind: 'add-cluster', name: 'new', prefix: '/dev' });
    add('10.0.0.2');
    assert.match(served(), /10\.0\.0\.2/);
    assert.doesNotMatch(served(), /10\.0\.0\.1/);
    add('10.0.0.3');
    assert.match(served(), /10\.0\.0\.2.*10\.0\.0\.3/);
    assert.deepEqual(controlPlane.status().draining.map(({ name, successor }) => [name, successor]), [['dev', 'new']]);
    // Only connections that came when nobody had the prefix are without a server.
    const routes = controlPlane.status().oldRoutes.map((old) => old.routes);
    assert.deepEqual(routes, [[{ prefix: '/dev', from: undefined, to: 'new' }]]);
  });

  test('is served as its successor is when that is removed, across a restart, and never by its own servers', (t) => {
    const { controlPlane, memory, snapshot } = createSubject(t);
    replace(controlPlane, { name: 'dev', server: '10.0.0.1' }, { name: 'b', server: '10.0.0.2' });
    replace(controlPlane, { name: 'b', server: '10.0.0.2' });
    assert.deepEqual([serversOf(snapshot(), 'dev'), serversOf(snapshot(), 'b')], [['10.0.0.2'], ['10.0.0.2']]);
    controlPlane.close();

    const restarted = createSubject(t, { memory });
    assert.deepEqual(serversOf(restarted.snapshot(), 'dev'), ['10.0.0.2']);
    replace(restarted.controlPlane, undefined, { name: 'c', server: '10.0.0.3' });
    assert.deepEqual(serversOf(restarted.snapshot(), 'dev'), ['10.0.0.3']);
    const { draining } = restarted.controlPlane.status();
    assert.deepEqual(draining.map(({ name, successor }) => [name, successor]), [['dev', 'c'], ['b', 'c']]);
  });

  test('leaves old routes that last no longer because the clock was set back while nothing ran', (t) => {
    const { controlPlane, memory } = createSubject(t);
    removeDev(controlPlane);
    controlPlane.close();
    t.mock.timers.reset();
    const nowMs = startMs - dayMs;
    t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: nowMs });
    const { controlPlane: restarted } = createSubject(t, { memory });
    const times = restarted.status().oldRoutes.map(({ sinceMs, untilMs }) => [sinceMs, untilMs]);
    assert.deepEqual(times, [[nowMs, nowMs + drainTimeMs]]);
    t.mock.timers.tick(drainTimeMs);
    assert.deepEqual(restarted.status().oldRoutes, []);
  });

  test('changes nothing any more after the control plane was closed', (t) => {
    const { controlPlane, publications } = createSubject(t);
    removeDev(controlPlane);
    const before = publications();
    controlPlane.close();
    controlPlane.close();
    t.mock.timers.tick(drainTimeMs);
    assert.equal(publications(), before);
  });
});

describe('the clusters that reads go to', () => {
  const endpoints = ['10.0.0.1', '10.0.0.2'].map((address) => ({ address, port: 6379 }));
  const replicated = parseCluster({
    name: 'dev', kind: 'replicated', primary: '10.0.0.1:6379', endpoints, prefix: '/dev', health_check: {},
  });
  const plain = parseCluster({ name: 'dev', prefix: '/dev', endpoints: endpoints.slice(0, 1), health_check: {} });
  const left = ['dev/any', 'dev/prefer_replica', 'dev/replica'];
  const listener = (...routes: readonly object[]) => parseListener({ name: 'redis_listener', routes, catch_all: 'none' });
  const declare = (controlPlane: LocalControl, edits: { cluster?: Cluster; listener?: Listener }): void => {
    const { cluster, listener: after } = edits;
    controlPlane.stageEdits({
      clusters: cluster === undefined ? [] : [{ name: 'dev', after: cluster }],
      listeners: after === undefined ? [] : [{ name: after.name, after }],
    });
    controlPlane.commit();
  };
  const bytesOf = (snapshot: Snapshot) => left.map((name) => {
    return snapshot.resources('cluster', dialect, 'reachable').resources.get(name)?.value;
  });

  test('stay for the drain time when it is replicated no more, across a restart, with its servers and the same bytes', (t) => {
    const { controlPlane, snapshot, memory } = createSubject(t);
    declare(controlPlane, { cluster: replicated });
    const before = bytesOf(snapshot());
    assert.ok(!before.includes(undefined));
    declare(controlPlane, { cluster: plain });
    const expected = { declared: ['dev', 'prod'], reachable: ['dev', ...left, 'prod'] };
    assert.deepEqual(namesOf(snapshot()), expected);
    assert.deepEqual(bytesOf(snapshot()), before);
    for (const name of left) assert.deepEqual(serversOf(snapshot(), name), ['10.0.0.1']);
    const told = controlPlane.status().draining.map(({ name, successor }) => [name, successor]);
    assert.deepEqual(told.sort(), left.map((name) => [name, 'dev']));
    controlPlane.close();

    const restarted = createSubject(t, { memory });
    assert.deepEqual(namesOf(restarted.snapshot()), expected);
    assert.deepEqual(bytesOf(restarted.snapshot()), before);
    for (const name of left) assert.deepEqual(serversOf(restarted.snapshot(), name), ['10.0.0.1']);
    t.mock.timers.tick(drainTimeMs);
    assert.deepEqual(namesOf(restarted.snapshot()).reachable, ['dev', 'prod']);
  });

  test('look for keys where it does when it is sharded then: they are as it is, but for the name', (t) => {
    const { controlPlane, snapshot } = createSubject(t);
    declare(controlPlane, { cluster: replicated });
    const shards = endpoints.map((endpoint, index) => ({ name: `s${index}`, endpoint }));
    declare(controlPlane, { cluster: parseCluster({ name: 'dev', kind: 'sharded', prefix: '/dev', shards, health_check: {} }) });
    const isAs = (kind: 'cluster' | 'endpoint', name: string): string => {
      const resource = snapshot().resources(kind, dialect, 'reachable').resources.get(name);
      assert.ok(resource !== undefined);
      return JSON.stringify(decodeResource(messageNames.v3[kind], resource)).replaceAll(`"${name}"`, '"dev"');
    };
    for (const name of left) {
      for (const kind of ['cluster', 'endpoint'] as const) assert.equal(isAs(kind, name), isAs(kind, 'dev'));
    }
    assert.match(isAs('cluster', 'dev/any'), /MAGLEV/);
    assert.match(isAs('endpoint', 'dev/any'), /hash_key/);
  });

  test('have the addresses of names that are looked up here', (t) => {
    const addresses = new Map([['one.internal', ['10.0.0.3']], ['two.internal', ['10.0.0.4', '10.0.0.5']]]);
    const hostNames = { addresses, statuses: [], follow: () => undefined, learn: async () => undefined };
    const { controlPlane, snapshot } = createSubject(t, { hostNames });
    const named = ['one.internal', 'two.internal'].map((address) => ({ address, port: 6379 }));
    const common = { name: 'dev', prefix: '/dev', endpoints: named, resolve: 'controlplane', health_check: {} };
    declare(controlPlane, { cluster: parseCluster({ ...common, kind: 'replicated', primary: 'one.internal:6379' }) });
    const before = bytesOf(snapshot());
    declare(controlPlane, { cluster: parseCluster(common) });
    for (const name of left) assert.deepEqual(serversOf(snapshot(), name), ['10.0.0.3', '10.0.0.4', '10.0.0.5']);
    assert.deepEqual(bytesOf(snapshot()), before);
    declare(controlPlane, { cluster: parseCluster({ name: 'dev', kind: 'redis_cluster', endpoints: [named[0]] }) });
    assert.ok(left.every((name) => serversOf(snapshot(), name).length > 0));
  });

  test('are there for the node group of their cluster alone', (t) => {
    const { controlPlane, snapshot } = createSubject(t);
    const groups = ['eu'];
    declare(controlPlane, { cluster: { ...replicated, groups } });
    declare(controlPlane, { cluster: { ...plain, groups } });
    assert.deepEqual(namesOf(snapshot()).reachable, ['prod']);
    assert.deepEqual(namesOf(snapshot('eu')).reachable, ['dev', ...left, 'prod']);
  });

  test('stay when the last route goes that reads from them', (t) => {
    const { controlPlane, snapshot } = createSubject(t);
    declare(controlPlane, { cluster: replicated, listener: listener({ prefix: '/dev', cluster: 'dev', reads: 'any' }) });
    declare(controlPlane, { listener: listener({ prefix: '/dev', cluster: 'dev' }) });
    const names = ['dev', ...left, 'prod'];
    assert.deepEqual(namesOf(snapshot()), { declared: names, reachable: names });
    declare(controlPlane, { listener: listener() });
    assert.deepEqual(namesOf(snapshot()), { declared: names, reachable: names });
  });
});

describe('a mirror that routes no more name', () => {
  const clusterOf = (name: string, address: string, prefix?: string): Cluster => {
    return parseCluster({ name, prefix, endpoints: [{ address, port: 6379 }] });
  };
  const routeTo = (...mirrors: readonly string[]): Listener => {
    const routes = [{ prefix: '/dev', cluster: 'dev', ...(mirrors.length > 0 && { mirrors: mirrors.map((cluster) => ({ cluster })) }) }];
    return parseListener({ name: 'redis_listener', routes, catch_all: 'none' });
  };
  const commit = (controlPlane: LocalControl, listener: Listener, ...clusters: readonly (readonly [string, Cluster | undefined])[]) => {
    controlPlane.stageEdits({
      clusters: clusters.map(([name, after]) => ({ name, after })),
      listeners: [{ name: listener.name, after: listener }],
    });
    controlPlane.commit();
  };
  /** Mirrored to `copy`, and no more; then `copy` takes over, after some time, and perhaps a restart. */
  const serversAfter = (t: TestContext, passedMs: number, isRestarted: boolean): string[] => {
    let { controlPlane, snapshot, ...rest } = createSubject(t);
    commit(controlPlane, routeTo('copy'), ['copy', clusterOf('copy', '10.0.0.2')]);
    commit(controlPlane, routeTo());
    t.mock.timers.tick(passedMs);
    if (isRestarted) {
      controlPlane.close();
      ({ controlPlane, snapshot, ...rest } = createSubject(t, { memory: rest.memory }));
    }
    const taken = parseListener({ name: 'redis_listener', routes: [{ prefix: '/dev', cluster: 'copy' }], catch_all: 'none' });
    commit(controlPlane, taken, ['dev', undefined]);
    return serversOf(snapshot(), 'dev');
  };

  for (const isRestarted of [false, true]) {
    const when = isRestarted ? ', across a restart' : '';
    test(`is none to open connections for the drain time: it does not serve who was mirrored to it${when}`, (t) => {
      assert.deepEqual(serversAfter(t, drainTimeMs - 1, isRestarted), ['10.0.0.1']);
    });

    test(`may serve who was mirrored to it when the drain time is over${when}`, (t) => {
      assert.deepEqual(serversAfter(t, drainTimeMs, isRestarted), ['10.0.0.2']);
    });
  }
});

const removal: readonly Change[] = [
  { kind: 'remove-endpoint', cluster: 'dev', address: '10.0.0.1', port: 6379 },
  { kind: 'remove-cluster', name: 'dev' },
];

function removeDev(controlPlane: LocalControl): void {
  for (const change of removal) controlPlane.stage(change);
  controlPlane.commit();
}

interface Served {
  readonly name: string;
  readonly server: string;
}

/** One commit that removes the one and adds the other, with the prefix of `dev`. */
function replace(controlPlane: LocalControl, before?: Served, after?: Served): void {
  if (before !== undefined) {
    controlPlane.stage({ kind: 'remove-endpoint', cluster: before.name, address: before.server, port: 6379 });
    controlPlane.stage({ kind: 'remove-cluster', name: before.name });
  }
  if (after !== undefined) {
    controlPlane.stage({ kind: 'add-cluster', name: after.name, prefix: '/dev' });
    controlPlane.stage({ kind: 'add-endpoint', cluster: after.name, address: after.server, port: 6379 });
  }
  controlPlane.commit();
}

function serversOf(snapshot: Snapshot, cluster: string): string[] {
  const { resources } = snapshot.resources('endpoint', dialect, 'reachable');
  return Buffer.from(resources.get(cluster)?.value ?? []).toString('latin1').match(/10\.0\.0\.\d/g) ?? [];
}

interface Subject {
  readonly controlPlane: LocalControl;
  readonly memory: Memory;
  /** Of a node group; by default of those that have none of their own. */
  readonly snapshot: (group?: string) => Snapshot;
  /** How many snapshots were published. */
  readonly publications: () => number;
}

interface SubjectOptions {
  readonly drainTimeMs?: number;
  readonly memory?: Memory;
  readonly hostNames?: HostNames;
}

/** Time stands still but for `t.mock.timers.tick`. Without a `memory` from before, `dev` and `prod` are committed. */
function createSubject(t: TestContext, options: SubjectOptions = {}): Subject {
  const { memory = createMemory() } = options;
  if (options.memory === undefined) t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: startMs });
  const snapshots = new SnapshotCache();
  let published = 0;
  snapshots.watch(() => (published += 1));
  const parts = {
    snapshots,
    renderOptions: { ...defaultOptions, redisCatchAll: 'nobody' },
    drainTimeMs: options.drainTimeMs ?? drainTimeMs,
    ...(options.hostNames && { hostNames: options.hostNames }),
  };
  const controlPlane = new LocalControl(parts, memory);
  t.after(() => controlPlane.close());
  if (options.memory === undefined) {
    controlPlane.stage({ kind: 'add-cluster', name: 'dev', prefix: '/dev' });
    controlPlane.stage({ kind: 'add-endpoint', cluster: 'dev', address: '10.0.0.1', port: 6379 });
    controlPlane.stage({ kind: 'add-cluster', name: 'prod', prefix: '/prod' });
    controlPlane.commit();
  }
  return { controlPlane, memory, snapshot: (group) => snapshotOf(snapshots, group), publications: () => published };
}

function snapshotOf(snapshots: SnapshotCache, group = defaultNodeGroup): Snapshot {
  const snapshot = snapshots.get(group);
  assert.ok(snapshot !== undefined);
  return snapshot;
}

/** Names of the clusters, and of the endpoints alike: for most streams, and for those that may use what drains. */
function namesOf(snapshot: Snapshot): { readonly declared: string[]; readonly reachable: string[] } {
  const names = { declared: [''], reachable: [''] };
  for (const kind of ['cluster', 'endpoint'] as const) {
    const found = {
      declared: [...snapshot.resources(kind, dialect).resources.keys()],
      reachable: [...snapshot.resources(kind, dialect, 'reachable').resources.keys()],
    };
    if (kind === 'cluster') Object.assign(names, found);
    else assert.deepEqual(found, names);
  }
  return names;
}
