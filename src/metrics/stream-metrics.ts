// The metrics of the discovery streams: names, labels, help texts. Every combination of
// labels is there from the start, with 0: rates need a beginning.

import type { Registry } from 'prom-client';

import type { ApiVersion } from '../snapshot/dialect.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import type { ProtocolName } from '../xds/stream-method.ts';
import type { StreamStatus, SyncState } from '../xds/stream-status.ts';
import { addCounter, addGauge, addHistogram } from './series.ts';
import type { DistributionSeries, MetricOptions, Sample } from './series.ts';
import type { ModeCounts, StreamCounters, StreamType, TypeCounts } from './stream-counters.ts';

interface Mode {
  readonly labels: { readonly api_version: ApiVersion; readonly mode: ProtocolName };
  readonly counts: ModeCounts;
}

const resourceKinds: readonly ResourceKind[] = ['cluster', 'endpoint', 'listener', 'route', 'secret'];
const streamTypes: readonly StreamType[] = ['aggregated', ...resourceKinds];
const syncStates: readonly SyncState[] = ['synced', 'stale', 'error', 'not-sent'];

const typeCounters: readonly (readonly [count: keyof TypeCounts, name: string, help: string])[] = [
  ['requests', 'requests', 'Discovery requests received, ACKs and NACKs among them'],
  ['responses', 'responses', 'Discovery responses written'],
  ['responseBytes', 'response_bytes', 'Size of the discovery responses written, before HTTP/2 framing'],
  ['acks', 'acks', 'Responses that Envoys accepted'],
  ['nacks', 'nacks', 'Responses that Envoys refused'],
  ['staleNonces', 'stale_nonces', 'Requests that answer no response that is still waited for'],
];

/**
 * Registers them all: 228 series and 10 histograms, however many Envoys there are.
 * @param statuses of the open streams, asked at each scrape.
 */
export function addStreamMetrics(
  registry: Registry,
  counters: StreamCounters,
  statuses: () => Iterable<StreamStatus>,
): void {
  const modes = modesOf(counters);
  addGauge(registry, optionsOf('streams', 'Open discovery streams', ['stream']), () => openStreams(modes));
  for (const [count, name, help] of typeCounters) {
    addCounter(registry, optionsOf(`${name}_total`, help, ['type']), () => typeSamples(modes, count));
  }
  addCounter(
    registry,
    optionsOf('unknown_type_requests_total', 'Requests for types that are not published; not answered', []),
    () => modes.map(({ labels, counts }) => ({ labels, value: counts.unknownTypeRequests })),
  );
  addGauge(
    registry,
    optionsOf('subscriptions', 'Types that open streams ask for, by how they stand to the newest', ['type', 'state']),
    () => countSubscriptions(modes, statuses()),
  );
  addHistogram(
    registry,
    { name: 'controlplane_xds_commit_to_sent_seconds', help: 'From publishing a snapshot to writing it to a stream' },
    () => seriesPerType(counters.commitToSent),
  );
  addHistogram(
    registry,
    { name: 'controlplane_xds_commit_to_ack_seconds', help: 'From publishing a snapshot to the ACK of an Envoy' },
    () => seriesPerType(counters.commitToAck),
  );
}

function optionsOf(name: string, help: string, labelNames: readonly string[]): MetricOptions {
  return { name: `controlplane_xds_${name}`, help, labelNames: ['api_version', 'mode', ...labelNames] };
}

function modesOf({ counts }: StreamCounters): Mode[] {
  return (['v2', 'v3'] as const).flatMap((api_version) =>
    (['sotw', 'delta'] as const).map((mode) => ({ labels: { api_version, mode }, counts: counts[api_version][mode] })),
  );
}

function openStreams(modes: readonly Mode[]): Sample[] {
  return modes.flatMap(({ labels, counts }) =>
    streamTypes.map((stream) => ({ labels: { ...labels, stream }, value: counts.openStreams[stream] })),
  );
}

function typeSamples(modes: readonly Mode[], count: keyof TypeCounts): Sample[] {
  return modes.flatMap(({ labels, counts }) =>
    resourceKinds.map((type) => ({ labels: { ...labels, type }, value: counts.types[type][count] })),
  );
}

function countSubscriptions(modes: readonly Mode[], statuses: Iterable<StreamStatus>): Sample[] {
  const found = new Map<string, number>();
  for (const { method, types } of statuses) {
    for (const { kind, state } of types) {
      const key = keyOf(method.apiVersion, method.protocol, kind, state);
      found.set(key, (found.get(key) ?? 0) + 1);
    }
  }
  return modes.flatMap(({ labels }) =>
    resourceKinds.flatMap((type) =>
      syncStates.map((state) => ({
        labels: { ...labels, type, state: state.replace('-', '_') },
        value: found.get(keyOf(labels.api_version, labels.mode, type, state)) ?? 0,
      })),
    ),
  );
}

function keyOf(apiVersion: ApiVersion, mode: ProtocolName, type: ResourceKind, state: SyncState): string {
  return `${apiVersion} ${mode} ${type} ${state}`;
}

function seriesPerType(distributions: StreamCounters['commitToSent']): DistributionSeries[] {
  return resourceKinds.map((type) => ({ labels: { type }, distribution: distributions[type] }));
}
