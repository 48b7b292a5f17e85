// The gRPC server on the xDS port: discovery services, client status, reflection, health.

import { createServer } from 'node:net';
import type { Server as NetServer, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

import { Server, ServerCredentials, setLogger } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation, protoPath as healthProto } from 'grpc-health-check';
import type { Logger } from 'pino';

import { listenOn } from '../net/listen.ts';
import type { OnAcceptError } from '../net/listen.ts';
import { peerOf } from '../net/peer.ts';
import { RefusedConnections } from '../net/refused-connections.ts';
import type { TlsPort } from '../net/tls-port.ts';
import { packageDefinition } from '../proto/protos.ts';
import { buildReflectionDefinition } from '../proto/reflection.ts';
import { Connections } from './connections.ts';
import { ClientStatusService, clientStatusServiceName } from './csds.ts';
import { addDiscoveryServices, createDiscoveryInterceptor, discoveryServiceNames } from './discovery-services.ts';
import { MessageGuard } from './message-guard.ts';
import type { StreamHub } from './stream-hub.ts';

const serviceNames: readonly string[] = [...discoveryServiceNames, clientStatusServiceName];
const healthServiceName = 'grpc.health.v1.Health';

const serverOptions = {
  // On per-type streams an Envoy opens one stream per cluster for endpoints, all on one connection.
  'grpc.max_concurrent_streams': 100_000,
  // A delta reconnect lists name and version of all that the client holds.
  'grpc.max_receive_message_length': 16 * 1024 * 1024,
  // Counts of every message and socket that nobody asks for.
  'grpc.enable_channelz': 0,
  // A state-of-the-world answer can't be split, however many clusters there are.
  'grpc.max_send_message_length': -1,
};

/** A host that lost power sends no FIN: pings find it. Who sends half a message is not waited for, either. */
export interface Keepalive {
  /** Between two pings. */
  readonly timeMs?: number;
  /** How long an answer may take before the connection is closed. */
  readonly timeoutMs?: number;
  /** How long a message may take from its first byte to its last. */
  readonly messageWithinMs?: number;
}

// An Envoy that takes a large listener of ours answers no ping meanwhile: with 8,000 prefixes for 43 s, on two busy
// cores. A dead host is found, and leaves the status, after the sum of both at most.
export const defaultKeepalive: Required<Keepalive> = { timeMs: 60_000, timeoutMs: 120_000, messageWithinMs: 30_000 };

export interface XdsServer {
  /** Opens the port; gives the port that was bound (for port 0). Rejects with the reason in one line. */
  listen(host: string, port: number, onAcceptError?: OnAcceptError): Promise<number>;
  /** Ends all streams and closes the server; after `graceMs` by force. */
  shutDown(graceMs: number): Promise<void>;
}

/** @param tls undefined: what is served is served in the clear. */
export function createXdsServer(
  hub: StreamHub,
  log: Logger,
  keepalive: Keepalive = {},
  tls?: TlsPort,
): XdsServer {
  const { timeMs, timeoutMs, messageWithinMs } = { ...defaultKeepalive, ...keepalive };
  logGrpc(log);
  const clientStatus = new ClientStatusService(hub, log);
  const refused = new RefusedConnections(log, 'xds');
  const sockets = new Connections(refused);
  const server = new Server({
    ...serverOptions,
    'grpc.keepalive_time_ms': timeMs,
    'grpc.keepalive_timeout_ms': timeoutMs,
    interceptors: [clientStatus.interceptBefore(createDiscoveryInterceptor(hub, sockets))],
  });
  addDiscoveryServices(server, packageDefinition);
  clientStatus.addTo(server, packageDefinition);
  const health = new HealthImplementation(Object.fromEntries(['', ...serviceNames].map((name) => [name, 'SERVING'])));
  health.addToServer(server);
  const reflected = { services: [...serviceNames, healthServiceName] };
  new ReflectionService(buildReflectionDefinition([healthProto]), reflected).addToServer(server);
  // Not grpc-js's own listener: its backlog is too short for a fleet that comes back at once.
  const connections = server.createConnectionInjector(ServerCredentials.createInsecure());
  const guard = new MessageGuard(log, messageWithinMs, sockets);
  const take = (socket: Socket): void => {
    sockets.add(socket);
    connections.injectConnection(socket);
  };
  const acceptor = tls === undefined ? createServer({ noDelay: true }, take) : createTlsAcceptor(tls, refused, take);
  return {
    listen: (host, port, onAcceptError) => listenOn(acceptor, host, port, onAcceptError),
    shutDown: async (graceMs) => {
      sockets.noteStopping();
      for (const name of ['', ...serviceNames]) health.setStatus(name, 'NOT_SERVING');
      hub.shutDown();
      clientStatus.shutDown();
      connections.destroy();
      tls?.endHandshakes();
      await close(acceptor, sockets, graceMs);
      server.forceShutdown();
      guard.stop();
    },
  };
}

// Below grpc-js, like the other one: of its own it can't change the certificate without dropping connections.
function createTlsAcceptor(tls: TlsPort, refused: RefusedConnections, take: (socket: Socket) => void): NetServer {
  const acceptor = createTlsServer({ ...tls.options, ALPNProtocols: ['h2'] }, (socket) => {
    if (socket.alpnProtocol === 'h2') {
      take(socket);
      return;
    }
    refused.note(peerOf(socket), 'no protocol was named by ALPN: gRPC is h2');
    socket.destroy();
  });
  tls.guard(acceptor, refused);
  return acceptor;
}

// What grpc-js has to say of itself goes to the log, not to stderr; what matters of it shows as errors too.
function logGrpc(log: Logger): void {
  const write = (...words: unknown[]): void => log.debug({ grpc: words.join(' ') }, 'grpc-js');
  setLogger({ error: write, info: write, debug: write });
}

// The acceptor is closed when its last connection is, which ends when its last call has.
function close(acceptor: NetServer, sockets: Connections, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => sockets.destroyAll(), graceMs);
    acceptor.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
