// A snapshot in which some clusters have another connect timeout: this control plane renders a
// cluster from its name alone, but xDS servers have to cope with clusters that change.

import { decodeMessage, encodeMessage } from '../../../src/proto/protos.ts';
import type { Dialect } from '../../../src/snapshot/dialect.ts';
import type { ResourceSet } from '../../../src/snapshot/resource-set.ts';
import { Resource } from '../../../src/snapshot/resource.ts';
import type { ResourceKind } from '../../../src/snapshot/resource.ts';
import type { Scope, Snapshot } from '../../../src/snapshot/snapshot.ts';
import { discoveryApis } from '../../support/xds/discovery-api.ts';

export class RevisedSnapshot implements Snapshot {
  readonly #inner: Snapshot;
  readonly #timeouts: ReadonlyMap<string, number>;
  // The same question always gets the same set.
  readonly #revised = new Map<ResourceSet, ResourceSet>();

  /** @param timeouts in seconds, by the name of the cluster; the others stay as they are. */
  constructor(inner: Snapshot, timeouts: ReadonlyMap<string, number>) {
    this.#inner = inner;
    this.#timeouts = new Map(timeouts);
  }

  get draining(): readonly string[] {
    return this.#inner.draining;
  }

  resources(kind: ResourceKind, dialect: Dialect, scope?: Scope): ResourceSet {
    return this.#revise(kind, dialect, this.#inner.resources(kind, dialect, scope));
  }

  #revise(kind: ResourceKind, { apiVersion }: Dialect, set: ResourceSet): ResourceSet {
    if (kind !== 'cluster') return set;
    let revised = this.#revised.get(set);
    if (revised === undefined) {
      const message = discoveryApis[apiVersion].messages.cluster;
      const changes = new Map<string, Resource>();
      for (const [name, seconds] of this.#timeouts) {
        const before = set.resources.get(name);
        if (before === undefined) continue;
        const cluster = { ...decodeMessage(message, before.value), connect_timeout: { seconds } };
        changes.set(name, new Resource(name, encodeMessage(message, cluster)));
      }
      this.#revised.set(set, (revised = set.with(changes)));
    }
    return revised;
  }
}
