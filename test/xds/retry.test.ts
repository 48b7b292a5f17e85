import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, test } from 'node:test';

import type { DiscoveryStream } from '../../src/xds/discovery-stream.ts';
import { awaitRetried, retryRefused } from '../../src/xds/retry.ts';
import type { Retried } from '../../src/xds/retry.ts';
import { GENEROUS_MS } from '../support/wait-until.ts';
import { addCluster, addEndpoint } from '../support/xds/changes.ts';
import type { Kind } from '../support/xds/discovery-api.ts';
import { FakeDeltaTransport, FakeTransport } from '../support/xds/fake-transport.ts';
import { ServedXds } from '../support/xds/served-xds.ts';

const v3 = { apiVersion: 'v3', isAggregated: true } as const;
const clusters = ['a', 'b'];

/** A client that wants all clusters, and the endpoints of `a` and `b`. */
interface RefusingClient {
  readonly stream: DiscoveryStream;
  /** Kinds that it refuses; all others it accepts. */
  readonly refused: Set<Kind>;
  /** Kinds, each with the names, that it was sent since this was last emptied. */
  readonly sent: string[];
}

type Connect = (xds: ServedXds, id: string, ...refused: readonly Kind[]) => RefusingClient;

const connectSotw: Connect = (xds, id, ...kinds) => {
  const transport = new FakeTransport(xds.hub, v3);
  const [refused, sent] = [new Set(kinds), [] as string[]];
  transport.onResponse = ({ kind, names, nonce, versionInfo }) => {
    sent.push(`${kind} ${names.join()}`);
    const answer = refused.has(kind) ? { error_detail: noRoom } : { version_info: versionInfo };
    transport.request(kind, { response_nonce: nonce, resource_names: kind === 'endpoint' ? clusters : [], ...answer });
  };
  transport.subscribe('cluster', id);
  transport.subscribe('endpoint', id, ...clusters);
  return { stream: transport.stream, refused, sent };
};

const connectByDelta: Connect = (xds, id, ...kinds) => {
  const transport = new FakeDeltaTransport(xds.hub, v3);
  const [refused, sent] = [new Set(kinds), [] as string[]];
  transport.onResponse = ({ kind, names, nonce }) => {
    sent.push(`${kind} ${names.join()}`);
    transport.request(kind, { response_nonce: nonce, ...(refused.has(kind) ? { error_detail: noRoom } : {}) });
  };
  transport.subscribe('cluster', id);
  transport.subscribe('endpoint', id, ...clusters);
  return { stream: transport.stream, refused, sent };
};

const noRoom = { code: 13, message: 'no room' };

const protocols: readonly (readonly [name: string, connect: Connect])[] = [
  ['state of the world', connectSotw],
  ['delta', connectByDelta],
];

function serve(): ServedXds {
  const xds = new ServedXds({});
  xds.commit(...addCluster('a', 1), ...addCluster('b', 2));
  return xds;
}

/** When all that is due was sent and answered. */
async function quiet(): Promise<void> {
  for (const _ of [1, 2, 3]) await nextTurn();
}

/** What these were sent since the last call. */
async function sentTo(...clients: readonly RefusingClient[]): Promise<string[][]> {
  await quiet();
  return clients.map(({ sent }) => sent.splice(0));
}

function idsOf(retried: readonly Retried[]): (string | undefined)[] {
  return retried.map(({ stream }) => stream.nodeId);
}

function statesOf(retried: readonly Retried[]): string[] {
  return retried.flatMap(({ stream }) => stream.status().types.map(({ kind, state }) => `${kind} ${state}`));
}

for (const [protocol, connect] of protocols) {
  describe(`a retry, ${protocol},`, () => {
    test('sends what was refused again, all of it and once, to those that refused it', async () => {
      const xds = serve();
      const [refusing, well] = [connect(xds, 'refusing', 'endpoint'), connect(xds, 'well')];
      assert.deepEqual(await sentTo(refusing, well), [['cluster a,b', 'endpoint a,b'], ['cluster a,b', 'endpoint a,b']]);
      refusing.refused.clear();
      const retried = retryRefused(xds.hub, undefined);
      assert.deepEqual(retried.map(({ stream, kinds }) => [stream.nodeId, kinds]), [['refusing', ['endpoint']]]);
      const left = await awaitRetried(xds.hub, retried, { timeoutMs: GENEROUS_MS });
      assert.deepEqual(statesOf(left), ['cluster synced', 'endpoint synced']);
      assert.deepEqual(await sentTo(refusing, well), [['endpoint a,b'], []]);
      assert.deepEqual(retryRefused(xds.hub, undefined), []);
    });

    test('may be refused once more, and then be retried once more', async () => {
      const xds = serve();
      const client = connect(xds, 'n', 'cluster');
      await sentTo(client);
      for (const state of ['error', 'synced']) {
        if (state === 'synced') client.refused.clear();
        const left = await awaitRetried(xds.hub, retryRefused(xds.hub, 'n'), { timeoutMs: GENEROUS_MS });
        assert.deepEqual(statesOf(left), [`cluster ${state}`, 'endpoint synced']);
        assert.deepEqual(client.stream.status().types[0]?.lastNack?.names, clusters);
        assert.equal((await sentTo(client))[0]?.[0], 'cluster a,b');
      }
    });

    test('of one node is none of the others', async () => {
      const xds = serve();
      const clients = ['one', 'two'].map((id) => connect(xds, id, 'endpoint'));
      await sentTo(...clients);
      assert.deepEqual(idsOf(retryRefused(xds.hub, 'two')), ['two']);
      assert.deepEqual(await sentTo(...clients), [[], ['endpoint a,b']]);
    });

    test('does nothing where a commit has mended it', async () => {
      const xds = serve();
      const client = connect(xds, 'n', 'endpoint');
      await sentTo(client);
      client.refused.clear();
      xds.commit(addEndpoint('a', 3));
      assert.deepEqual(await sentTo(client), [['endpoint a,b']]);
      assert.deepEqual(retryRefused(xds.hub, undefined), []);
    });
  });
}

test('who closes is not waited for', async () => {
  const xds = serve();
  const client = connectSotw(xds, 'n', 'endpoint');
  await sentTo(client);
  const retried = retryRefused(xds.hub, 'n');
  assert.deepEqual(idsOf(retried), ['n']);
  client.stream.close();
  assert.deepEqual(await awaitRetried(xds.hub, retried, { timeoutMs: GENEROUS_MS }), []);
});
