// The server, its operator and its clients in one process and one thread, where nothing happens
// but what the steps of a scenario say.

import pino from 'pino';
import type { Logger } from 'pino';

import type { ListenerPause } from '../../../src/xds/listener-pacing.ts';
import { StreamHub } from '../../../src/xds/stream-hub.ts';
import { noObserver } from '../../../src/xds/observer.ts';
import type { DiscoveryObserver } from '../../../src/xds/observer.ts';
import { allKinds } from '../../support/xds/discovery-api.ts';
import { Link } from './link.ts';
import type { LinkSurroundings } from './link.ts';
import { ModelClient } from './model-client.ts';
import { Operator } from './operator.ts';
import type { Scenario } from './scenario.ts';
import { VersionLedger } from './version-ledger.ts';
import { Violation, demand } from './violation.ts';
import type { VirtualTime } from './virtual-time.ts';

// Far more rounds than any exchange needs that ever ends.
const maxRounds = 500;

export class World {
  readonly time: VirtualTime;
  readonly operator: Operator;
  readonly clients: readonly ModelClient[];
  readonly boundMs: number;
  /** How long clients that have come back are taken to be about to ask for listeners. */
  readonly returnTimeMs: number;
  readonly listenerPause: ListenerPause;
  readonly #maxBytes: number | undefined;
  readonly #surroundings: Omit<LinkSurroundings, 'takesListeners' | 'isOther'>;
  #hub: StreamHub;
  #isPublishedSinceStart = false;
  #stopWatching: () => void = () => undefined;
  #openStreams = 0;
  #violation: unknown;

  constructor(
    { boundMs, drainTimeMs, listenerPause, maxBytes, clients }: Scenario,
    time: VirtualTime,
    trace: LinkSurroundings['trace'],
  ) {
    this.time = time;
    this.boundMs = boundMs;
    this.returnTimeMs = 3 * boundMs;
    this.listenerPause = listenerPause;
    this.#maxBytes = maxBytes;
    this.operator = new Operator(time, drainTimeMs, (kind, cameOrWent) => {
      for (const client of this.clients) for (const link of client.links) link.referee.noteMoved(kind, cameOrWent);
    });
    this.#hub = this.#createHub();
    this.#surroundings = {
      versions: new VersionLedger(),
      boundMs,
      returnTimeMs: this.returnTimeMs,
      listenerPauseMs: listenerPause.minMs,
      isSplit: maxBytes !== undefined,
      trace,
      nowMs: () => time.nowMs,
      isPublished: () => this.operator.state.isPublished,
      publishedSinceMs: (ms) => this.operator.state.publishedSinceMs(ms),
      textOf: (kind, name, given) => this.operator.state.textOf(kind, name, time.nowMs, given),
      isDeclared: (name) => this.operator.state.isDeclared(name),
      hasGone: (name) => this.operator.state.hasGone(name),
      isDraining: (name) => this.operator.state.isDraining(name, time.nowMs),
      lastEndpointsOf: (name) => this.operator.state.lastEndpointsOf(name),
      goneSinceMs: (name) => this.operator.state.goneSinceMs(name),
      report: (violation) => (this.#violation ??= violation),
    };
    this.clients = clients.map((traits, index) => {
      return new ModelClient(`client-${index}`, traits, (nodeId, method) => {
        const takesListeners = (): boolean => this.#takesListeners(nodeId);
        const isOther = (): boolean => this.#hub.listenerTakers.isOther(nodeId);
        return new Link(nodeId, this.#hub, method, { ...this.#surroundings, takesListeners, isOther });
      });
    });
  }

  /** Gives the server its turns, until it has nothing left to do. Throws the Violation that was found in it, if any. */
  turn(): void {
    for (let round = 0; this.time.isTurnPlanned; round += 1) {
      demand(round < maxRounds, 'silence', () => 'the server never gets done');
      this.time.turn();
    }
    if (this.#violation !== undefined) throw this.#violation;
  }

  /** One round of everything that may happen by itself. Gives whether anything did. */
  exchange(clients: readonly ModelClient[], isAnswered = true): boolean {
    let isBusy = this.time.isTurnPlanned;
    this.turn();
    for (const client of clients) {
      for (const link of client.links) isBusy = link.upload() > 0 || isBusy;
      for (const kind of allKinds) while (client.read(kind, 'policy', isAnswered)) isBusy = true;
    }
    for (const client of this.clients) for (const link of client.links) isBusy = link.takeWrites() || isBusy;
    this.turn();
    return isBusy;
  }

  /** Rounds until nothing happens any more. */
  exchangeAll(clients: readonly ModelClient[], isAnswered = true): void {
    for (let round = 0; this.exchange(clients, isAnswered); round += 1) {
      demand(round < maxRounds, 'silence', () => 'clients and server never fall silent');
    }
  }

  /** The server's process ends and another one takes up its store; all streams break. */
  restart(): void {
    this.#shutDown();
    this.operator.restart();
    this.#hub = this.#createHub();
    for (const client of this.clients) {
      for (const kind of allKinds) client.disconnect(kind);
      client.connect({ memory: 'remember', isOldNonceSent: true, isHeldNamed: false });
    }
  }

  /** Ends everything, and throws a Violation unless nothing is left of it. */
  close(): void {
    for (const client of this.clients) for (const kind of allKinds) client.disconnect(kind);
    demand(this.#hub.streams.size === 0, 'release', () => `${this.#hub.streams.size} streams left`);
    this.#shutDown();
  }

  #takesListeners(nodeId: string): boolean {
    const { listenerTakers } = this.#hub;
    const mayTake = this.#isPublishedSinceStart && this.time.nowMs < listenerTakers.mayBeUntilMs(nodeId);
    return mayTake || listenerTakers.has(nodeId, this.time.nowMs);
  }

  #shutDown(): void {
    this.#stopWatching();
    this.#hub.shutDown();
    this.operator.close();
    this.turn();
    demand(this.#hub.streams.size === 0, 'release', () => `${this.#hub.streams.size} streams left`);
    demand(this.#openStreams === 0, 'release', () => `${this.#openStreams} streams opened and never closed`);
    demand(this.time.timerCount === 0, 'release', () => `${this.time.timerCount} timers left`);
    const { watcherCount } = this.operator.snapshots;
    demand(watcherCount === 0, 'release', () => `${watcherCount} watchers of snapshots left`);
  }

  #createHub(): StreamHub {
    const { snapshots } = this.operator;
    this.#isPublishedSinceStart = false;
    this.#stopWatching = snapshots.watch(() => (this.#isPublishedSinceStart = true));
    const observer: DiscoveryObserver = {
      ...noObserver,
      streamOpened: () => (this.#openStreams += 1),
      streamClosed: () => (this.#openStreams -= 1),
    };
    return new StreamHub({
      snapshots,
      groupOf: () => 'a group',
      log: this.#createLog(),
      observer,
      inForceBoundMs: this.boundMs,
      returnTimeMs: this.returnTimeMs,
      listenerPause: this.listenerPause,
      maxBytes: this.#maxBytes ?? Infinity,
    });
  }

  // What goes wrong inside a stream is caught and logged there.
  #createLog(): Logger {
    const write = (line: string): void => {
      const { err, msg } = JSON.parse(line) as { err?: { stack: string }; msg: string };
      this.#violation ??= new Violation('stays up', `${msg}: ${err?.stack}`);
    };
    return pino({ level: 'error' }, { write });
  }
}
