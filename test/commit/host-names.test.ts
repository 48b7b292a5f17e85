// Names that the control plane looks up: learned before a commit, followed after it, kept over a restart.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { ControlPlane } from '../../src/commit/control-plane.ts';
import { ConflictError } from '../../src/commit/desk.ts';
import type { Warning } from '../../src/commit/published.ts';
import type { HostNameStatus, HostNames } from '../../src/effective/host-names.ts';
import { noEdits } from '../../src/inventory/edits.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { SnapshotCache, defaultNodeGroup } from '../../src/snapshot/snapshot.ts';
import { StoreError } from '../../src/store/log-store.ts';
import { createMemoryLogStore } from '../../src/store/memory-log-store.ts';
import { openDesk } from '../support/open-desk.ts';
import { describeServed } from './served.ts';

/** What the test says that names lead to. */
class Names implements HostNames {
  readonly learned: string[] = [];
  followed: ReadonlySet<string> = new Set();
  addresses: ReadonlyMap<string, readonly string[]> = new Map();
  statuses: readonly HostNameStatus[] = [];
  /** What a name is found to lead to when it is learned. */
  readonly answers = new Map<string, readonly string[]>();

  follow(names: ReadonlySet<string>): void {
    this.followed = names;
  }

  async learn(names: Iterable<string>): Promise<void> {
    for (const name of names) {
      this.learned.push(name);
      const found = this.answers.get(name);
      if (found !== undefined && !this.addresses.has(name)) this.set(name, found);
    }
  }

  set(name: string, found: readonly string[]): void {
    this.addresses = new Map(this.addresses).set(name, found);
  }

  fail(name: string, reason: string): void {
    const addresses = this.addresses.get(name) ?? [];
    this.statuses = [{ name, addresses, foundAtMs: undefined, failure: { reason, sinceMs: 0 } }];
  }
}

interface Setting {
  readonly desk: ControlPlane;
  readonly names: Names;
  readonly warnings: (readonly Warning[])[];
  readonly served: () => ReturnType<typeof describeServed>;
  readonly declare: (...hosts: readonly string[]) => Promise<void>;
}

async function open(store = createMemoryLogStore(), names = new Names()): Promise<Setting> {
  const [snapshots, warnings] = [new SnapshotCache(), [] as (readonly Warning[])[]];
  const desk = await openDesk({ store, snapshots, hostNames: names, onWarnings: (all) => void warnings.push(all) });
  return {
    desk,
    names,
    warnings,
    served: () => describeServed(snapshots.get(defaultNodeGroup)),
    declare: async (...hosts) => {
      const endpoints = hosts.map((address) => ({ address, port: 6379 }));
      const after = parseCluster({ name: 'c', prefix: '/c', resolve: 'controlplane', endpoints });
      await desk.stage(() => ({ ...noEdits, clusters: [{ name: 'c', after }] }), 'ann');
    },
  };
}

const commit = (desk: ControlPlane, force = false) => desk.commit({ author: 'ann', force });

describe('host names that the control plane looks up', () => {
  test('are learned before they are published, and followed from then on', async () => {
    const { desk, names, served, declare } = await open();
    names.answers.set('a.test', ['10.0.0.1']);
    await declare('a.test');
    await commit(desk);
    assert.deepEqual(served(), { c: ['/c', '10.0.0.1:6379'] });
    assert.deepEqual([names.learned, [...names.followed]], [['a.test'], ['a.test']]);
    assert.deepEqual(desk.hostNames(), []);
  });

  test('that lead nowhere are no servers: a commit is refused unless it is forced, and tells so', async () => {
    const { desk, names, served, declare } = await open();
    names.answers.set('a.test', ['10.0.0.1']);
    names.fail('gone.test', 'not found');
    await declare('a.test', 'gone.test');
    const message = 'cluster "c": gone.test (not found): a name without an address is no server';
    assert.deepEqual((await desk.plan()).guards, [{ code: 'name-not-found', message }]);
    await assert.rejects(commit(desk), (error) => error instanceof ConflictError && error.message.startsWith(message));
    assert.equal(served(), undefined);
    await commit(desk, true);
    assert.deepEqual(served(), { c: ['/c', '10.0.0.1:6379'] });

    // It was said once.
    await declare('a.test', 'gone.test', '10.0.0.7');
    await commit(desk);
    assert.deepEqual(served(), { c: ['/c', '10.0.0.1:6379', '10.0.0.7:6379'] });
  });

  test('of shards that would lose their keys to others are refused, forced or not, by whatever way', async () => {
    const { desk, names, served } = await open();
    names.answers.set('a.test', ['10.0.0.1']);
    const declareShards = (...hosts: readonly string[]): Promise<void> => {
      const shards = hosts.map((address, index) => ({ name: `s${index}`, endpoint: { address, port: 6379 } }));
      const after = parseCluster({ name: 'c', prefix: '/c', kind: 'sharded', resolve: 'controlplane', shards });
      return desk.stage(() => ({ ...noEdits, clusters: [{ name: 'c', after }] }), 'ann');
    };
    for (const [hosts, why] of [
      [['a.test', 'gone.test'], 'shard "s1" leads nowhere'],
      [['a.test', '10.0.0.1'], 'shards "s0" and "s1" both lead to 10.0.0.1:6379'],
    ] as const) {
      await declareShards(...hosts);
      const message = `not published: cluster "c": ${why}: keys of a shard would be written to another one`;
      for (const request of [{ force: true }, { force: true, isUnguarded: true }]) {
        await assert.rejects(desk.commit({ author: 'ann', ...request }), { name: 'CommitError', message });
      }
    }
    names.answers.set('b.test', ['10.0.0.2']);
    await declareShards('a.test', 'b.test');
    await commit(desk);
    const published = served();
    names.set('b.test', ['10.0.0.1']);
    await desk.noteSeen();
    assert.deepEqual(served(), published);
    assert.deepEqual(desk.status().warnings.map(({ code }) => code), ['keys-misplaced']);
  });

  test('that move are followed without a commit, and nothing staged is published with it', async () => {
    const { desk, names, served, declare } = await open();
    names.answers.set('a.test', ['10.0.0.1']);
    await declare('a.test');
    await commit(desk);
    await declare('10.0.0.9');
    names.set('a.test', ['10.0.0.2', '10.0.0.3']);
    await desk.noteSeen();
    assert.deepEqual(served(), { c: ['/c', '10.0.0.2:6379', '10.0.0.3:6379'] });
    assert.equal(desk.declarations.revision, 1);
    assert.equal(desk.declarations.staged.length, 1);
    await commit(desk);
    assert.deepEqual(served(), { c: ['/c', '10.0.0.9:6379'] });
    assert.deepEqual([...names.followed], []);
  });

  test('that are found no more are warned of, and what stands in their place', async () => {
    const { desk, names, warnings, served, declare } = await open();
    names.answers.set('a.test', ['10.0.0.1']);
    await declare('a.test');
    await commit(desk);
    names.fail('a.test', 'no answer');
    await desk.noteSeen();
    const message = 'host name a.test: no answer since 1970-01-01T00:00:00.000Z: 10.0.0.1 stays published';
    const isIt = ({ code }: Warning): boolean => code === 'name-not-found';
    assert.deepEqual(warnings.at(-1)?.filter(isIt), [{ code: 'name-not-found', message }]);
    assert.deepEqual(desk.status().warnings.filter(isIt), [{ code: 'name-not-found', message }]);
    assert.deepEqual(served(), { c: ['/c', '10.0.0.1:6379'] });
    names.statuses = [];
    await desk.noteSeen();
    assert.deepEqual(warnings.at(-1)?.filter(isIt), []);
  });

  test('lead after a restart to where they led before, whoever answers', async () => {
    const store = createMemoryLogStore();
    const before = await open(store);
    before.names.answers.set('a.test', ['10.0.0.1']);
    await before.declare('a.test');
    await commit(before.desk);
    before.names.set('a.test', ['10.0.0.2']);
    await before.desk.noteSeen();

    const { addresses } = await store.load();
    assert.deepEqual([...(addresses ?? [])], [['a.test', ['10.0.0.2']]]);
    const names = new Names();
    names.addresses = addresses ?? new Map();
    const after = await open(store, names);
    assert.deepEqual(after.served(), { c: ['/c', '10.0.0.2:6379'] });
  });

  test('are published when they can not be kept, which is told', async () => {
    const store = createMemoryLogStore();
    const { desk, names, served, declare } = await open(store);
    names.answers.set('a.test', ['10.0.0.1']);
    await declare('a.test');
    await commit(desk);
    store.keepAddresses = () => Promise.reject(new StoreError('the disk is full'));
    names.set('a.test', ['10.0.0.2']);
    await assert.rejects(desk.noteSeen(), StoreError);
    assert.deepEqual(served(), { c: ['/c', '10.0.0.2:6379'] });
  });

  test('are told with the clusters that have them', async () => {
    const { desk, names, declare } = await open();
    names.answers.set('a.test', ['10.0.0.1']);
    await declare('a.test');
    await commit(desk);
    const status = { name: 'a.test', addresses: ['10.0.0.1'], foundAtMs: 5, failure: undefined };
    names.statuses = [status];
    assert.deepEqual(desk.hostNames(), [{ ...status, clusters: ['c'] }]);
  });
});
