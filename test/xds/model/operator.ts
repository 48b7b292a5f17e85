// The control plane behind the streams, as an operator drives it, and what was asked of it so far.

import { SnapshotCache, defaultNodeGroup } from '../../../src/snapshot/snapshot.ts';
import type { IsConcerned, Snapshot } from '../../../src/snapshot/snapshot.ts';
import { defaultOptions } from '../../render/examples.ts';
import { LocalControl, createMemory } from '../../support/local-control.ts';
import { DeclaredState } from './declared-state.ts';
import { RevisedSnapshot } from './revised-snapshot.ts';
import type { VirtualTime } from './virtual-time.ts';

const address = '10.0.0.1';

/** Counts who watches. */
export class WatchedCache extends SnapshotCache {
  watcherCount = 0;

  override watch(watcher: (isConcerned: IsConcerned) => void): () => void {
    const stop = super.watch(watcher);
    this.watcherCount += 1;
    return () => {
      this.watcherCount -= 1;
      stop();
    };
  }
}

type OnMove = (kind: 'endpoint' | 'secret', cameOrWent: readonly string[]) => void;

/** Every call keeps the rules of the inventory: one that would break them does nothing. */
export class Operator {
  readonly state: DeclaredState;
  readonly #time: VirtualTime;
  readonly #drainTimeMs: number;
  readonly #memory = createMemory();
  readonly #onMove: OnMove;
  #snapshots = new WatchedCache();
  #control: LocalControl;
  // As the control plane made it.
  #latest: Snapshot | undefined;

  /** @param onMove told which clusters, and so their endpoints, and which secrets come or go, before the streams are. */
  constructor(time: VirtualTime, drainTimeMs: number, onMove: OnMove) {
    this.#time = time;
    this.#onMove = onMove;
    this.#drainTimeMs = drainTimeMs;
    this.state = new DeclaredState(drainTimeMs);
    this.#control = this.#start();
  }

  /** What the streams are served; another one after {@link restart}. */
  get snapshots(): WatchedCache {
    return this.#snapshots;
  }

  addCluster(name: string, prefix: string): void {
    if (this.state.staged(name) !== undefined) return;
    this.#control.stage({ kind: 'add-cluster', name, prefix });
    this.state.stage(name, { prefix, ports: [] });
  }

  /** Removes its endpoints first, as the rules want it. */
  removeCluster(name: string): void {
    const cluster = this.state.staged(name);
    if (cluster === undefined) return;
    for (const port of cluster.ports) this.toggleEndpoint(name, port);
    this.#control.stage({ kind: 'remove-cluster', name });
    this.state.stage(name, undefined);
  }

  /** Adds the endpoint, or removes it when it is there. */
  toggleEndpoint(name: string, port: number): void {
    const cluster = this.state.staged(name);
    if (cluster === undefined) return;
    const isThere = cluster.ports.includes(port);
    this.#control.stage({ kind: isThere ? 'remove-endpoint' : 'add-endpoint', cluster: name, address, port });
    const ports = isThere ? cluster.ports.filter((other) => other !== port) : [...cluster.ports, port];
    this.state.stage(name, { ...cluster, ports });
  }

  commit(): void {
    // The state goes first: whatever the commit has written is judged by it.
    this.#onMove('endpoint', this.state.commit(this.#time.nowMs));
    this.#control.commit();
  }

  /** Changes a published cluster while its endpoints stay as they are. */
  touch(name: string): void {
    if (!this.state.isDeclared(name)) return;
    this.state.touch(name);
    if (this.#latest !== undefined) this.#publish(this.#latest);
  }

  /** @param content undefined: it goes. */
  putSecret(name: string, content: string | undefined): void {
    if (!this.state.isPublished || this.state.secrets.get(name) === content) return;
    if (content === undefined || !this.state.secrets.has(name)) this.#onMove('secret', [name]);
    this.state.putSecret(name, content);
    if (this.#latest !== undefined) this.#publish(this.#latest);
  }

  /** Publishes the same once more, made from scratch. */
  renderAgain(): void {
    this.state.notePublication(this.#time.nowMs);
    this.#control.close();
    this.#control = this.#start();
  }

  /** What a new process does with the store of the old one. */
  restart(): void {
    this.#snapshots = new WatchedCache();
    this.renderAgain();
  }

  /** Ends what runs by itself. */
  close(): void {
    this.#control.close();
  }

  #publish(snapshot: Snapshot): void {
    const { timeouts, secrets } = this.state;
    const isRevised = timeouts.size + secrets.size > 0;
    this.#snapshots.set(defaultNodeGroup, isRevised ? new RevisedSnapshot(snapshot, timeouts, secrets) : snapshot);
  }

  #start(): LocalControl {
    const own = new SnapshotCache();
    own.watch(() => {
      this.#latest = own.get(defaultNodeGroup);
      if (this.#latest !== undefined) this.#publish(this.#latest);
    });
    const parts = { snapshots: own, renderOptions: defaultOptions, drainTimeMs: this.#drainTimeMs };
    return new LocalControl(parts, this.#memory);
  }
}
