// The control plane without its API: inventory to xDS port, in this process, on a free
// loopback port, over a store in memory.

import { pino } from 'pino';
import type { ChannelCredentials, ChannelOptions } from '@grpc/grpc-js';

import type { Edits } from '../../../src/inventory/edits.ts';
import type { Change } from '../../../src/inventory/change.ts';
import type { TlsPort } from '../../../src/net/tls-port.ts';
import { SnapshotCache } from '../../../src/snapshot/snapshot.ts';
import type { Snapshot } from '../../../src/snapshot/snapshot.ts';
import { defaultNodeGroup } from '../../../src/snapshot/snapshot.ts';
import type { NodeGroupOf } from '../../../src/xds/node.ts';
import { noObserver } from '../../../src/xds/observer.ts';
import type { DiscoveryObserver } from '../../../src/xds/observer.ts';
import type { ListenerPause } from '../../../src/xds/listener-pacing.ts';
import { createXdsServer } from '../../../src/xds/server.ts';
import type { Keepalive } from '../../../src/xds/server.ts';
import { StreamHub } from '../../../src/xds/stream-hub.ts';
import type { SyncState } from '../../../src/xds/stream-status.ts';
import { defaultOptions } from '../../render/examples.ts';
import { LocalControl, createMemory } from '../local-control.ts';
import type { Memory } from '../local-control.ts';
import { fenceNodeId } from './byte-call.ts';
import { buildSnapshot } from './hand-made-snapshot.ts';
import { Http2Connection } from './http2-connection.ts';
import { SotwClient } from './sotw-client.ts';
import type { WireVariant } from './wire-variant.ts';
import { XdsConnection } from './xds-connection.ts';

/** Long enough that no test sees make-before-break go on without an ACK, unless it asks for a shorter one. */
const neverMs = 3_600_000;

const graceMs = 200;

export interface ServedXdsOptions {
  /** Shared by two servers it stands for a restart. Default: a new one. */
  readonly memory?: Memory;
  readonly groupOf?: NodeGroupOf;
  readonly observer?: DiscoveryObserver;
  readonly inForceBoundMs?: number;
  /** How long who has come back is taken to be about to ask for listeners. Default: longer than any test. */
  readonly returnTimeMs?: number;
  /** Between pushes of listeners. Default: none. */
  readonly listenerPause?: ListenerPause;
  /** Above which a response is split, where it can be. Default: as the daemon has it. */
  readonly maxBytes?: number;
  /** Pings to clients. Default: as the daemon has it. */
  readonly keepalive?: Keepalive;
  /** How long a removed cluster drains. Default 0: it does not. */
  readonly drainTimeMs?: number;
  /** Default: what is served is served in the clear. */
  readonly tls?: TlsPort;
}

/** What has to be stopped and when: a TestContext. */
export interface Scope {
  after(stop: () => void | Promise<void>): void;
}

/** One log line, parsed. */
export type LogLine = Readonly<Record<string, unknown>>;

export class ServedXds {
  readonly snapshots = new SnapshotCache();
  /** Grows by one per log line. */
  readonly log: LogLine[] = [];
  readonly hub: StreamHub;
  readonly #server: ReturnType<typeof createXdsServer>;
  readonly #control: LocalControl;
  readonly #connections: (XdsConnection | Http2Connection)[] = [];
  #port = 0;

  constructor({
    memory = createMemory(),
    groupOf = () => defaultNodeGroup,
    observer = noObserver,
    inForceBoundMs = neverMs,
    returnTimeMs = neverMs,
    listenerPause = { minMs: 0, maxMs: 0 },
    maxBytes,
    keepalive,
    drainTimeMs = 0,
    tls,
  }: ServedXdsOptions) {
    this.snapshots.set(fenceNodeId, buildSnapshot({}));
    const parts = { snapshots: this.snapshots, renderOptions: defaultOptions, drainTimeMs };
    this.#control = new LocalControl(parts, memory);
    const lines = { write: (line: string): void => void this.log.push(JSON.parse(line) as LogLine) };
    const log = pino({ level: 'debug', base: null }, lines);
    this.hub = new StreamHub({
      snapshots: this.snapshots,
      groupOf: (node) => (node.id === fenceNodeId ? fenceNodeId : groupOf(node)),
      log,
      observer,
      inForceBoundMs,
      returnTimeMs,
      listenerPause,
      ...(maxBytes === undefined ? {} : { maxBytes }),
    });
    // Fences come and go: nobody waits for them to come back.
    const { presence } = this.hub;
    const noteOpened = presence.noteOpened.bind(presence);
    presence.noteOpened = (nodeId) => (nodeId === fenceNodeId ? undefined : noteOpened(nodeId));
    this.#server = createXdsServer(this.hub, log, keepalive, tls);
  }

  get port(): number {
    return this.#port;
  }

  /** Open discovery streams, those of fences apart. */
  get streamCount(): number {
    return [...this.hub.streams].filter(({ group }) => group !== fenceNodeId).length;
  }

  /** @param port by default a free one. */
  async listen(port = 0): Promise<void> {
    this.#port = await this.#server.listen('127.0.0.1', port);
  }

  stage(...changes: readonly Change[]): void {
    for (const change of changes) this.#control.stage(change);
  }

  /** Stages and commits. */
  commit(...changes: readonly Change[]): { changed: boolean } {
    this.stage(...changes);
    return this.#control.commit();
  }

  /** Stages declared objects, and commits. */
  commitEdits(edits: Partial<Edits>): void {
    this.#control.stageEdits(edits);
    this.#control.commit();
  }

  /** Publishes a snapshot without the control plane. */
  publish(snapshot: Snapshot, group = defaultNodeGroup): void {
    this.snapshots.set(group, snapshot);
  }

  /** A connection of its own. @param credentials for TLS. */
  connect(options: ChannelOptions = {}, credentials?: ChannelCredentials): XdsConnection {
    const connection = new XdsConnection(this.#port, options, credentials);
    this.#connections.push(connection);
    return connection;
  }

  /** A connection of its own that is made by hand on HTTP/2; `windowSize` as in {@link Http2Connection}. */
  connectByHand(windowSize?: number): Http2Connection {
    const connection = new Http2Connection(this.#port, windowSize);
    this.#connections.push(connection);
    return connection;
  }

  /** A client with a connection of its own. */
  client(variant: WireVariant, nodeId?: string): SotwClient {
    return new SotwClient(this.connect(), variant, nodeId);
  }

  /** How each type of the oldest stream stands, those of fences apart. */
  get states(): Readonly<Record<string, SyncState>> {
    const stream = [...this.hub.streams].find(({ group }) => group !== fenceNodeId);
    return Object.fromEntries((stream?.status().types ?? []).map(({ kind, state }) => [kind, state]));
  }

  /** Log lines with this message. */
  logged(message: string): LogLine[] {
    return this.log.filter(({ msg }) => msg === message);
  }

  /** Stops as the daemon does. */
  async shutDown(): Promise<void> {
    this.#control.close();
    await this.#server.shutDown(graceMs);
  }

  /** Lets clients and server go; safe to repeat. */
  async release(): Promise<void> {
    for (const connection of this.#connections) connection.close();
    await this.shutDown();
  }
}

/** Serves until `scope` ends. */
export async function serveXds(scope: Scope, options: ServedXdsOptions = {}): Promise<ServedXds> {
  const served = new ServedXds(options);
  scope.after(() => served.release());
  await served.listen();
  return served;
}
