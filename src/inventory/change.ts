// The changes an operator can stage, as asked for: not yet checked.

export interface AddCluster {
  readonly kind: 'add-cluster';
  readonly name: string;
  readonly prefix: string;
}

export interface RemoveCluster {
  readonly kind: 'remove-cluster';
  readonly name: string;
}

/** Add or remove one endpoint. `address` as the operator wrote it; `port` any integer >= 0, 0 meaning absent. */
export interface ChangeEndpoint {
  readonly kind: 'add-endpoint' | 'remove-endpoint';
  readonly cluster: string;
  readonly address: string;
  readonly port: number;
}

export type Change = AddCluster | RemoveCluster | ChangeEndpoint;
