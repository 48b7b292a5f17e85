// Changes as an operator stages them, several at a time. Servers are at 127.0.0.1.

import type { Change } from '../../../src/inventory/change.ts';

const address = '127.0.0.1';

/** A cluster with the prefix `NAME:` and a server at each port. */
export function addCluster(name: string, ...ports: readonly number[]): Change[] {
  return [{ kind: 'add-cluster', name, prefix: `${name}:` }, ...ports.map((port) => addEndpoint(name, port))];
}

/** Takes a cluster away; `ports` are the servers it still has. */
export function removeCluster(name: string, ...ports: readonly number[]): Change[] {
  return [...ports.map((port) => removeEndpoint(name, port)), { kind: 'remove-cluster', name }];
}

export function addEndpoint(cluster: string, port: number): Change {
  return { kind: 'add-endpoint', cluster, address, port };
}

export function removeEndpoint(cluster: string, port: number): Change {
  return { kind: 'remove-endpoint', cluster, address, port };
}
