// A cluster's endpoints as Envoy's load assignment. The same message in v2 and v3.

import type { PlainMessage } from '../proto/protos.ts';
import type { Endpoint } from '../inventory/cluster.ts';

/**
 * One locality group with every endpoint in the order given (sorted: the order
 * of hosts alone changes Envoy's hashing). Without endpoints there is no group,
 * which is how Envoy learns that the last one has gone.
 */
export function buildLoadAssignment(clusterName: string, endpoints: readonly Endpoint[]): PlainMessage {
  if (endpoints.length === 0) return { cluster_name: clusterName };
  return { cluster_name: clusterName, endpoints: [{ lb_endpoints: endpoints.map(buildLbEndpoint) }] };
}

function buildLbEndpoint(endpoint: Endpoint): PlainMessage {
  return { endpoint: { address: { socket_address: { address: endpoint.address, port_value: endpoint.port } } } };
}
