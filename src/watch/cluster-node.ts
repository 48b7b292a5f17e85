// One node of a Redis Cluster that is asked for its view of all of it, look by look, on a connection that is kept.

import { textOfView } from '../effective/cluster-view.ts';
import type { ClusterView, NodeLook } from '../effective/cluster-view.ts';
import { Connection } from './connection.ts';
import type { Explanation, Target } from './connection.ts';
import { LateError, within } from './deadline.ts';
import { readClusterView } from './read-cluster-view.ts';
import type { ClusterAnswers } from './read-cluster-view.ts';
import { ReplyError } from './resp.ts';
import { answerByTrouble } from './server-watcher.ts';
import type { Unreachable } from './watched-servers.ts';

export interface ClusterNodeParts {
  /** Asked before each connection. */
  readonly findTarget: () => Target | Unreachable;
  /** Wall-clock time (Unix, ms). */
  readonly nowMs: () => number;
}

/** In ms, and in looks in turn. */
export interface ClusterNodeTerms {
  readonly timeoutMs: number;
  readonly downAfter: number;
}

interface Open {
  readonly target: Target;
  readonly connection: Connection;
}

type Topology = ClusterAnswers['topology'];

// SHARDS is of Redis 7; what follows is asked of those that do not know it.
const topologies: readonly Topology['of'][] = ['shards', 'nodes', 'slots'];

export class ClusterNode {
  readonly #parts: ClusterNodeParts;
  #open: Open | undefined;
  #failures = 0;
  #look: NodeLook = { view: undefined, isSettled: false, failure: undefined, isLost: false };

  constructor(parts: ClusterNodeParts) {
    this.#parts = parts;
  }

  /** The same object while the same is said. */
  get look(): NodeLook {
    return this.#look;
  }

  /** One at a time. Never rejects: whatever a node does is an answer. */
  async ask({ timeoutMs, downAfter }: ClusterNodeTerms): Promise<void> {
    const found = await this.#attempt(timeoutMs);
    if (found === undefined) return;
    if ('trouble' in found) {
      this.reconnect();
      this.#noteFailure(found, downAfter);
    } else this.#noteView(found);
  }

  /** The next look is made on a connection of its own. Safe to repeat. */
  reconnect(): void {
    const open = this.#open;
    this.#open = undefined;
    open?.connection.close();
  }

  /** Undefined: who asks has changed meanwhile. */
  async #attempt(timeoutMs: number): Promise<ClusterView | Explanation | undefined> {
    try {
      return await within(timeoutMs, this.#askForView(timeoutMs));
    } catch (error) {
      const connection = this.#open?.connection;
      if (connection === undefined) return undefined;
      if (!(error instanceof LateError)) return connection.explain(error as Error);
      return { trouble: 'timeout', detail: `${connection.describeLateness()} in ${timeoutMs} ms` };
    }
  }

  async #askForView(timeoutMs: number): Promise<ClusterView | Explanation> {
    const opened = this.#open?.connection.isOpen === true ? this.#open : await this.#connect(timeoutMs);
    if ('trouble' in opened) return opened;
    const { connection, target } = opened;
    const [info, myId, topology] = await Promise.all([
      connection.ask('CLUSTER', 'INFO'),
      connection.ask('CLUSTER', 'MYID'),
      askForTopology(connection),
    ]);
    const { host, port, tls } = target;
    const view = readClusterView({ info, myId, topology }, { host, port, isTls: tls !== undefined });
    return view ?? { trouble: 'not-redis', detail: 'what it says of its cluster is not understood' };
  }

  async #connect(timeoutMs: number): Promise<Open | Unreachable> {
    this.reconnect();
    const target = this.#parts.findTarget();
    if ('trouble' in target) return target;
    const open = { target, connection: new Connection(target, timeoutMs) };
    this.#open = open;
    await open.connection.open();
    return open;
  }

  #noteView(view: ClusterView): void {
    this.#failures = 0;
    const before = this.#look;
    const isSettled = before.view !== undefined && textOfView(before.view) === textOfView(view);
    const isSame =
      isSettled && before.isSettled && before.failure === undefined && !before.isLost &&
      before.view?.state === view.state && before.view.epoch === view.epoch;
    if (!isSame) this.#look = { view, isSettled, failure: undefined, isLost: false };
  }

  #noteFailure({ trouble, detail }: Explanation, downAfter: number): void {
    // One whose cluster mode is off is there, and no node.
    const isNone = /cluster support disabled/u.test(detail);
    const answer = isNone ? 'none' : answerByTrouble[trouble];
    this.#failures = answer === 'unseen' ? 0 : this.#failures + 1;
    const { view, failure, isLost } = this.#look;
    const reason = `${trouble}: ${detail}`;
    const after = isLost || this.#failures >= downAfter;
    if (failure?.reason === reason && after === isLost) return;
    const sinceMs = failure?.sinceMs ?? this.#parts.nowMs();
    this.#look = { view, isSettled: false, failure: { reason, sinceMs }, isLost: after };
  }
}

async function askForTopology(connection: Connection): Promise<Topology> {
  let unknown: unknown;
  for (const of of topologies) {
    try {
      return { of, reply: await connection.ask('CLUSTER', of.toUpperCase()) };
    } catch (error) {
      if (!(error instanceof ReplyError) || !/^ERR unknown|^ERR .*subcommand/iu.test(error.message)) throw error;
      unknown = error;
    }
  }
  throw unknown;
}
