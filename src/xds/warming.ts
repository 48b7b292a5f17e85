// Which endpoints have to come again because of clusters: a changed cluster warms until its endpoints come, changed or
// not, asked for or not (xDS protocol, "Resource warming").

import type { ResourceKind } from '../snapshot/resource.ts';
import type { Sent, Verdict } from './delivery.ts';
import type { Due, Watch } from './watch.ts';

const none: readonly string[] = [];

/** Of one stream. Makes its watch of endpoints forget what has to come again; does nothing while there is none. */
export class Warming {
  readonly #watchOf: (kind: ResourceKind) => Watch | undefined;
  // In state of the world: those that changed in refused responses, since the last that was accepted.
  #refusedClusters = none;

  /** @param watchOf the watches of the stream. */
  constructor(watchOf: (kind: ResourceKind) => Watch | undefined) {
    this.#watchOf = watchOf;
  }

  /**
   * To be told of each response with clusters. On a new stream any of them may be warming: the last stream may have
   * ended between a changed cluster and its endpoints, and a client that says which endpoints it holds does not say
   * which it waits for.
   * @param isFirst of the stream.
   */
  noteClustersSent({ view, difference }: Due, isFirst: boolean): void {
    this.#forgetEndpoints(isFirst ? view.names : difference.changedNames);
    // What was refused is sent once more with everything else, and changes for the client only now.
    this.#refusedClusters = this.#refusedClusters.filter((name) => view.set.resources.has(name));
    this.#forgetEndpoints(this.#refusedClusters);
  }

  /** To be told of each answer to a response with clusters. */
  noteClustersAnswered(verdict: Verdict): void {
    if (!verdict.sent.isFullState) return;
    if (verdict.kind === 'ack') {
      this.#refusedClusters = none;
      return;
    }
    // Clusters that were refused change for the client with the next response that it takes, in part at least, as that
    // brings them again: it wants their endpoints after it.
    const { sent, inForce, passedOver } = verdict;
    this.#forgetEndpoints(changedIn(passedOver.filter((response) => response !== inForce)));
    const answered = [...passedOver, sent];
    const refused = inForce === undefined ? answered : answered.slice(answered.indexOf(inForce) + 1);
    const refusedBefore = inForce === undefined ? this.#refusedClusters : none;
    this.#refusedClusters = [...new Set([...refusedBefore, ...changedIn(refused)])];
    // So does what was sent meanwhile.
    if (sent !== this.#watchOf('cluster')?.delivery.latest) this.#forgetEndpoints(this.#refusedClusters);
  }

  /** To be told when the client asks for endpoints for the first time; it may have been sent clusters before. */
  noteEndpointsAsked(): void {
    const { lastSet, subscription } = this.#watchOf('cluster') ?? {};
    if (lastSet !== undefined && subscription !== undefined) this.#forgetEndpoints(lastSet.view(subscription).names);
  }

  #forgetEndpoints(clusterNames: readonly string[]): void {
    this.#watchOf('endpoint')?.forget(clusterNames);
  }
}

function changedIn(responses: readonly Sent[]): readonly string[] {
  return responses.flatMap(({ difference }) => difference.changedNames);
}
