// Many light Envoys, each on a connection of its own, and when the last of them has ACKed what it was sent.

import { decodeMessage } from '../../../src/proto/protos.ts';
import type { Scope } from '../child-process.ts';
import { DeltaEnvoy } from './delta-envoy.ts';

/** A server of a cluster, as Envoys are given it. */
export interface AssignedServer {
  /** ADDRESS:PORT. */
  readonly address: string;
  /** False: it is published as unhealthy or draining. */
  readonly isHealthy: boolean;
}

/** When the first and the last of all Envoys ACKed it, as `performance.now()` has it. */
export interface Arrival {
  readonly firstMs: number;
  readonly lastMs: number;
}

const assignmentName = 'envoy.config.endpoint.v3.ClusterLoadAssignment';

/** A ClusterLoadAssignment as far as it is read here. */
interface Assignment {
  readonly endpoints?: readonly {
    readonly lb_endpoints?: readonly {
      readonly endpoint: { readonly address: { readonly socket_address: { address: string; port_value: number } } };
      readonly health_status?: string;
    }[];
  }[];
}

export class LightFleet {
  readonly #envoys: readonly DeltaEnvoy[];
  /** The same bytes come to all: they are read once. */
  #read: { readonly bytes: Buffer; readonly servers: readonly AssignedServer[] } | undefined;

  /**
   * @param address of the xDS port.
   * @param groups in turn those of the Envoys.
   */
  constructor(scope: Scope, address: string, size: number, groups: readonly string[]) {
    this.#envoys = Array.from({ length: size }, (_, index) => {
      const group = groups[index % groups.length] ?? 'light';
      return new DeltaEnvoy(address, { group, id: `light-${index}`, hasOwnConnection: true });
    });
    scope.after(async () => this.#envoys.forEach((envoy) => envoy[Symbol.dispose]()));
  }

  get size(): number {
    return this.#envoys.length;
  }

  /** How many messages they were sent, all together. */
  get responses(): number {
    return this.#envoys.reduce((sum, { responses }) => sum + responses, 0);
  }

  /** Resolves when every one of them holds what it is to hold of the cluster, and has ACKed it. */
  async until(cluster: string, isThere: (servers: readonly AssignedServer[]) => boolean): Promise<Arrival> {
    const times = await Promise.all(this.#envoys.map(async (envoy) => {
      const holds = (): boolean => {
        const bytes = envoy.endpoints.get(cluster);
        return bytes !== undefined && isThere(this.#serversOf(bytes));
      };
      return holds() ? performance.now() : envoy.when(holds);
    }));
    return { firstMs: Math.min(...times), lastMs: Math.max(...times) };
  }

  #serversOf(bytes: Buffer): readonly AssignedServer[] {
    if (this.#read?.bytes.equals(bytes) !== true) this.#read = { bytes, servers: readServers(bytes) };
    return this.#read.servers;
  }
}

function readServers(bytes: Buffer): AssignedServer[] {
  const { endpoints = [] } = decodeMessage(assignmentName, bytes) as Assignment;
  return endpoints.flatMap(({ lb_endpoints: servers = [] }) => servers.map(({ endpoint, health_status: status }) => {
    const { address, port_value: port } = endpoint.address.socket_address;
    return { address: `${address}:${port}`, isHealthy: status === undefined || status === 'HEALTHY' };
  }));
}
