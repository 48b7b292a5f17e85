// What is warned of, what is refused, and who is told.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, test } from 'node:test';

import { parse } from 'yaml';

import { CommitError } from '../../src/commit/published.ts';
import type { Warning } from '../../src/commit/published.ts';
import { parseCluster, parseConfig, parseListener } from '../../src/model/parse.ts';
import { describeLoop, findBoundListeners, findLoops } from '../../src/commit/loops.ts';
import { findMissingCatchAlls } from '../../src/commit/catch-alls.ts';
import { findOwnAddresses } from '../../src/commit/own-addresses.ts';
import { describeOldRoutes, pollingClusters } from '../../src/commit/warnings.ts';
import { parseAddress, parseIpAndPort } from '../../src/net/address.ts';
import { SnapshotCache } from '../../src/snapshot/snapshot.ts';
import { checkoutPath } from '../support/checkout.ts';
import { LocalControl, createMemory } from '../support/local-control.ts';
import type { Memory } from '../support/local-control.ts';
import { SortedByName } from '../../src/collections/sorted-by-name.ts';
import { byName, cluster, defaultOptions } from '../render/examples.ts';

const keyless = 'keys without a prefix, and commands without a key such as INFO, SCAN and SELECT, find no server';

interface Subject {
  readonly controlPlane: LocalControl;
  /** What it was told of, each time. */
  readonly told: readonly (readonly string[])[];
  /** Lines of old routes, without their times. */
  readonly oldRoutes: readonly string[];
}

function create(redisCatchAll?: string, memory: Memory = createMemory(), isListenerTaken = false): Subject {
  const told: string[][] = [];
  const oldRoutes: string[] = [];
  const controlPlane = new LocalControl(
      {
    snapshots: new SnapshotCache(),
    renderOptions: { ...defaultOptions, redisCatchAll },
    drainTimeMs: 600_000,
    isListenerTaken: () => isListenerTaken,
    onWarnings: (warnings) => told.push(warnings.map(({ message }) => message)),
    onOldRoutes: (old) => oldRoutes.push(describeOldRoutes(old).replace(/\d{4}-\S+Z/g, 'TIME')),
  },
      memory,
    );
  return { controlPlane, told, oldRoutes };
}

function add(controlPlane: LocalControl, name: string, ...ports: readonly number[]): void {
  controlPlane.stage({ kind: 'add-cluster', name, prefix: `${name}:` });
  for (const port of ports) controlPlane.stage({ kind: 'add-endpoint', cluster: name, address: '127.0.0.1', port });
}

function codesOf(warnings: readonly Warning[]): string[] {
  return warnings.map(({ code }) => code);
}

describe('a catch-all that is not there', () => {
  test('is told of when a second cluster comes, and no more when one is left', () => {
    const { controlPlane, told } = create();
    add(controlPlane, 'a');
    controlPlane.commit();
    assert.deepEqual(controlPlane.status().warnings, []);
    add(controlPlane, 'b');
    controlPlane.commit();
    const message = `none of 2 clusters is the catch-all (--redis-catch-all names it): ${keyless}`;
    assert.deepEqual(controlPlane.status().warnings, [{ code: 'no-catch-all', message }]);
    controlPlane.stage({ kind: 'remove-cluster', name: 'a' });
    controlPlane.commit();
    assert.deepEqual(told, [[message], []]);
  });

  test('is told of when the one that is named is misspelt, at the start too, and when it goes', () => {
    const memory = createMemory();
    const before = create('a', memory);
    add(before.controlPlane, 'a');
    before.controlPlane.commit();
    assert.deepEqual(before.told, []);
    const message = `the catch-all "hair" (--redis-catch-all) is not committed: ${keyless}`;
    assert.deepEqual(create('hair', memory).told, [[message]]);
    add(before.controlPlane, 'b');
    before.controlPlane.stage({ kind: 'remove-cluster', name: 'a' });
    before.controlPlane.commit();
    assert.deepEqual(codesOf(before.controlPlane.status().warnings), ['no-catch-all']);
  });

  test('is told of once, not with each commit', () => {
    const { controlPlane, told } = create('hair');
    for (const name of ['a', 'b']) {
      add(controlPlane, name);
      controlPlane.commit();
    }
    assert.equal(told.length, 1);
  });

  test('is nothing to tell of before there is a cluster', () => {
    const { controlPlane, told } = create('hair');
    controlPlane.commit();
    assert.deepEqual([controlPlane.status().warnings, told], [[], []]);
  });

  test('another one after a restart leaves old routes', () => {
    const memory = createMemory();
    const before = create('a', memory);
    for (const name of ['a', 'b']) add(before.controlPlane, name);
    before.controlPlane.commit();
    assert.deepEqual(create('a', memory).controlPlane.status().oldRoutes, []);
    const [old] = create('b', memory).controlPlane.status().oldRoutes;
    assert.deepEqual(old?.routes, [{ prefix: undefined, from: 'a', to: 'b' }]);
  });

  test('the first one, after a restart, of the only cluster leaves old routes', () => {
    const memory = createMemory();
    const before = create('nobody', memory);
    add(before.controlPlane, 'a');
    before.controlPlane.commit();
    const [old] = create(undefined, memory).controlPlane.status().oldRoutes;
    assert.deepEqual(old?.routes, [{ prefix: undefined, from: undefined, to: 'a' }]);
  });
});

describe('old routes', () => {
  const times = 'connections opened before TIME keep until TIME';

  test('are told of with the commit that leaves them, and at a start while they last', () => {
    const memory = createMemory();
    const { controlPlane, oldRoutes } = create(undefined, memory);
    add(controlPlane, 'a');
    controlPlane.commit();
    assert.deepEqual(oldRoutes, []);
    for (const name of ['b', 'c']) {
      add(controlPlane, name);
      controlPlane.commit();
    }
    const expected = [
      `2 old routes: ${times}: keys without a prefix to "a" (new ones: no server); "b:" to "a" (new ones: "b")`,
      `1 old route: ${times}: "c:" to no server (new ones: "c")`,
    ];
    assert.deepEqual(oldRoutes, expected);
    assert.deepEqual(create(undefined, memory).oldRoutes, expected);
  });

  test('are nothing to tell of when a cluster is replaced whole', () => {
    const { controlPlane, oldRoutes } = create();
    add(controlPlane, 'a');
    controlPlane.commit();
    controlPlane.stage({ kind: 'remove-cluster', name: 'a' });
    controlPlane.stage({ kind: 'add-cluster', name: 'next', prefix: 'a:' });
    controlPlane.commit();
    assert.deepEqual(oldRoutes, []);
  });

  test('of other Redis listeners are told of by name, after a restart and with another catch-all too', () => {
    const memory = createMemory();
    const { controlPlane, oldRoutes } = create('a', memory);
    for (const name of ['a', 'b']) add(controlPlane, name);
    const put = (value: { readonly name: string; readonly [field: string]: unknown }): void => {
      controlPlane.stageEdits({ clusters: [], listeners: [{ name: value.name, after: parseListener(value) }] });
    };
    const list = { name: 'list', address: '127.0.0.1:7001', catch_all: 'none' };
    put({ ...list, routes: [{ prefix: 'x:', cluster: 'a' }] });
    put({ name: 'auto', address: '127.0.0.1:7002' });
    controlPlane.commit();
    put({ ...list, routes: [{ prefix: 'x:', cluster: 'b' }] });
    controlPlane.commit();
    add(controlPlane, 'c');
    controlPlane.commit();
    const both = 'of listeners "redis_listener", "auto"';
    const expected = [
      `1 old route of listener "list": ${times}: "x:" to "a" (new ones: "b")`,
      `1 old route ${both}: ${times}: "c:" to "a" (new ones: "c")`,
    ];
    assert.deepEqual(oldRoutes, expected);
    assert.deepEqual(create('a', memory).oldRoutes, expected);
    const renamed = `1 old route ${both}: ${times}: keys without a prefix to "a" (new ones: "b")`;
    assert.equal(create('b', memory).oldRoutes.at(-1), renamed);
  });

  test('that are many are counted: the first five have their names', () => {
    const { controlPlane, oldRoutes } = create('a');
    for (const name of ['a', 'b']) add(controlPlane, name);
    controlPlane.commit();
    for (let index = 0; index < 30; index++) add(controlPlane, `n${10 + index}`);
    controlPlane.commit();
    assert.match(oldRoutes.join(), /^30 old routes: .*: "n10:" to "a" .*"n14:" to "a" \(new ones: "n14"\); and 25 more$/);
    const [old] = controlPlane.status().oldRoutes;
    assert.deepEqual([old?.count, old?.routes.length], [30, 20]);
  });
});

describe('an endpoint that is the listener itself', () => {
  const cases: readonly (readonly [listener: string, endpoint: string, isLoop: boolean])[] = [
    ['0.0.0.0:6379', '127.0.0.1:6379', true],
    ['0.0.0.0:6379', '127.9.9.9:6379', true],
    ['0.0.0.0:6379', '[::1]:6379', false],
    ['0.0.0.0:6379', '[::]:6379', false],
    ['[::]:6379', '127.0.0.1:6379', true],
    ['[::]:6379', '[::1]:6379', true],
    ['[::]:6379', '0.0.0.0:6379', true],
    ['[::]:6379', '[::]:6379', true],
    ['[::1]:6379', '[::]:6379', true],
    ['[::1]:6379', '127.0.0.1:6379', false],
    ['10.0.0.1:6379', '0.0.0.0:6379', false],
    ['0.0.0.0:6379', '0.0.0.0:6379', true],
    ['0.0.0.0:6379', '127.0.0.1:6380', false],
    ['0.0.0.0:6379', '10.0.0.1:6379', false],
    ['10.0.0.1:6379', '10.0.0.1:6379', true],
    ['10.0.0.1:6379', '127.0.0.1:6379', false],
    ['127.0.0.1:6379', '127.0.0.1:6379', true],
    ['127.0.0.1:6379', '127.0.0.2:6379', false],
    ['127.0.0.1:6379', '0.0.0.0:6379', true],
  ];
  for (const [listener, endpoint, isLoop] of cases) {
    test(`${endpoint} behind ${listener}: ${isLoop ? 'a loop' : 'none'}`, () => {
      const { host: address, port } = parseIpAndPort(endpoint);
      const options = { ...defaultOptions, redisListener: parseIpAndPort(listener) };
      const bound = findBoundListeners(new Map(), options);
      assert.equal(findLoops(cluster('a', 'a', { address, port }), bound).length, isLoop ? 1 : 0);
    });
  }

  test('is told of for every listener that leads to it, by its name and address', () => {
    const listeners = [
      { name: 'redis_listener', address: '127.0.0.1:7000' },
      { name: 'pin', kind: 'tcp', address: '127.0.0.1:7001', cluster: 'a' },
      { name: 'other', kind: 'tcp', address: '127.0.0.1:7002', cluster: 'b' },
      { name: 'list', address: '127.0.0.1:7003', routes: [{ prefix: 'x', cluster: 'b' }], catch_all: 'a' },
      {
        name: 'mirrored',
        address: '127.0.0.1:7004',
        routes: [{ prefix: 'x', cluster: 'b', mirrors: [{ cluster: 'a' }] }],
        catch_all: 'none',
      },
    ].map((value) => parseListener(value));
    const bound = findBoundListeners(new Map(listeners.map((listener) => [listener.name, listener])), defaultOptions);
    const looping = cluster('a', 'a', ...[6379, 7000, 7001, 7002, 7003, 7004].map((port) => ({ address: '127.0.0.1', port })));
    const end = 'a command would go round in a circle until it times out';
    assert.deepEqual(findLoops(looping, bound).map((loop) => describeLoop(looping, loop)), [
      `cluster "a": endpoint 127.0.0.1:7000 is the Redis listener of each Envoy itself (--redis-listener 127.0.0.1:7000): ${end}`,
      `cluster "a": endpoint 127.0.0.1:7001 is the listener "pin" of each Envoy itself (127.0.0.1:7001): ${end}`,
      `cluster "a": endpoint 127.0.0.1:7003 is the listener "list" of each Envoy itself (127.0.0.1:7003): ${end}`,
      `cluster "a": endpoint 127.0.0.1:7004 is the listener "mirrored" of each Envoy itself (127.0.0.1:7004): ${end}`,
    ]);
  });

  const message =
    'cluster "a": endpoint 127.0.0.1:6379 is the Redis listener of each Envoy itself (--redis-listener 0.0.0.0:6379): ' +
    'a command would go round in a circle until it times out';

  test('is warned of while no Envoy has the listener, until it goes', () => {
    const { controlPlane, told } = create();
    add(controlPlane, 'a', 6379);
    controlPlane.commit();
    assert.deepEqual(controlPlane.status().warnings, [{ code: 'endpoint-is-listener', message }]);
    controlPlane.stage({ kind: 'remove-endpoint', cluster: 'a', address: '127.0.0.1', port: 6379 });
    controlPlane.commit();
    assert.deepEqual(told, [[message], []]);
  });

  test('is warned of after a restart', () => {
    const memory = createMemory();
    const { controlPlane } = create(undefined, memory);
    add(controlPlane, 'a', 6379);
    controlPlane.commit();
    assert.deepEqual(create(undefined, memory).told, [[message]]);
  });

  test('is refused while an Envoy has the listener, and stays staged; one that is there already is no obstacle', () => {
    const memory = createMemory();
    const { controlPlane } = create(undefined, memory, true);
    add(controlPlane, 'a', 6379);
    assert.throws(() => controlPlane.commit(), new CommitError(`not published: ${message}`));
    assert.deepEqual(controlPlane.status(), { warnings: [], draining: [], oldRoutes: [], orders: [] });
    create(undefined, memory).controlPlane.commit();
    const later = create(undefined, memory, true).controlPlane;
    add(later, 'b', 1);
    assert.deepEqual(later.commit(), { changed: true });
  });
});

describe('of node groups and of Redis listeners', () => {
  const plain = (name: string, groups?: readonly string[]) => ({ name, prefix: `${name}:`, groups });
  const redis = (name: string, rest: object = {}) => ({ name, address: '127.0.0.1:7000', ...rest });
  const of = 'clusters is the catch-all (--redis-catch-all names it)';
  const cases: readonly (readonly [
    what: string,
    clusters: readonly object[],
    listeners: readonly object[],
    messages: readonly string[],
    catchAll?: string,
  ])[] = [
    ['one cluster for each group is its catch-all', [plain('a', ['g']), plain('b', ['h'])], [], []],
    [
      'two for one group have none there',
      [plain('a'), plain('b', ['g'])],
      [],
      [`none of 2 ${of}: ${keyless} (in node group "g")`],
    ],
    [
      'the catch-all that is named is for one group only',
      [plain('a', ['g']), plain('b')],
      [],
      [`the catch-all "a" (--redis-catch-all) is for other node groups: ${keyless} (for nodes of no group that is named)`],
      'a',
    ],
    ['groups without a cluster want none', [plain('a', ['g'])], [redis('l', { groups: ['g'] })], [], 'a'],
    [
      'a listener beside the usual one has none either',
      [plain('a'), plain('b')],
      [redis('redis_listener', { catch_all: 'a' }), redis('l', { address: '127.0.0.1:7001' })],
      [`listener "l": none of 2 ${of}: ${keyless}`],
    ],
    [
      'what a listener says itself is meant',
      [plain('a'), plain('b')],
      [redis('redis_listener', { catch_all: 'none' }), redis('l', { address: '127.0.0.1:7001', catch_all: 'b' })],
      [],
    ],
    [
      'one for a group leaves the others the usual one',
      [plain('a'), plain('b')],
      [redis('redis_listener', { catch_all: 'a', groups: ['g'] })],
      [`none of 2 ${of}: ${keyless} (for nodes of no group that is named)`],
    ],
  ];
  for (const [what, clusters, listeners, messages, redisCatchAll] of cases) {
    test(what, () => {
      const declared = parseConfig({ clusters, listeners });
      const objects = { clusters: SortedByName.of(declared.clusters), listeners: SortedByName.of(declared.listeners) };
      assert.deepEqual(findMissingCatchAlls(objects, { ...defaultOptions, redisCatchAll }), messages);
    });
  }
});

describe('a loop of node groups', () => {
  const looping = (groups?: readonly string[], port = 7000) =>
    parseCluster({ name: 'a', groups, endpoints: [{ address: '127.0.0.1', port }] });
  const pin = (groups?: readonly string[]) =>
    parseListener({ name: 'pin', kind: 'tcp', address: '127.0.0.1:7000', cluster: 'a', groups });
  const usual = parseListener({ name: 'redis_listener', address: '127.0.0.1:7000', groups: ['g'] });
  const cases = [
    ['of one group', looping(['g']), pin(['g', 'h']), true],
    ['of all and one', looping(), pin(['g']), true],
    ['of two groups is none', looping(['g']), pin(['h']), false],
    ['by the usual listener of the others', looping(['h'], 6379), usual, true],
    ['by the usual listener of a group is none in the others', looping(['h']), usual, false],
    ['by the usual listener of the others is none in the group', looping(['g'], 6379), usual, false],
  ] as const;
  for (const [what, cluster, listener, isLoop] of cases) {
    test(what, () => {
      const bound = findBoundListeners(byName(listener), defaultOptions);
      assert.equal(findLoops(cluster, bound).length > 0, isLoop);
    });
  }
});

test('a mirror with a server of the cluster is warned of, until it has none', () => {
  const { controlPlane } = create('a');
  const commitMirror = (port: number): readonly Warning[] => {
    const own = parseCluster({ name: 'a', endpoints: [{ address: '::ffff:127.0.0.1', port: 1 }] });
    const copy = parseCluster({ name: 'b', endpoints: [{ address: '127.0.0.1', port }] });
    const listener = parseListener({ name: 'redis_listener', catch_all: { cluster: 'a', mirrors: [{ cluster: 'b' }] } });
    controlPlane.stageEdits({
      clusters: [own, copy].map((after) => ({ name: after.name, after })),
      listeners: [{ name: 'redis_listener', after: listener }],
    });
    controlPlane.commit();
    return controlPlane.status().warnings;
  };
  assert.deepEqual(commitMirror(1), [
    {
      code: 'mirror-shares-server',
      message: 'cluster "a" and its mirror "b" both have the server 127.0.0.1:1: each command would be done twice there',
    },
  ]);
  assert.deepEqual(commitMirror(2), []);
});

describe("a listener at the control plane's own address", () => {
  const cases = [
    ['0.0.0.0:5678', '0.0.0.0:5678', true],
    ['10.0.0.1:5678', '0.0.0.0:5678', true],
    ['10.0.0.1:5678', '[::]:5678', true],
    ['0.0.0.0:5678', '127.0.0.1:5678', true],
    ['10.0.0.1:5678', '127.0.0.1:5678', false],
    ['10.0.0.1:5678', 'localhost:5678', true],
    ['0.0.0.0:5679', '0.0.0.0:5678', false],
  ] as const;
  for (const [listener, own, isTold] of cases) {
    test(`${listener} beside ${own}: ${isTold ? 'told' : 'fine'}`, () => {
      const bound = findBoundListeners(byName(parseListener({ name: 'l', address: listener })), defaultOptions);
      const found = findOwnAddresses(bound, [{ flag: '--xds-address', address: parseAddress(own) }]);
      const message =
        `listener "l": address ${listener} is in the way of the control plane itself (--xds-address ${own}): ` +
        "an Envoy on the same machine can't have it";
      assert.deepEqual(found, isTold ? [message] : []);
    });
  }

  test('is warned of, not refused', () => {
    const told: Warning[] = [];
    const controlPlane = new LocalControl({
      snapshots: new SnapshotCache(),
      renderOptions: defaultOptions,
      ownAddresses: [{ flag: '--api-address', address: defaultOptions.redisListener }],
      onWarnings: (warnings) => told.push(...warnings),
    });
    controlPlane.commit();
    assert.deepEqual(codesOf(told), ['address-of-control-plane']);
  });
});

test('a certificate of our own that expires within 30 days is in the status, committed or not', () => {
  const dayMs = 86_400_000;
  const in10Days = Date.now() + 10 * dayMs;
  const told: Warning[] = [];
  let ownCertificates = [
    { path: '/tls/a.crt', notAfterMs: in10Days },
    { path: '/tls/ca.crt', notAfterMs: Date.now() + 40 * dayMs },
    { path: '/tls/old.crt', notAfterMs: 0 },
  ];
  const controlPlane = new LocalControl({
    snapshots: new SnapshotCache(),
    renderOptions: defaultOptions,
    ownCertificates: () => ownCertificates,
    onWarnings: (warnings) => told.push(...warnings),
  });
  const of = (rest: string): Warning => {
    return { code: 'own-certificate-expires', message: `ports of the control plane: the certificate in ${rest}` };
  };
  const expected = [
    of(`"/tls/a.crt" expires in 10 days, on ${new Date(in10Days).toISOString()}`),
    of('"/tls/old.crt" expired on 1970-01-01T00:00:00.000Z'),
  ];
  assert.deepEqual(controlPlane.status().warnings, expected);
  controlPlane.commit();
  assert.deepEqual(controlPlane.status().warnings, expected);
  assert.deepEqual(told, [], 'the log has it from who reads the files');
  ownCertificates = [];
  assert.deepEqual(controlPlane.status().warnings, [], 'new files are in use');
});

test('every cluster of the Envoy files that are shipped is refused or warned of', () => {
  const names = readdirSync(checkoutPath('envoy')).flatMap((file) => {
    const { static_resources: resources } = parse(readFileSync(checkoutPath(`envoy/${file}`), 'utf8')) as {
      static_resources: { clusters: readonly { name: string }[] };
    };
    return resources.clusters.map(({ name }) => name);
  });
  assert.deepEqual([...new Set(names)].sort(), [defaultOptions.xdsClusterName, ...pollingClusters].sort());
});

test('a cluster with a name that the shipped Envoy files have is warned of', () => {
  const { controlPlane, told } = create('xds_rest');
  add(controlPlane, 'xds_rest');
  controlPlane.commit();
  assert.deepEqual(told.at(-1), [
    'cluster "xds_rest": the Envoy files that are shipped for polling have a cluster of this name, ' +
      'and such an Envoy ignores this one',
  ]);
});
