// What is seen of servers, as Envoys are told of it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { ControlPlane } from '../../src/commit/control-plane.ts';
import type { SeenSentinels, SeenServer, ServerState, Watchers } from '../../src/effective/seen.ts';
import { noEdits } from '../../src/inventory/edits.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { decodeMessage } from '../../src/proto/protos.ts';
import { dialects, messageNames } from '../../src/snapshot/dialect.ts';
import { SnapshotCache, defaultNodeGroup } from '../../src/snapshot/snapshot.ts';
import { createMemoryLogStore } from '../../src/store/memory-log-store.ts';
import { openDesk } from '../support/open-desk.ts';
import { waitUntil } from '../support/wait-until.ts';

/** What the test says that is seen. */
class Sight implements Watchers {
  readonly sentinels: SeenSentinels = new Map();
  seen: ReadonlyMap<string, ReadonlyMap<string, SeenServer>> = new Map();

  follow(): void {}

  seenNow(): Watchers['seen'] {
    return this.seen;
  }

  /** As `1:up 2:down`, of servers of cluster c. */
  say(text: string, sinceMs = 0): void {
    const servers = text.split(' ').map((each): [string, SeenServer] => {
      const [last = '', state = ''] = each.split(':');
      return [`10.0.0.${last}:6379`, { state: state as ServerState, sinceMs, reason: 'refused' }];
    });
    this.seen = new Map([['c', new Map(servers)]]);
  }
}

interface Setting {
  readonly desk: ControlPlane;
  readonly sight: Sight;
  /** Last parts of the addresses that are published, those that are not to be sent commands in brackets. */
  readonly served: () => string;
  readonly declare: (...lasts: readonly number[]) => Promise<void>;
}

async function open(store = createMemoryLogStore()): Promise<Setting> {
  const [snapshots, sight] = [new SnapshotCache(), new Sight()];
  const desk = await openDesk({ store, snapshots, watchers: sight });
  return {
    desk,
    sight,
    served: () => {
      const resource = snapshots.get(defaultNodeGroup)?.resources('endpoint', dialects.v3.ads).resources.get('c');
      assert.ok(resource !== undefined);
      const { endpoints = [] } = decodeMessage(messageNames.v3.endpoint, resource.value) as any;
      const hosts = endpoints.flatMap(({ lb_endpoints: of }: any) => of);
      return hosts.map(({ endpoint, health_status: health }: any) => {
        const last = endpoint.address.socket_address.address.replace('10.0.0.', '');
        return health === 'UNHEALTHY' ? `(${last})` : last;
      }).join(' ');
    },
    declare: async (...lasts) => {
      const after = parseCluster({ name: 'c', endpoints: lasts.map((last) => ({ address: `10.0.0.${last}`, port: 6379 })) });
      await desk.stage(() => ({ ...noEdits, clusters: [{ name: 'c', after }] }), 'ann');
      await desk.commit({ author: 'ann', force: true });
    },
  };
}

describe('a server that is down', () => {
  test('is published as unhealthy at once, without a commit, and comes back when it is up', async () => {
    const { desk, sight, served, declare } = await open();
    await declare(1, 2, 3);
    sight.say('1:up 2:down 3:up');
    await desk.noteSeen();
    assert.equal(served(), '1 (2) 3');
    assert.equal(desk.declarations.revision, 1);
    sight.say('1:up 2:recovering 3:up');
    await desk.noteSeen();
    assert.equal(served(), '1 (2) 3');
    sight.say('1:up 2:up 3:up');
    await desk.noteSeen();
    assert.equal(served(), '1 2 3');
  });

  test('stays so through commits, unless it would be the last one', async () => {
    const { desk, sight, served, declare } = await open();
    await declare(1, 2, 3);
    sight.say('1:up 2:down 3:up');
    await desk.noteSeen();
    await declare(1, 2, 3, 4);
    assert.equal(served(), '1 (2) 3 4');
    await declare(2);
    assert.equal(served(), '2');
  });

  test('is let in again when its cluster is watched no more', async () => {
    const { desk, sight, served, declare } = await open();
    await declare(1, 2, 3);
    sight.say('1:up 2:down 3:up');
    await desk.noteSeen();
    sight.seen = new Map();
    const endpoints = [1, 2, 3].map((last) => ({ address: `10.0.0.${last}`, port: 6379 }));
    const after = parseCluster({ name: 'c', watch: 'off', endpoints });
    await desk.stage(() => ({ ...noEdits, clusters: [{ name: 'c', after }] }), 'ann');
    await desk.commit({ author: 'ann' });
    assert.equal(served(), '1 2 3');
  });

  test('is not planned away: a plan decides nothing', async () => {
    const { desk, sight, served, declare } = await open();
    await declare(1, 2, 3);
    sight.say('1:up 2:down 3:up');
    await desk.plan();
    assert.equal(served(), '1 2 3');
    await desk.noteSeen();
    assert.equal(served(), '1 (2) 3');
  });

  test('stays out over a restart until it is seen to be up', async () => {
    const store = createMemoryLogStore();
    const before = await open(store);
    await before.declare(1, 2, 3);
    before.sight.say('1:up 2:down 3:up');
    await before.desk.noteSeen();
    before.desk.close();

    const after = await open(store);
    assert.equal(after.served(), '1 (2) 3');
    after.sight.say('1:unknown 2:unknown 3:unknown');
    await after.desk.noteSeen();
    assert.equal(after.served(), '1 (2) 3');
    after.sight.say('1:up 2:up 3:up');
    await after.desk.noteSeen();
    assert.equal(after.served(), '1 2 3');
    assert.equal((await store.load()).outages?.size, 0);
  });

  test('is left in when too many went at once', async () => {
    const { desk, sight, served, declare } = await open();
    await declare(1, 2, 3);
    sight.say('1:down 2:down 3:up');
    await desk.noteSeen();
    assert.equal(served(), '1 2 3');
    const message = 'cluster "c": 10.0.0.1:6379, 10.0.0.2:6379: down, and published as before: most of all that is ' +
      'watched went at once, as when the control plane is cut off';
    assert.deepEqual(desk.status().warnings, [{ code: 'servers-held', message }]);
    sight.say('1:up 2:up 3:up');
    await desk.noteSeen();
    assert.deepEqual(desk.status().warnings, []);
  });

  test('comes back with others one share at a time, by itself', async (t) => {
    const { desk, sight, served, declare } = await open();
    t.after(() => desk.close());
    await declare(1, 2, 3, 4);
    sight.say('1:up 2:up 3:down 4:down');
    await desk.noteSeen();
    assert.equal(served(), '1 2 (3) (4)');
    sight.say('1:up 2:up 3:up 4:up');
    await desk.noteSeen();
    assert.equal(served(), '1 2 3 (4)');
    await waitUntil('the other one is back too', async () => served() === '1 2 3 4');
  });
});
