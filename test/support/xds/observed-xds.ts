// The xDS port with an observer on its streams, which writes down what it is told.

import { pino } from 'pino';

import { SnapshotCache } from '../../../src/snapshot/snapshot.ts';
import type { DiscoveryObserver } from '../../../src/xds/observer.ts';
import { defaultNodeGroup } from '../../../src/snapshot/snapshot.ts';
import { createXdsServer } from '../../../src/xds/server.ts';
import { StreamHub } from '../../../src/xds/stream-hub.ts';
import type { StreamMethod } from '../../../src/xds/stream-method.ts';
import { fenceNodeId } from './byte-call.ts';
import { buildSnapshot } from './hand-made-snapshot.ts';
import type { LogLine, Scope } from './served-xds.ts';
import { XdsConnection } from './xds-connection.ts';

export interface ObservedXds {
  readonly snapshots: SnapshotCache;
  readonly hub: StreamHub;
  /** Grows by one per log line. */
  readonly log: readonly LogLine[];
  /** A connection of its own. */
  connect(): XdsConnection;
  shutDown(): Promise<void>;
}

/** Serves until `scope` ends. */
export async function serveObservedXds(scope: Scope, observer: DiscoveryObserver): Promise<ObservedXds> {
  const snapshots = new SnapshotCache();
  snapshots.set(fenceNodeId, buildSnapshot({}));
  const log: LogLine[] = [];
  const logger = pino({ base: null }, { write: (line) => void log.push(JSON.parse(line) as LogLine) });
  const groupOf = ({ id }: { id: string }): string => (id === fenceNodeId ? fenceNodeId : defaultNodeGroup);
  const hub = new StreamHub({ snapshots, groupOf, log: logger, observer });
  const server = createXdsServer(hub, logger);
  const port = await server.listen('127.0.0.1', 0);
  const connections: XdsConnection[] = [];
  const shutDown = (): Promise<void> => server.shutDown(200);
  scope.after(async () => {
    for (const connection of connections) connection.close();
    await shutDown();
  });
  const connect = (): XdsConnection => {
    const connection = new XdsConnection(port);
    connections.push(connection);
    return connection;
  };
  return { snapshots, hub, log, connect, shutDown };
}

/** Events in the order in which they came, one word or two each; of the methods that are listened for. */
export class RecordingObserver implements DiscoveryObserver {
  readonly events: string[] = [];
  readonly #isWanted: (method: StreamMethod) => boolean;

  constructor(isWanted: (method: StreamMethod) => boolean) {
    this.#isWanted = isWanted;
  }

  /** How often each event came. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const event of this.events) counts[event] = (counts[event] ?? 0) + 1;
    return counts;
  }

  streamOpened(method: StreamMethod): void {
    this.#note(method, 'open');
  }

  streamClosed(method: StreamMethod): void {
    this.#note(method, 'close');
  }

  requestReceived(method: StreamMethod, kind: string): void {
    this.#note(method, `request ${kind}`);
  }

  unknownTypeRequested(method: StreamMethod): void {
    this.#note(method, 'unknown type');
  }

  responseSent(method: StreamMethod, kind: string): void {
    this.#note(method, `response ${kind}`);
  }

  answerReceived(method: StreamMethod, kind: string, answer: { readonly kind: string }): void {
    this.#note(method, `${answer.kind} ${kind}`);
  }

  #note(method: StreamMethod, event: string): void {
    if (this.#isWanted(method)) this.events.push(event);
  }
}
