// A cluster's servers as Envoy's load assignment. The same message in v2 and v3.

import type { Host } from '../inventory/cluster.ts';
import type { PlainMessage } from '../proto/protos.ts';

/**
 * A locality for each zone, those without a zone first, and in it the hosts in the order given (sorted: the order
 * of hosts alone changes Envoy's hashing). Without hosts there is no locality, which is how Envoy learns that the
 * last one has gone.
 */
export function buildLoadAssignment(clusterName: string, hosts: readonly Host[]): PlainMessage {
  if (hosts.length === 0) return { cluster_name: clusterName };
  const zones = Array.from(Map.groupBy(hosts, ({ zone = '' }) => zone)).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    cluster_name: clusterName,
    endpoints: zones.map(([zone, members]) => ({
      ...(zone === '' ? {} : { locality: { zone } }),
      lb_endpoints: members.map(buildLbEndpoint),
    })),
  };
}

function buildLbEndpoint({ address, port, weight, hash_key: hashKey }: Host): PlainMessage {
  return {
    endpoint: { address: { socket_address: { address, port_value: port } } },
    ...(hashKey === undefined ? {} : { metadata: buildHashKey(hashKey) }),
    ...(weight === undefined ? {} : { load_balancing_weight: { value: weight } }),
  };
}

// What Maglev and ring hash go by in place of the address: keys stay with the shard when its server moves.
function buildHashKey(hashKey: string): PlainMessage {
  // protobufjs brings google.protobuf.Value, with names in its own spelling.
  return { filter_metadata: { 'envoy.lb': { fields: { hash_key: { stringValue: hashKey } } } } };
}
