// The gRPC server on the xDS port: discovery services, reflection, health.

import { Server, ServerCredentials, setLogger } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import type { Logger } from 'pino';

import { packageDefinition } from '../proto/protos.ts';
import { buildReflectionDefinition } from '../proto/reflection.ts';
import { addDiscoveryServices, discoveryServiceNames } from './discovery-services.ts';
import type { StreamHub } from './stream-hub.ts';

const serverOptions = {
  // On per-type streams an Envoy opens one stream per cluster for endpoints, all on one connection.
  'grpc.max_concurrent_streams': 100_000,
  // A host that lost power sends no FIN: pings find it.
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 20_000,
  // A delta reconnect lists name and version of all that the client holds.
  'grpc.max_receive_message_length': 16 * 1024 * 1024,
  // Counts of every message and socket that nobody asks for.
  'grpc.enable_channelz': 0,
  // A state-of-the-world answer can't be split, however many clusters there are.
  'grpc.max_send_message_length': -1,
};

export interface XdsServer {
  /** Opens the port; gives the port that was bound (for port 0). Rejects with the reason in one line. */
  listen(host: string, port: number): Promise<number>;
  /** Ends all streams and closes the server; after `graceMs` by force. */
  shutDown(graceMs: number): Promise<void>;
}

export function createXdsServer(hub: StreamHub, log: Logger): XdsServer {
  logGrpc(log);
  const server = new Server(serverOptions);
  addDiscoveryServices(server, packageDefinition, hub);
  const health = new HealthImplementation(
    Object.fromEntries(['', ...discoveryServiceNames].map((name) => [name, 'SERVING'])),
  );
  health.addToServer(server);
  new ReflectionService(buildReflectionDefinition(), { services: [...discoveryServiceNames] }).addToServer(server);
  return {
    listen: (host, port) => bind(server, host, port),
    shutDown: async (graceMs) => {
      for (const name of ['', ...discoveryServiceNames]) health.setStatus(name, 'NOT_SERVING');
      hub.shutDown();
      await close(server, graceMs);
    },
  };
}

function bind(server: Server, host: string, port: number): Promise<number> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, boundPort) => {
      if (error === null) resolve(boundPort);
      else reject(new Error(socketErrorOf(error.message)));
    });
  });
}

// grpc-js wraps what the socket said: "No address added out of total 1 resolved errors: [listen EADDRINUSE: ...]".
function socketErrorOf(message: string): string {
  return /errors: \[(?<socketError>.*)\]$/u.exec(message)?.groups?.['socketError'] ?? message;
}

// What grpc-js has to say of itself goes to the log, not to stderr; what matters of it shows as errors too.
function logGrpc(log: Logger): void {
  const write = (...words: unknown[]): void => log.debug({ grpc: words.join(' ') }, 'grpc-js');
  setLogger({ error: write, info: write, debug: write });
}

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, graceMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
