// What can be seen of the streams from outside: section "Observability" of the catalogue.

import assert from 'node:assert/strict';

import { Metrics } from '../../../src/metrics/metrics.ts';
import { JsonMessage } from '../../../src/proto/json-message.ts';
import { pagesOfClients } from '../../../src/xds/client-pages.ts';
import { renderClientStatus } from '../../../src/xds/client-status.ts';
import { defaultNodeGroup } from '../../../src/snapshot/snapshot.ts';
import type { ProtocolName, StreamMethod } from '../../../src/xds/stream-method.ts';
import { parseScrape } from '../../metrics/scrape.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { fenceOff } from '../../support/xds/byte-call.ts';
import { scenarioOfBoth } from '../../support/xds/both-protocols.ts';
import type { DiscoveryClient } from '../../support/xds/both-protocols.ts';
import { addCluster, addEndpoint } from '../../support/xds/changes.ts';
import { DeltaClient } from '../../support/xds/delta-client.ts';
import { kinds, typeUrlOf } from '../../support/xds/discovery-api.ts';
import type { Kind, UsualKind } from '../../support/xds/discovery-api.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import { RecordingObserver, serveObservedXds } from '../../support/xds/observed-xds.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import type { ServedXds } from '../../support/xds/served-xds.ts';
import { SotwClient } from '../../support/xds/sotw-client.ts';
import { aggregated, allVariants, scenario } from '../../support/xds/wire-variant.ts';
import type { WireVariant } from '../../support/xds/wire-variant.ts';

const wanted: Readonly<Record<UsualKind, readonly string[]>> = { cluster: [], endpoint: ['a'], listener: [], route: ['a'] };

const snapshot = buildSnapshot({ clusters: { a: 1 }, endpoints: { a: [1] }, listeners: { a: 1 }, routes: { a: 'a' } });

/** Not the fence's: it always comes by v3, state of the world, aggregated. */
function isOf({ apiVersion, isAggregated }: WireVariant, protocol: ProtocolName): (method: StreamMethod) => boolean {
  return (method) =>
    method.apiVersion === apiVersion && method.protocol === protocol && (method.kind === undefined) === isAggregated;
}

interface GenericConfig {
  readonly type_url: string;
  readonly config_status: string;
  readonly error_state?: { readonly details: string; readonly version_info: string };
}

/** What client status says of a node's type. */
async function statusOf(
  { hub }: ServedXds,
  variant: WireVariant,
  nodeId: string,
  kind: Kind,
): Promise<GenericConfig | undefined> {
  const request = new JsonMessage({ node_matchers: [{ node_id: { exact: nodeId } }] });
  const response: unknown = JSON.parse(await renderClientStatus(request, (select) => pagesOfClients(hub, select)));
  const { config = [] } = response as { config?: { generic_xds_configs: GenericConfig[] }[] };
  const configs = config.flatMap(({ generic_xds_configs: each }) => each);
  return configs.find(({ type_url: typeUrl }) => typeUrl === typeUrlOf(variant.apiVersion, kind));
}

scenarioOfBoth('OBS-01 sync state per node and type', allVariants, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const connect = (nodeId: string): DiscoveryClient => protocol.client(xds.connect(), variant, nodeId);
  await connect('acked').hold({ endpoint: ['a'] });
  await connect('other').hold({ cluster: [] });
  const silent = connect('silent');
  const refusing = connect('refusing');
  for (const client of [silent, refusing]) {
    client.subscribe('endpoint', 'a');
    await client.next('endpoint');
  }
  refusing.nack('endpoint', 'no');
  await refusing.assertQuiet();
  const states = await Promise.all(
    ['acked', 'silent', 'refusing', 'other'].map((id) => statusOf(xds, variant, id, 'endpoint')),
  );
  assert.deepEqual(states.map((each) => each?.config_status), ['SYNCED', 'STALE', 'ERROR', 'NOT_SENT']);
  assert.equal((await statusOf(xds, variant, 'refusing', 'endpoint'))?.error_state?.details, 'no');
  assert.equal((await statusOf(xds, variant, 'other', 'cluster'))?.config_status, 'SYNCED');

  xds.commit(addEndpoint('a', 6380));
  await refusing.takeAndAck('endpoint');
  await refusing.assertQuiet();
  assert.equal((await statusOf(xds, variant, 'refusing', 'endpoint'))?.config_status, 'SYNCED');
  assert.equal((await statusOf(xds, variant, 'refusing', 'endpoint'))?.error_state, undefined);
});

// Some clients send the error along with each request until a response is good.
scenarioOfBoth('OBS-02 a NACK that is said again counts once', allVariants, async (t, variant, protocol) => {
  const observer = new RecordingObserver(isOf(variant, protocol.name));
  const xds = await serveObservedXds(t, observer);
  xds.snapshots.set(defaultNodeGroup, snapshot);
  const client = protocol.client(xds.connect(), variant, 'envoy-7');
  client.subscribe('endpoint', 'a');
  const { nonce, versionInfo } = await client.next('endpoint');
  const refusal = { response_nonce: nonce, error_detail: { code: 13, message: 'no' } };
  client.send('endpoint', refusal);
  client.send('endpoint', { ...refusal, error_detail: { code: 13, message: 'still no' } });
  client.send('endpoint', { ...refusal, ...protocol.asking('a', 'b') });
  const { nonce: next } = await client.next('endpoint');
  assert.notEqual(next, nonce);
  assert.equal(observer.counts()['nack endpoint'], 1);
  assert.deepEqual(xds.log.filter(({ msg }) => msg === 'NACK').map(({ version_info: version }) => version), [versionInfo]);
  client.nack('endpoint');
  await client.assertQuiet();
  assert.equal(observer.counts()['nack endpoint'], 2);
});

scenarioOfBoth('OBS-02 a NACK is logged at once, with all that helps', allVariants, async (t, variant, protocol) => {
  const observer = new RecordingObserver(isOf(variant, protocol.name));
  const xds = await serveObservedXds(t, observer);
  xds.snapshots.set(defaultNodeGroup, snapshot);
  const client = protocol.client(xds.connect(), variant, 'envoy-7');
  client.subscribe('listener');
  const { nonce, versionInfo } = await client.next('listener');
  client.nack('listener', `bad listener ${'x'.repeat(100_000)}`);
  await client.assertQuiet();
  assert.equal(observer.counts()['nack listener'], 1);
  const [line = {}, ...others] = xds.log.filter(({ msg }) => msg === 'NACK');
  assert.deepEqual(others, []);
  const { level, node_id: nodeId, type_url: typeUrl, version_info: version, response_nonce: answered } = line;
  assert.equal(level, 40, 'a warning, which needs no debug mode');
  assert.deepEqual([nodeId, typeUrl], ['envoy-7', typeUrlOf(variant.apiVersion, 'listener')]);
  assert.deepEqual([version, answered], [versionInfo, nonce]);
  assert.notEqual(versionInfo, '');
  const { code, message } = line['error_detail'] as { code: number; message: string };
  assert.equal(code, 13);
  assert.match(message, /^bad listener x{900,1000}…$/u);
});

scenarioOfBoth('OBS-03 what happens is counted', aggregated, async (t, variant, protocol) => {
  const metrics = new Metrics(() => Array.from(xds.hub.streams, (stream) => stream.status()));
  const xds = await serveObservedXds(t, metrics.observer);
  const connection = xds.connect();
  // By the other version: what is counted here is the client's alone.
  const fence = (): Promise<void> => fenceOff(connection, variant.apiVersion === 'v2' ? 'v3' : 'v2');
  const client = protocol.client(connection, variant);
  client.subscribe('cluster');
  client.subscribe('endpoint', 'a');
  await fence();

  const labels = `api_version="${variant.apiVersion}",mode="${protocol.name}",`;
  const values = async (): Promise<Record<string, number>> => {
    const all = [...parseScrape(await metrics.scrape()).values()].flatMap(({ series }) => [...series]);
    const ours = all.filter(([name, value]) => name.includes(labels) && value > 0);
    return Object.fromEntries(
      ours.map(([name, value]) => [name.replace('controlplane_xds_', '').replace(labels, ''), value]),
    );
  };
  assert.deepEqual(await values(), {
    'streams{stream="aggregated"}': 1,
    'requests_total{type="cluster"}': 1,
    'requests_total{type="endpoint"}': 1,
    'subscriptions{type="cluster",state="not_sent"}': 1,
    'subscriptions{type="endpoint",state="not_sent"}': 1,
  });

  xds.snapshots.set(defaultNodeGroup, snapshot);
  await client.takeAndAck('cluster');
  await client.next('endpoint');
  client.nack('endpoint');
  client.send('endpoint', { response_nonce: 'no such nonce' });
  await fence();
  const {
    'response_bytes_total{type="cluster"}': clusterBytes = 0,
    'response_bytes_total{type="endpoint"}': endpointBytes = 0,
    ...counts
  } = await values();
  assert.ok(clusterBytes > 50 && endpointBytes > 50);
  assert.deepEqual(counts, {
    'streams{stream="aggregated"}': 1,
    'requests_total{type="cluster"}': 2,
    'requests_total{type="endpoint"}': 3,
    'responses_total{type="cluster"}': 1,
    'responses_total{type="endpoint"}': 1,
    'acks_total{type="cluster"}': 1,
    'nacks_total{type="endpoint"}': 1,
    'stale_nonces_total{type="endpoint"}': 1,
    'subscriptions{type="cluster",state="synced"}': 1,
    'subscriptions{type="endpoint",state="error"}': 1,
  });

  const pushTimes = async (): Promise<unknown[]> => {
    const scraped = parseScrape(await metrics.scrape());
    return ['sent', 'ack'].map((end) => {
      const name = `controlplane_xds_commit_to_${end}_seconds`;
      return scraped.get(name)?.series.get(`${name}_count{type="cluster"}`);
    });
  };
  assert.deepEqual(await pushTimes(), [0, 0], 'what answers a request is no push');
  xds.snapshots.set(defaultNodeGroup, buildSnapshot({ clusters: { a: 2 } }));
  await client.takeAndAck('cluster');
  await fence();
  assert.deepEqual(await pushTimes(), [1, 1]);
  client.cancel();
  await waitUntil('the stream is gone', async () => !('streams{stream="aggregated"}' in (await values())));
});

class RefusingObserver extends RecordingObserver {
  override requestReceived(method: StreamMethod, kind: string): void {
    super.requestReceived(method, kind);
    throw new Error('refused');
  }
}

const protocols = { sotw: SotwClient, delta: DeltaClient } as const;

for (const protocol of ['sotw', 'delta'] as const) {
  const endings: Readonly<Record<string, (client: SotwClient | DeltaClient) => void>> = {
    'the client cancels': (client) => client.cancel(),
    'the client is done': (client) => {
      for (const kind of kinds) client.stream(kind).call.halfClose();
    },
    'a request is bad': (client) => {
      for (const kind of kinds) client.stream(kind).call.send(Buffer.from([0xff]));
    },
  };
  for (const [ending, end] of Object.entries(endings)) {
    scenario(`OBS-04 ${protocol}: each event is told once, and ${ending}`, allVariants, async (t, variant) => {
      const observer = new RecordingObserver(isOf(variant, protocol));
      const xds = await serveObservedXds(t, observer);
      xds.snapshots.set(defaultNodeGroup, snapshot);
      const client = new protocols[protocol](xds.connect(), variant);
      for (const kind of kinds) {
        client.subscribe(kind, ...wanted[kind]);
        await client.takeAndAck(kind);
      }
      const streams = variant.isAggregated ? 1 : kinds.length;
      await waitUntil('every ACK is there', () => kinds.every((kind) => observer.counts()[`ack ${kind}`] === 1));
      end(client);
      await waitUntil('the streams are closed', () => observer.counts()['close'] === streams);
      // Stopping ends every call that is left: whatever else there is to tell is told now.
      await xds.shutDown();
      const perKind = kinds.flatMap((kind) => [[`request ${kind}`, 2], [`response ${kind}`, 1], [`ack ${kind}`, 1]]);
      assert.deepEqual(observer.counts(), { open: streams, ...Object.fromEntries(perKind), close: streams });
      const isBad = ending === 'a request is bad';
      assert.deepEqual(new Set(xds.log.map(({ level }) => level)), new Set(isBad ? [40] : []), 'who leaves is no news');
    });
  }

  scenario(`OBS-04 ${protocol}: each event is told once, and the server stops`, allVariants, async (t, variant) => {
    const observer = new RecordingObserver(isOf(variant, protocol));
    const xds = await serveObservedXds(t, observer);
    xds.snapshots.set(defaultNodeGroup, snapshot);
    const client = new protocols[protocol](xds.connect(), variant);
    client.subscribe('cluster');
    await client.next('cluster');
    await xds.shutDown();
    assert.deepEqual(observer.events, ['open', 'request cluster', 'response cluster', 'close']);
  });

  scenario(`OBS-04 ${protocol}: a hook that refuses ends its stream`, allVariants, async (t, variant) => {
    const observer = new RefusingObserver(isOf(variant, protocol));
    const xds = await serveObservedXds(t, observer);
    xds.snapshots.set(defaultNodeGroup, snapshot);
    const client = new protocols[protocol](xds.connect(), variant);
    client.subscribe('listener');
    assert.equal((await client.stream('listener').ended).code, 'INTERNAL');
    assert.deepEqual(observer.events, ['open', 'request listener', 'close']);
    assert.equal(client.responseCount, 0);
  });
}
