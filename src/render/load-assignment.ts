// A cluster's servers as Envoy's load assignment. The same message in v2 and v3.

import type { Host } from '../inventory/cluster.ts';
import type { PlainMessage } from '../proto/protos.ts';

// Of the servers of one priority that answer none is passed over for the next one as long as one is left.
const lastResortOnly = { overprovisioning_factor: { value: 10_000 } };

/**
 * A locality for each zone of each priority, those without a zone first, and in it the hosts in the order given
 * (sorted: the order of hosts alone changes Envoy's hashing). Without hosts there is no locality, which is how Envoy
 * learns that the last one has gone.
 * @param policy of hosts of one priority; by default Envoy's own.
 */
export function buildLoadAssignment(clusterName: string, hosts: readonly Host[], policy?: PlainMessage): PlainMessage {
  if (hosts.length === 0) return { cluster_name: clusterName };
  const isLayered = hosts.some(({ priority = 0 }) => priority > 0);
  const zones = [...Map.groupBy(hosts, ({ priority = 0, zone = '' }) => `${priority} ${zone}`).values()];
  return {
    cluster_name: clusterName,
    endpoints: zones.sort(compareZones).map((members) => {
      const [{ priority = 0, zone = '' } = {}] = members;
      return {
        ...(zone === '' ? {} : { locality: { zone } }),
        ...(priority === 0 ? {} : { priority }),
        lb_endpoints: members.map(buildLbEndpoint),
      };
    }),
    ...(isLayered ? { policy: lastResortOnly } : policy && { policy }),
  };
}

function compareZones([a]: readonly Host[], [b]: readonly Host[]): number {
  const [{ priority: p = 0, zone: x = '' } = {}, { priority: q = 0, zone: y = '' } = {}] = [a, b];
  return p - q || (x < y ? -1 : 1);
}

function buildLbEndpoint({ address, port, weight, hash_key: hashKey, health }: Host): PlainMessage {
  return {
    endpoint: { address: { socket_address: { address, port_value: port } } },
    ...(health === undefined ? {} : { health_status: 'UNHEALTHY' }),
    ...(hashKey === undefined ? {} : { metadata: buildHashKey(hashKey) }),
    ...(weight === undefined ? {} : { load_balancing_weight: { value: weight } }),
  };
}

// What Maglev and ring hash go by in place of the address: keys stay with the shard when its server moves.
function buildHashKey(hashKey: string): PlainMessage {
  // protobufjs brings google.protobuf.Value, with names in its own spelling.
  return { filter_metadata: { 'envoy.lb': { fields: { hash_key: { stringValue: hashKey } } } } };
}
