import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dialects } from '../../src/snapshot/dialect.ts';
import { ResourceSet } from '../../src/snapshot/resource-set.ts';
import { Resource, publishOrder } from '../../src/snapshot/resource.ts';
import type { ResourceKind } from '../../src/snapshot/resource.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { Splitter } from '../../src/snapshot/splitter.ts';
import { SubscriptionTable } from '../../src/snapshot/subscription.ts';
import { DeltaWatch } from '../../src/xds/delta-watch.ts';
import type { DeltaRequest, SotwRequest } from '../../src/xds/discovery-request.ts';
import { ListenerPacing } from '../../src/xds/listener-pacing.ts';
import { MakeBeforeBreak } from '../../src/xds/make-before-break.ts';
import { NewestAtOnce } from '../../src/xds/newest-at-once.ts';
import type { SetSelector } from '../../src/xds/make-before-break.ts';
import { NameListTable } from '../../src/xds/name-list.ts';
import type { OtherWays } from '../../src/xds/other-ways.ts';
import { SotwWatch } from '../../src/xds/sotw-watch.ts';
import type { ProtocolName } from '../../src/xds/stream-method.ts';
import type { Watch } from '../../src/xds/watch.ts';

const boundMs = 5_000;
const returnTimeMs = 35_000;
const times = { inForceBoundMs: boundMs, returnTimeMs };
const noOtherWays: OtherWays = {
  takesListeners: () => false,
  mayTakeUntilMs: () => 0,
  isOther: () => false,
  noteReturned: () => undefined,
  noteHeld: () => undefined,
};
const dialect = dialects.v3.ads;
const noPause = new ListenerPacing({ minMs: 0, maxMs: 0 }, boundMs);
const table = new SubscriptionTable();
const nameLists = new NameListTable(table.nameSets);
const everyResourceAlone = new Splitter({ isRemovalSaid: true, maxBytes: 1 });

/** Names of each kind; `draining` are clusters, and endpoints of theirs, that only the scope `reachable` has. */
interface Content {
  readonly cluster?: string;
  readonly endpoint?: string;
  readonly listener?: string;
  readonly route?: string;
  readonly secret?: string;
  readonly draining?: string;
}

function listOf(names: string): string[] {
  return names.split(' ').filter((name) => name !== '');
}

/** One snapshot object has one set per kind, as the real one has. Names are separated by spaces. */
function snapshotOf(content: Content): Snapshot {
  const setOf = (names: string): ResourceSet => {
    const resources = listOf(names).map((name) => new Resource(name, Buffer.from(name)));
    return ResourceSet.of({ typeUrl: 'type.googleapis.com/any', apiVersion: 'v3' }, resources);
  };
  const plain = new Map(publishOrder.map((kind) => [kind, setOf(content[kind] ?? '')]));
  const withDraining = new Map(plain);
  if (content.draining !== undefined) {
    for (const kind of ['cluster', 'endpoint'] as const) {
      withDraining.set(kind, setOf(`${content[kind] ?? ''} ${content.draining}`));
    }
  }
  return {
    resources: (kind, _dialect, scope) => (scope === 'reachable' ? withDraining : plain).get(kind) ?? assert.fail(),
    draining: listOf(content.draining ?? ''),
  };
}

function requestOf(fields: Partial<DeltaRequest>): DeltaRequest {
  return {
    node: undefined,
    typeUrl: '',
    responseNonce: '',
    errorDetail: undefined,
    subscribe: [],
    unsubscribe: [],
    initialVersions: new Map(),
    ...fields,
  };
}

function sotwRequestOf(fields: Partial<SotwRequest>): SotwRequest {
  return {
    node: undefined,
    typeUrl: '',
    responseNonce: '',
    errorDetail: undefined,
    versionInfo: '',
    encodedNames: new Uint8Array(0),
    ...fields,
  };
}

/** What an aggregated stream does with a selector: selects, sends, gets answers. */
class Stream {
  readonly watches = new Map<ResourceKind, Watch>();
  readonly selector = new MakeBeforeBreak(dialect, (kind) => this.watches.get(kind), noOtherWays, times, noPause);
  #nonce = 0;

  constructor(wanted: Readonly<Partial<Record<ResourceKind, string>>>) {
    for (const kind of publishOrder) {
      const names = wanted[kind];
      if (names === undefined) continue;
      this.open(new DeltaWatch(kind, table, requestOf({ subscribe: listOf(names) })));
    }
  }

  /** Takes up the first request of a kind. */
  open(watch: Watch, nowMs = 0): void {
    this.watches.set(watch.kind, watch);
    this.selector.begin(watch, nowMs);
  }

  /** Names of what may be sent of the kind now, 'nothing' when all was sent or has to wait; and when the rest may. */
  select(kind: ResourceKind, snapshot: Snapshot, nowMs = 0): readonly [names: string, restAtMs: number | undefined] {
    const { set, restAtMs } = this.selector.select(kind, this.watch(kind), snapshot, nowMs);
    return [set === undefined ? 'nothing' : [...set.resources.keys()].join(' '), restAtMs];
  }

  /** Sends what may be sent of the kind. */
  send(kind: ResourceKind, snapshot: Snapshot, nowMs = 0): void {
    const { set } = this.selector.select(kind, this.watch(kind), snapshot, nowMs);
    if (set === undefined) return;
    this.#nonce += 1;
    this.watch(kind).advance(set, `${this.#nonce}`, nowMs);
  }

  ack(kind: ResourceKind): void {
    const { latest } = this.watch(kind).delivery;
    this.watch(kind).receive(requestOf({ responseNonce: latest?.nonce ?? assert.fail() }));
  }

  nack(kind: ResourceKind): void {
    const { latest } = this.watch(kind).delivery;
    const errorDetail = { code: 13, message: 'refused' };
    this.watch(kind).receive(requestOf({ responseNonce: latest?.nonce ?? assert.fail(), errorDetail }));
  }

  watch(kind: ResourceKind): Watch {
    return this.watches.get(kind) ?? assert.fail(`${kind} is not wanted`);
  }

  subscribe(kind: ResourceKind, names: string): void {
    this.watch(kind).receive(requestOf({ subscribe: listOf(names) }));
  }

  /** Sends and ACKs all of a first snapshot. */
  hold(snapshot: Snapshot): this {
    for (const kind of this.watches.keys()) {
      this.send(kind, snapshot);
      this.ack(kind);
    }
    return this;
  }
}

const all = { cluster: '', endpoint: 'x y', listener: '', route: 'r s' };
const x = snapshotOf({ cluster: 'x', endpoint: 'x', listener: 'to-x', route: 'r' });
const y = snapshotOf({ cluster: 'y', endpoint: 'y', listener: 'to-y', route: 's' });

describe('secrets', () => {
  const before = snapshotOf({ secret: 's t', cluster: 'x', listener: 'to-x' });
  const after = snapshotOf({ secret: 't u', cluster: 'y', listener: 'to-y' });

  test('come at once, and go when the clusters and listeners that named them have gone', () => {
    const stream = new Stream({ secret: 's t u', cluster: '', listener: '' }).hold(before);
    assert.deepEqual(stream.select('secret', after), ['s t u', Infinity]);
    for (const kind of ['secret', 'cluster'] as const) stream.send(kind, after);
    stream.ack('cluster');
    stream.send('listener', after);
    stream.ack('listener');
    stream.send('cluster', after, 1);
    assert.deepEqual(stream.select('secret', after, 1), ['s t u', 1 + boundMs]);
    stream.ack('cluster');
    assert.deepEqual(stream.select('secret', after, 2), ['t u', undefined]);
  });

  test('go without an ACK too, later', () => {
    const stream = new Stream({ secret: 's t u', cluster: '', listener: '' }).hold(before);
    for (const kind of ['secret', 'cluster'] as const) stream.send(kind, after);
    stream.send('listener', after, boundMs);
    stream.send('cluster', after, 2 * boundMs);
    assert.deepEqual(stream.select('secret', after, 2 * boundMs), ['s t u', 3 * boundMs]);
    assert.deepEqual(stream.select('secret', after, 3 * boundMs), ['t u', undefined]);
  });

  test('wait for nobody where nothing names them', () => {
    const stream = new Stream({ secret: 's' }).hold(snapshotOf({ secret: 's' }));
    assert.deepEqual(stream.select('secret', snapshotOf({})), ['', undefined]);
  });
});

test('a stream of one type is sent the newest at once', () => {
  const watch = new DeltaWatch('cluster', table, requestOf({}));
  const selector = new NewestAtOnce(dialect, noOtherWays);
  for (const snapshot of [x, y]) {
    const set = snapshot.resources('cluster', dialect);
    assert.equal(selector.target('cluster', snapshot, 0), set);
    assert.deepEqual(selector.select('cluster', watch, snapshot, 0), { set, restAtMs: undefined });
    watch.advance(set, '1', 0);
  }
});

test('a stream of one type is sent what is reachable as long as its client may take listeners', () => {
  const snapshot = snapshotOf({ cluster: 'y', draining: 'x' });
  const watch = new DeltaWatch('cluster', table, requestOf({}));
  const selector = new NewestAtOnce(dialect, { ...noOtherWays, mayTakeUntilMs: () => 100 });
  const [declared, reachable] = [snapshot.resources('cluster', dialect), snapshot.resources('cluster', dialect, 'reachable')];
  assert.deepEqual(selector.select('cluster', watch, snapshot, 99), { set: reachable, restAtMs: 100 });
  assert.deepEqual(selector.select('cluster', watch, snapshot, 100), { set: declared, restAtMs: undefined });
  const certain = new NewestAtOnce(dialect, { ...noOtherWays, mayTakeUntilMs: () => 100, takesListeners: () => true });
  assert.deepEqual(certain.select('cluster', watch, snapshot, 99), { set: reachable, restAtMs: undefined });
});

test('clusters in parts are in force when the endpoints of all parts were sent', () => {
  const stream = new Stream({ endpoint: 'x', listener: '' });
  stream.open(new DeltaWatch('cluster', table, requestOf({}), { splitter: everyResourceAlone }));
  stream.hold(x);
  const both = snapshotOf({ cluster: 'x y z', endpoint: 'x y z', listener: 'to-y' });
  for (let part = 0; part < 2; part += 1) stream.send('cluster', both);
  stream.ack('cluster');
  stream.subscribe('endpoint', 'z');
  stream.send('endpoint', both);
  stream.ack('endpoint');
  assert.deepEqual(stream.select('listener', both), ['nothing', boundMs]);
  stream.subscribe('endpoint', 'y');
  stream.send('endpoint', both);
  stream.ack('endpoint');
  assert.deepEqual(stream.select('listener', both), ['to-y', undefined]);
});

test('a set that was begun in parts is not held back, a newer one is', () => {
  const stream = new Stream({ cluster: '' });
  stream.open(new DeltaWatch('listener', table, requestOf({}), { splitter: everyResourceAlone }));
  const first = snapshotOf({ cluster: 'x', listener: 'to-x to-y' });
  for (const kind of ['cluster', 'listener'] as const) stream.send(kind, first);
  assert.deepEqual(stream.select('listener', first), ['to-x to-y', undefined]);
  const newer = snapshotOf({ cluster: 'x', listener: 'to-x to-z' });
  assert.deepEqual(stream.select('listener', newer), ['nothing', boundMs]);
});

describe('first answers', () => {
  test('are never held back', () => {
    const stream = new Stream(all);
    const names = { cluster: 'x', endpoint: 'x', listener: 'to-x', route: 'r' };
    for (const kind of ['cluster', 'endpoint', 'listener', 'route'] as const) {
      assert.deepEqual(stream.select(kind, x), [names[kind], undefined]);
      stream.send(kind, x);
    }
  });

  test('nor by what is still to be ACKed or to be removed', () => {
    const stream = new Stream({ cluster: '', endpoint: 'x y' }).hold(x);
    stream.send('cluster', y);
    stream.open(new DeltaWatch('listener', table, requestOf({})));
    assert.deepEqual(stream.select('listener', y), ['to-y', undefined]);
  });
});

describe('a swap of all that there is', () => {
  test('grows clusters and endpoints first, and holds the rest back', () => {
    const stream = new Stream(all).hold(x);
    assert.deepEqual(stream.select('cluster', y), ['x y', Infinity]);
    assert.deepEqual(stream.select('endpoint', y), ['x y', Infinity]);
    stream.send('cluster', y, 1000);
    stream.send('endpoint', y, 2000);
    assert.deepEqual(stream.select('listener', y, 2000), ['nothing', 2000 + boundMs]);
    assert.deepEqual(stream.select('route', y, 2000), ['nothing', 2000 + boundMs]);
  });

  test('lets listeners and routes go when clusters and endpoints are both ACKed', () => {
    const stream = new Stream(all).hold(x);
    stream.send('cluster', y, 1000);
    stream.send('endpoint', y, 1000);
    stream.ack('cluster');
    assert.deepEqual(stream.select('listener', y, 1000), ['nothing', 1000 + boundMs]);
    stream.ack('endpoint');
    assert.deepEqual(stream.select('listener', y, 1000), ['to-y', undefined]);
    assert.deepEqual(stream.select('route', y, 1000), ['s', undefined]);
  });

  test('waits for no endpoints of clusters that find their servers themselves', () => {
    const stream = new Stream({ ...all, endpoint: 'x' }).hold(x);
    const itself = snapshotOf({ cluster: 'x y', endpoint: 'x', listener: 'to-y', route: 's' });
    stream.send('cluster', itself, 1000);
    assert.deepEqual(stream.select('listener', itself, 1000), ['nothing', 1000 + boundMs]);
    stream.ack('cluster');
    assert.deepEqual(stream.select('listener', itself, 1000), ['to-y', undefined]);
  });

  test('waits for the endpoints of new clusters to be asked for', () => {
    const stream = new Stream({ ...all, endpoint: 'x' }).hold(x);
    stream.send('cluster', y, 1000);
    stream.ack('cluster');
    assert.deepEqual(stream.select('listener', y, 1000), ['nothing', 1000 + boundMs]);
    stream.watch('endpoint').receive(requestOf({ subscribe: ['y'] }));
    stream.send('endpoint', y, 2000);
    assert.deepEqual(stream.select('listener', y, 2000), ['nothing', 2000 + boundMs]);
    stream.ack('endpoint');
    assert.deepEqual(stream.select('listener', y, 2000), ['to-y', undefined]);
  });

  test('does not wait for a client that never answers beyond the bound', () => {
    const stream = new Stream(all).hold(x);
    stream.send('cluster', y, 1000);
    stream.send('endpoint', y, 1000);
    assert.deepEqual(stream.select('listener', y, 999 + boundMs), ['nothing', 1000 + boundMs]);
    assert.deepEqual(stream.select('listener', y, 1000 + boundMs), ['to-y', undefined]);
  });

  test('removes when listeners and routes are both ACKed', () => {
    const stream = new Stream(all).hold(x);
    for (const kind of ['cluster', 'endpoint'] as const) {
      stream.send(kind, y, 1000);
      stream.ack(kind);
    }
    stream.send('listener', y, 2000);
    assert.deepEqual(stream.select('cluster', y, 2000), ['x y', Infinity]);
    stream.send('route', y, 3000);
    assert.deepEqual(stream.select('cluster', y, 3000), ['x y', 3000 + boundMs]);
    stream.ack('listener');
    assert.deepEqual(stream.select('endpoint', y, 3000), ['x y', 3000 + boundMs]);
    stream.ack('route');
    assert.deepEqual(stream.select('cluster', y, 3000), ['y', undefined]);
    assert.deepEqual(stream.select('endpoint', y, 3000), ['y', undefined]);
  });

  for (const answer of ['refused', 'not answered'] as const) {
    test(`removes after the bound when the listener is ${answer}`, () => {
      const stream = new Stream({ cluster: '', endpoint: 'x y', listener: '' }).hold(x);
      for (const kind of ['cluster', 'endpoint'] as const) {
        stream.send(kind, y, 1000);
        stream.ack(kind);
      }
      stream.send('listener', y, 2000);
      if (answer === 'refused') stream.nack('listener');
      assert.deepEqual(stream.select('cluster', y, 1999 + boundMs), ['x y', 2000 + boundMs]);
      assert.deepEqual(stream.select('cluster', y, 2000 + boundMs), ['y', undefined]);
    });
  }

  test('keeps what is to be removed through another commit', () => {
    const z = snapshotOf({ cluster: 'y z', endpoint: 'y z', listener: 'to-z', route: 's' });
    const stream = new Stream({ ...all, endpoint: 'x y z' }).hold(x);
    stream.send('cluster', y);
    assert.deepEqual(stream.select('cluster', z), ['x y z', Infinity]);
  });
});

describe('commits that come faster than they are ACKed', () => {
  const stepMs = boundMs / 2;

  /**
   * Sends a commit per step, the first of which takes `x` away, and looks at clusters again after listeners, as a
   * stream does. Gives the step in which what may be sent of the kind `isDone`, at most 20.
   */
  function countSteps(watched: ResourceKind, acked: readonly string[], isDone: (names: string) => boolean): number {
    const stream = new Stream({ cluster: '', listener: '' }).hold(x);
    for (let step = 0; step < 20; step += 1) {
      const snapshot = snapshotOf({ cluster: `y z${step}`, listener: `to-z${step}` });
      for (const kind of ['cluster', 'listener', 'cluster'] as const) {
        const [names] = stream.select(kind, snapshot, step * stepMs);
        if (kind === watched && isDone(names)) return step;
        stream.send(kind, snapshot, step * stepMs);
        if (acked.includes(kind)) stream.ack(kind);
      }
    }
    return 20;
  }

  test('do not hold listeners back for ever', () => {
    const steps = countSteps('listener', [], (names) => names !== 'nothing');
    assert.ok(steps >= 2 && steps <= 4, `${steps} half bounds`);
  });

  test('do not keep what is to be removed for ever', () => {
    const steps = countSteps('cluster', ['cluster'], (names) => !names.split(' ').includes('x'));
    assert.ok(steps >= 2 && steps <= 6, `${steps} half bounds`);
  });
});

describe('without listeners and routes', () => {
  test('a removed cluster goes at once', () => {
    const stream = new Stream({ cluster: '', endpoint: 'x y' }).hold(x);
    assert.deepEqual(stream.select('cluster', y), ['y', undefined]);
    assert.deepEqual(stream.select('endpoint', y), ['y', undefined]);
  });

  test('clusters that drain are not published to a client that holds them, with listeners they are', () => {
    const snapshot = snapshotOf({ cluster: 'y', draining: 'x', listener: 'to-y' });
    const withListeners = new Stream({ cluster: '', listener: '' }).hold(x);
    const without = new Stream({ cluster: '', endpoint: 'x y', route: 'r' }).hold(x);
    assert.deepEqual(withListeners.select('cluster', snapshot), ['x y', Infinity]);
    without.send('route', snapshot);
    without.ack('route');
    assert.deepEqual(without.select('cluster', snapshot), ['y', undefined]);
    const whole = snapshot.resources('cluster', dialect, 'reachable');
    assert.equal(withListeners.selector.target('cluster', snapshot, 0), whole);
    assert.equal(without.selector.target('cluster', snapshot, 0), snapshot.resources('cluster', dialect));
  });
});

/** The first request for clusters of a client that holds `x` of an earlier stream, or nothing. */
const firstWatch: Readonly<Record<ProtocolName, (holds: 'x' | 'nothing') => Watch>> = {
  sotw: (holds) => {
    const tables = { nameLists, subscriptions: table };
    return new SotwWatch('cluster', tables, sotwRequestOf({ versionInfo: holds === 'x' ? 'of x' : '' }));
  },
  delta: (holds) => {
    const initialVersions = new Map(holds === 'x' ? [['x', 'of x']] : []);
    return new DeltaWatch('cluster', table, requestOf({ initialVersions }));
  },
};

for (const protocol of ['sotw', 'delta'] as const) {
  const startMs = 1000;
  const endMs = startMs + returnTimeMs;
  const snapshot = snapshotOf({ cluster: 'y', endpoint: 'y', draining: 'x', listener: 'to-y', route: 'r' });
  const listenerWatch = (): Watch => new DeltaWatch('listener', table, requestOf({}));

  /** An aggregated stream that was opened with a request for clusters. */
  function open(holds: 'x' | 'nothing', wanted: ConstructorParameters<typeof Stream>[0] = {}): Stream {
    const stream = new Stream(wanted);
    stream.open(firstWatch[protocol](holds), startMs);
    return stream;
  }

  describe(`a ${protocol} client that holds clusters of an earlier stream, when some of them drain`, () => {
    test('keeps them while it has not asked for listeners yet, and from then on', () => {
      const stream = open('x', { endpoint: 'x y' });
      for (const kind of ['cluster', 'endpoint'] as const) {
        assert.deepEqual(stream.select(kind, snapshot, startMs), ['x y', endMs]);
        stream.send(kind, snapshot, startMs);
        assert.deepEqual(stream.select(kind, snapshot, endMs - 1), ['nothing', endMs]);
      }
      stream.open(listenerWatch(), endMs - 1);
      for (const kind of ['cluster', 'endpoint'] as const) {
        assert.deepEqual(stream.select(kind, snapshot, endMs - 1), ['nothing', undefined]);
        assert.deepEqual(stream.select(kind, snapshot, endMs), ['nothing', undefined]);
      }
    });

    test('keeps them when it asks for listeners at once', () => {
      const stream = open('x');
      stream.open(listenerWatch(), startMs);
      assert.deepEqual(stream.select('cluster', snapshot, startMs), ['x y', undefined]);
      assert.deepEqual(stream.select('cluster', snapshot, endMs), ['x y', undefined]);
    });

    test('loses them when the time to return has passed and it never asked for listeners', () => {
      const stream = open('x', { endpoint: 'x y' });
      for (const kind of ['cluster', 'endpoint'] as const) {
        stream.send(kind, snapshot, startMs);
        assert.deepEqual(stream.select(kind, snapshot, endMs), ['y', undefined]);
      }
    });

    test('is to hold them as long as it is given them', () => {
      const stream = open('x');
      for (const kind of ['cluster', 'endpoint'] as const) {
        const whole = snapshot.resources(kind, dialect, 'reachable');
        assert.equal(stream.selector.target(kind, snapshot, endMs - 1), whole);
        assert.equal(stream.selector.target(kind, snapshot, endMs), snapshot.resources(kind, dialect));
      }
    });

    test('is looked at again in time when a commit holds something else back', () => {
      const stream = open('x', { route: 'r' });
      for (const kind of ['cluster', 'route'] as const) stream.send(kind, snapshot, startMs);
      const next = snapshotOf({ cluster: 'z', endpoint: 'z', draining: 'x y', listener: 'to-z', route: 's' });
      assert.deepEqual(stream.select('cluster', next, startMs), ['x y z', endMs]);
      const last = snapshotOf({ cluster: 'z', endpoint: 'z', listener: 'to-z', route: 's' });
      assert.deepEqual(stream.select('cluster', last, startMs), ['x y z', Infinity]);
    });

    test('keeps those that it may hold', () => {
      const more = snapshotOf({ cluster: 'y', endpoint: 'y', draining: 'w x', listener: 'to-y' });
      const stream = open('x', { endpoint: 'w x y' });
      stream.open(listenerWatch(), startMs);
      // In state of the world it says that it holds something, but not what.
      const kept = protocol === 'sotw' ? 'w x y' : 'x y';
      for (const kind of ['cluster', 'endpoint'] as const) {
        assert.deepEqual(stream.select(kind, more, startMs), [kept, undefined]);
      }
    });

    test('needs no second look when none of them drains', () => {
      assert.deepEqual(open('x').select('cluster', y, startMs), ['y', undefined]);
    });
  });

  describe(`a ${protocol} client that holds no clusters of an earlier stream`, () => {
    test('is not given what drains, though it asks for listeners', () => {
      const stream = open('nothing', { endpoint: 'x y' });
      for (const kind of ['cluster', 'endpoint'] as const) {
        assert.deepEqual(stream.select(kind, snapshot, startMs), ['y', undefined]);
      }
      stream.open(listenerWatch(), startMs);
      for (const kind of ['cluster', 'endpoint', 'listener'] as const) {
        const [names] = stream.select(kind, snapshot, startMs);
        assert.equal(names, kind === 'listener' ? 'to-y' : 'y');
        stream.send(kind, snapshot, startMs);
        const target = stream.selector.target(kind, snapshot, startMs);
        assert.ok(stream.watch(kind).isSent(target), `${kind}: the same is the target again`);
      }
    });

    test('keeps of what drains what it was sent before', () => {
      const stream = open('nothing', { endpoint: 'x y z' });
      stream.open(listenerWatch(), startMs);
      for (const kind of ['cluster', 'endpoint', 'listener'] as const) stream.send(kind, snapshot, startMs);
      const next = snapshotOf({ cluster: 'z', endpoint: 'z', draining: 'x y', listener: 'to-z' });
      for (const kind of ['cluster', 'endpoint'] as const) {
        assert.deepEqual(stream.select(kind, next, startMs), ['y z', Infinity]);
        stream.send(kind, next, startMs);
        assert.ok(stream.watch(kind).isSent(stream.selector.target(kind, next, startMs)));
      }
    });
  });

  test(`a ${protocol} stream of clusters alone is not given what drains, whatever its client holds`, () => {
    const watch = firstWatch[protocol]('x');
    const selector: SetSelector = new NewestAtOnce(dialect, noOtherWays);
    selector.begin(watch, startMs);
    const set = snapshot.resources('cluster', dialect);
    assert.equal(selector.target('cluster', snapshot, startMs), set);
    assert.deepEqual(selector.select('cluster', watch, snapshot, startMs), { set, restAtMs: undefined });
  });
}

describe('without clusters or endpoints', () => {
  test('listeners wait for nothing', () => {
    const stream = new Stream({ listener: '', route: 'r s' }).hold(x);
    assert.deepEqual(stream.select('listener', y), ['to-y', undefined]);
    assert.deepEqual(stream.select('route', y), ['s', undefined]);
  });

  test('listeners wait for the ACK of clusters alone when no endpoints are wanted', () => {
    const stream = new Stream({ cluster: '', listener: '' }).hold(x);
    stream.send('cluster', y, 1000);
    assert.deepEqual(stream.select('listener', y, 1000), ['nothing', 1000 + boundMs]);
    stream.ack('cluster');
    assert.deepEqual(stream.select('listener', y, 1000), ['to-y', undefined]);
  });
});

test('a listener that changes alone is not held back', () => {
  const relisten = snapshotOf({ cluster: 'x', endpoint: 'x', listener: 'other', route: 'r' });
  assert.deepEqual(new Stream(all).hold(x).select('listener', relisten), ['other', undefined]);
});

test('endpoints of a cluster that is still routed to stay, though their protocol could not say that they have gone', () => {
  const both = snapshotOf({ cluster: 'x y', endpoint: 'x y', listener: 'to-x', route: 'r' });
  const stream = new Stream({ cluster: '', listener: '' });
  const encodedNames = Buffer.from('\x1a\x01x\x1a\x01y', 'latin1');
  const tables = { nameLists, subscriptions: table };
  stream.open(new SotwWatch('endpoint', tables, sotwRequestOf({ encodedNames })));
  for (const kind of ['cluster', 'endpoint', 'listener'] as const) stream.send(kind, both);
  const swapped = snapshotOf({ cluster: 'y', endpoint: 'y', listener: 'to-y', route: 's' });
  assert.deepEqual(stream.select('endpoint', swapped), ['x y', Infinity]);
});

test('a change of what is wanted that brings nothing new is not held back', () => {
  const stream = new Stream({ cluster: '', listener: 'to-x' });
  for (const kind of ['cluster', 'listener'] as const) stream.send(kind, x);
  stream.subscribe('listener', '*');
  assert.deepEqual(stream.select('listener', x), ['to-x', undefined]);
  stream.send('listener', x);
  assert.equal(stream.watch('listener').isSent(x.resources('listener', dialect)), true);
});
