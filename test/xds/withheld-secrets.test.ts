// Passwords and private keys on connections that others can read along with: they are not there, whatever way is asked.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextRound } from 'node:timers/promises';
import { pino } from 'pino';

import { noEdits } from '../../src/inventory/edits.ts';
import { parseCluster, parseListener } from '../../src/model/parse.ts';
import { JsonMessage } from '../../src/proto/json-message.ts';
import { RenderedSnapshot } from '../../src/render/rendered-snapshot.ts';
import { dialects } from '../../src/snapshot/dialect.ts';
import { publishOrder } from '../../src/snapshot/resource.ts';
import { SnapshotCache } from '../../src/snapshot/snapshot.ts';
import type { Scope } from '../../src/snapshot/snapshot.ts';
import type { SecretsFor } from '../../src/xds/stream-context.ts';
import { DiscoveryFetch } from '../../src/xds/fetch.ts';
import { nodeClusterOf } from '../../src/xds/node.ts';
import { StreamHub } from '../../src/xds/stream-hub.ts';
import { byName, defaultOptions, servedOf } from '../render/examples.ts';
import type { Kind } from '../support/xds/discovery-api.ts';
import { FakeDeltaTransport, FakeTransport } from '../support/xds/fake-transport.ts';
import { allVariants } from '../support/xds/wire-variant.ts';
import type { WireVariant } from '../support/xds/wire-variant.ts';
import { makePair, openSecret, sealed } from '../support/test-vault.ts';

const options = { ...defaultOptions, openSecret };
const { chain, key } = makePair({ name: 'edge' });
const password = sealed({ name: 'word', kind: 'password', value: 'swordfish' });
const secrets = byName(
  password,
  sealed({ name: 'edge', kind: 'certificate', chain, key }),
  sealed({ name: 'ca', kind: 'ca', value: chain }),
);
const endpoints = [{ address: '10.0.0.1', port: 6379 }];
const upstream = { upstream_auth: { password: { secret: 'word' } } };
const askedBefore = parseListener({ name: 'asked', address: '0.0.0.0:7000', catch_all: 'open' });
const asked = parseListener({ ...askedBefore, auth: { passwords: [{ secret: 'word' }] } });
const tls = { ca: { secret: 'ca' }, certificate: { secret: 'edge' }, sans: 'any' };
const clusters = byName(
  parseCluster({ name: 'guarded', prefix: 'g', endpoints, ...upstream }),
  parseCluster({ name: 'open', endpoints }),
  parseCluster({ name: 'safe', prefix: 's', endpoints, upstream_tls: tls }),
);
const plainListener = parseListener({ name: 'plain', address: '0.0.0.0:7001', catch_all: 'open' });
const listeners = byName(asked, plainListener);
const declared = { clusters, listeners, secrets };

const kinds: readonly Kind[] = ['secret', 'cluster', 'listener'];

function isTold(written: Iterable<Uint8Array>): boolean {
  const bytes = Buffer.concat([...written]);
  return bytes.includes('swordfish') || bytes.includes(key.split('\n')[1] ?? assert.fail());
}

interface Client {
  /** By kind: the names that it holds. */
  readonly held: Map<Kind, Set<string>>;
  readonly transports: readonly (FakeTransport | FakeDeltaTransport)[];
}

function connect(hub: StreamHub, variant: WireVariant, protocol: 'sotw' | 'delta', isPrivate: boolean): Client {
  const held = new Map<Kind, Set<string>>(kinds.map((kind) => [kind, new Set<string>()]));
  const open = (kind?: Kind): FakeTransport | FakeDeltaTransport => {
    const names = (of: Kind): string[] => (of === 'secret' ? ['ca', 'edge'] : []);
    if (protocol === 'delta') {
      const transport = new FakeDeltaTransport(hub, variant, kind);
      transport.onResponse = (response) => {
        for (const name of response.removed) held.get(response.kind)?.delete(name);
        for (const name of response.names) held.get(response.kind)?.add(name);
        transport.ack(response);
      };
      return transport;
    }
    const transport = new FakeTransport(hub, variant, kind);
    transport.onResponse = (response) => {
      const { kind: of, nonce, versionInfo } = response;
      if (of === 'secret') for (const name of response.names) held.get(of)?.add(name);
      else held.set(of, new Set(response.names));
      transport.request(of, { response_nonce: nonce, version_info: versionInfo, resource_names: names(of) });
    };
    return transport;
  };
  const aggregate = variant.isAggregated ? open() : undefined;
  const transports = kinds.map((kind) => {
    const transport = aggregate ?? open(kind);
    transport.isPrivate = isPrivate;
    transport.subscribe(kind, 'n', ...(kind === 'secret' ? ['ca', 'edge'] : []));
    return transport;
  });
  return { held, transports: [...new Set(transports)] };
}

async function settle({ transports }: Client): Promise<void> {
  for (let round = 0; round < 10; round += 1) await nextRound();
  assert.deepEqual(transports.flatMap(({ failures }) => failures), []);
  for (const { stream } of transports) assert.ok(stream.isSettled());
}

function serve(secretsFor?: SecretsFor): { hub: StreamHub; snapshots: SnapshotCache } {
  const snapshots = new SnapshotCache();
  const hub = new StreamHub({
    snapshots,
    groupOf: () => '',
    log: pino({ enabled: false }),
    listenerPause: { minMs: 0, maxMs: 0 },
    ...(secretsFor && { secretsFor }),
  });
  return { hub, snapshots };
}

for (const protocol of ['sotw', 'delta'] as const) {
  for (const variant of allVariants) {
    const way = `${protocol}, ${variant.apiVersion}, ${variant.isAggregated ? 'aggregated' : 'per type'}`;

    test(`who can be overheard is told no password and no key, and is in sync (${way})`, async () => {
      const { hub, snapshots } = serve();
      snapshots.set('', RenderedSnapshot.of(declared, options));
      const [overheard, whole] = [connect(hub, variant, protocol, false), connect(hub, variant, protocol, true)];
      await settle(overheard);
      await settle(whole);
      assert.ok(!isTold(overheard.transports.flatMap(({ written }) => written)));
      assert.ok(isTold(whole.transports.flatMap(({ written }) => written)));
      assert.deepEqual([...(overheard.held.get('cluster') ?? [])].sort(), ['guarded', 'open', 'safe']);
      assert.ok(overheard.held.get('listener')?.has('plain'));
      assert.ok(!overheard.held.get('listener')?.has('asked'));
      assert.deepEqual([...(overheard.held.get('secret') ?? [])], ['ca']);
      assert.ok(whole.held.get('listener')?.has('asked'));
      assert.deepEqual([...(whole.held.get('secret') ?? [])].sort(), ['ca', 'edge']);
      assert.deepEqual([...hub.withoutSecrets()], [['', new Set(['n'])]]);
    });

    test(`a listener that asks for a password from now on is taken from who can be overheard (${way})`, async () => {
      const { hub, snapshots } = serve();
      const before = RenderedSnapshot.of({ ...declared, listeners: byName(askedBefore, plainListener) }, options);
      snapshots.set('', before);
      const overheard = connect(hub, variant, protocol, false);
      await settle(overheard);
      assert.ok(overheard.held.get('listener')?.has('asked'));
      snapshots.set('', before.next({ ...noEdits, listeners: [{ name: 'asked', after: asked }] }));
      await settle(overheard);
      assert.ok(!overheard.held.get('listener')?.has('asked'));
      assert.ok(overheard.held.get('listener')?.has('plain'));
      assert.ok(!isTold(overheard.transports.flatMap(({ written }) => written)));
    });

    test(`a password that changes is no news to who is not told it (${way})`, async () => {
      const { hub, snapshots } = serve();
      const before = RenderedSnapshot.of(declared, options);
      snapshots.set('', before);
      const overheard = connect(hub, variant, protocol, false);
      await settle(overheard);
      const count = overheard.transports.map(({ written }) => written.length);
      const after = sealed({ name: 'word', kind: 'password', value: 'other' });
      snapshots.set('', before.next({ ...noEdits, secrets: [{ name: 'word', after }] }));
      await settle(overheard);
      assert.deepEqual(overheard.transports.map(({ written }) => written.length), count);
    });

    test(`where the network is said to be safe everybody is told (${way})`, async () => {
      const { hub, snapshots } = serve('any');
      snapshots.set('', RenderedSnapshot.of(declared, options));
      const client = connect(hub, variant, protocol, false);
      await settle(client);
      assert.ok(client.held.get('listener')?.has('asked'));
      assert.ok(client.held.get('secret')?.has('edge'));
      assert.deepEqual([...hub.withoutSecrets()], []);
    });
  }
}

describe('a poll', () => {
  for (const apiVersion of ['v2', 'v3'] as const) {
    test(`that can be overheard is told no password and no key (${apiVersion})`, () => {
      const { hub, snapshots } = serve();
      snapshots.set('', RenderedSnapshot.of(declared, options));
      const fetch = new DiscoveryFetch(snapshots, () => '', hub.listenerTakers, (client) => hub.notePoll(client));
      const poll = (isGivenSecrets: boolean): string =>
        kinds.map((kind) => {
          const names = kind === 'secret' ? { resource_names: ['ca', 'edge'] } : {};
          const request = new JsonMessage({ node: { id: 'n' }, ...names });
          const answer = fetch.answer(apiVersion, kind, request, isGivenSecrets);
          return answer.kind === 'response' ? answer.body : assert.fail(answer.kind);
        }).join('\n');
      assert.match(poll(true), /"name":"asked".*|private_key/u);
      assert.deepEqual([...hub.withoutSecrets()], []);
      assert.doesNotMatch(poll(false), /"name":"asked"|private_?key/iu);
      assert.match(poll(false), /"name":"guarded"/u);
      assert.deepEqual([...hub.withoutSecrets()], [['', new Set(['n'])]]);
    });
  }
});

test('who polls is judged by its release as who has a stream is, and the first of each sort is told of', () => {
  const told: string[] = [];
  const snapshots = new SnapshotCache();
  const hub = new StreamHub({
    snapshots,
    groupOf: nodeClusterOf,
    log: pino({ enabled: false }),
    onFirstOfSort: ({ node, isGivenSecrets }) => void told.push(`${node.id} ${node.userAgentVersion} ${isGivenSecrets}`),
  });
  const fetch = new DiscoveryFetch(snapshots, nodeClusterOf, hub.listenerTakers, (client) => hub.notePoll(client));
  const build = { version: { majorNumber: 1, minorNumber: 36, patch: 2 } };
  const userAgent = { userAgentName: 'envoy', userAgentBuildVersion: build };
  const poll = (id: string, isGivenSecrets: boolean): void => {
    fetch.answer('v3', 'cluster', new JsonMessage({ node: { id, cluster: 'edge', ...userAgent } }), isGivenSecrets);
  };
  for (const id of ['a', 'b', 'a']) poll(id, true);
  poll('c', false);
  const transport = new FakeTransport(hub, { apiVersion: 'v3', isAggregated: true });
  const released = { user_agent_name: 'envoy', user_agent_version: '1.36.2' };
  transport.request('cluster', { node: { id: 'd', cluster: 'edge', ...released } });
  assert.deepEqual(hub.agents(), [{ group: 'edge', version: '1.36.2', ids: ['a', 'b', 'c', 'd'] }]);
  assert.deepEqual(told, ['a 1.36.2 true', 'c 1.36.2 false']);
  hub.noteCommitted();
  poll('b', true);
  assert.deepEqual(told.slice(2), ['b 1.36.2 true']);
});

describe('a snapshot in the clear', () => {
  const everySet = (snapshot: RenderedSnapshot): (readonly [whole: unknown, inClear: unknown])[] =>
    publishOrder.flatMap((kind) =>
      (['v2', 'v3'] as const).flatMap((version) =>
        Object.values(dialects[version]).flatMap((dialect) =>
          (['declared', 'reachable'] as readonly Scope[]).map((scope) => {
            const inClear = snapshot.inClear.resources(kind, dialect, scope);
            return [snapshot.resources(kind, dialect, scope), inClear] as const;
          }),
        ),
      ),
    );

  test('is the very same sets where nothing is secret', () => {
    const open = clusters.get('open') ?? assert.fail();
    const snapshot = RenderedSnapshot.of({ clusters: byName(open), listeners: byName(plainListener) }, options);
    for (const [whole, inClear] of everySet(snapshot)) assert.equal(inClear, whole);
  });

  test('is the same sets as before for what a change leaves as it is', () => {
    const before = RenderedSnapshot.of(declared, options);
    const inClear = before.inClear.resources('cluster', dialects.v3.ads);
    const after = before.next({ ...noEdits, listeners: [{ name: 'plain', after: undefined }] });
    assert.equal(after.inClear.resources('cluster', dialects.v3.ads), inClear);
  });

  test('has no password of a cluster that drains, whose password went with it', () => {
    const before = RenderedSnapshot.of(declared, options);
    before.resources('cluster', dialects.v3.ads);
    const gone = clusters.get('guarded') ?? assert.fail();
    const removed = (name: string) => [{ name, after: undefined }];
    const edits = { clusters: removed('guarded'), listeners: removed('asked'), secrets: removed('word') };
    const after = before.next(edits, servedOf(byName(gone)));
    const told = (of: RenderedSnapshot | RenderedSnapshot['inClear']): boolean => {
      const { resources } = of.resources('cluster', dialects.v3.ads, 'reachable');
      return isTold(Array.from(resources.values(), ({ value }) => value));
    };
    assert.deepEqual([told(after), told(after.inClear)], [true, false]);
  });
});
