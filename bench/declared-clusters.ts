// Clusters as /api/v2 takes them, and addresses that were never used before.

export interface DeclaredCluster {
  readonly name: string;
  readonly prefix: string;
  /** Nobody is at these addresses. */
  readonly watch: 'off';
  readonly endpoints: readonly DeclaredEndpoint[];
}

export interface DeclaredEndpoint {
  readonly address: string;
  readonly port: number;
}

export class Declarer {
  #issued = 0;

  /** @param label begins the names. */
  clusters(label: string, count: number, endpoints: number): DeclaredCluster[] {
    return Array.from({ length: count }, (_, index) => {
      const name = `${label}-cluster-${String(index).padStart(5, '0')}`;
      const servers = Array.from({ length: endpoints }, () => this.endpoint());
      return { name, prefix: `/${name}`, watch: 'off', endpoints: servers };
    });
  }

  /** Of an address that was never used before. All are equally long: its mere presence in a message proves it. */
  endpoint(): DeclaredEndpoint {
    const [lowest, values] = [100, 155];
    const number = this.#issued++;
    const parts = [Math.trunc(number / values ** 2), Math.trunc(number / values) % values, number % values];
    return { address: `10.${parts.map((part) => lowest + part).join('.')}`, port: 6379 };
  }

  /** The cluster with its oldest endpoint replaced, that one and the new one. */
  replaceEndpoint(cluster: DeclaredCluster) {
    const [oldest, ...others] = cluster.endpoints;
    if (oldest === undefined) throw new RangeError(`cluster ${cluster.name} has no endpoint`);
    const added = this.endpoint();
    return { after: { ...cluster, endpoints: [...others, added] }, oldest, added };
  }
}
