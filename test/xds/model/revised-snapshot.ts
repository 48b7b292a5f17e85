// A snapshot in which some clusters have another connect timeout, and with secrets: this control plane renders a
// cluster from its name alone, but xDS servers have to cope with clusters that change.

import { decodeMessage, encodeMessage } from '../../../src/proto/protos.ts';
import type { ApiVersion, Dialect } from '../../../src/snapshot/dialect.ts';
import type { ResourceSet } from '../../../src/snapshot/resource-set.ts';
import { Resource } from '../../../src/snapshot/resource.ts';
import type { ResourceKind } from '../../../src/snapshot/resource.ts';
import type { Scope, Snapshot } from '../../../src/snapshot/snapshot.ts';
import { discoveryApis } from '../../support/xds/discovery-api.ts';
import { buildSecret } from '../../support/xds/hand-made-snapshot.ts';

export class RevisedSnapshot implements Snapshot {
  readonly #inner: Snapshot;
  readonly #timeouts: ReadonlyMap<string, number>;
  readonly #secrets: ReadonlyMap<string, string>;
  // The same question always gets the same set.
  readonly #revised = new Map<ResourceSet, ResourceSet>();

  /**
   * @param timeouts in seconds, by the name of the cluster; the others stay as they are.
   * @param secrets contents by name.
   */
  constructor(inner: Snapshot, timeouts: ReadonlyMap<string, number>, secrets: ReadonlyMap<string, string>) {
    this.#inner = inner;
    this.#timeouts = new Map(timeouts);
    this.#secrets = new Map(secrets);
  }

  get draining(): readonly string[] {
    return this.#inner.draining;
  }

  resources(kind: ResourceKind, dialect: Dialect, scope?: Scope): ResourceSet {
    return this.#revise(kind, dialect, this.#inner.resources(kind, dialect, scope));
  }

  #revise(kind: ResourceKind, { apiVersion }: Dialect, set: ResourceSet): ResourceSet {
    if (kind !== 'cluster' && kind !== 'secret') return set;
    let revised = this.#revised.get(set);
    if (revised === undefined) {
      const changes = kind === 'cluster' ? this.#changedClusters(apiVersion, set) : this.#newSecrets(apiVersion);
      this.#revised.set(set, (revised = set.with(changes)));
    }
    return revised;
  }

  #changedClusters(apiVersion: ApiVersion, set: ResourceSet): Map<string, Resource> {
    const message = discoveryApis[apiVersion].messages.cluster;
    const changes = new Map<string, Resource>();
    for (const [name, seconds] of this.#timeouts) {
      const before = set.resources.get(name);
      if (before === undefined) continue;
      const cluster = { ...decodeMessage(message, before.value), connect_timeout: { seconds } };
      changes.set(name, new Resource(name, encodeMessage(message, cluster)));
    }
    return changes;
  }

  #newSecrets(apiVersion: ApiVersion): Map<string, Resource> {
    const message = discoveryApis[apiVersion].messages.secret;
    const resources = Array.from(this.#secrets, ([name, content]) => {
      return [name, new Resource(name, encodeMessage(message, buildSecret(name, content)))] as const;
    });
    return new Map(resources);
  }
}
