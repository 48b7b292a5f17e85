// The client status discovery service: who is connected, and who runs what. Every request,
// on a stream too, is answered with the state at that moment.

import { status } from '@grpc/grpc-js';
import type {
  Server,
  ServerDuplexStream,
  ServerUnaryCall,
  ServiceDefinition,
  StatusObject,
  sendUnaryData,
} from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import type { Logger } from 'pino';

import { FieldError, JsonMessage } from '../proto/json-message.ts';
import type { PlainMessage } from '../proto/protos.ts';
import { encodeClientStatus } from './client-status.ts';
import type { StreamHub } from './stream-hub.ts';

type Call = ServerDuplexStream<PlainMessage, Buffer>;
type Failure = Pick<StatusObject, 'code' | 'details'>;

export const clientStatusServiceName = 'envoy.service.status.v3.ClientStatusDiscoveryService';

export class ClientStatusService {
  readonly #hub: StreamHub;
  readonly #log: Logger;
  readonly #calls = new Set<Call>();

  constructor(hub: StreamHub, log: Logger) {
    this.#hub = hub;
    this.#log = log;
  }

  addTo(server: Server, protos: PackageDefinition): void {
    server.addService(passResponses(protos[clientStatusServiceName] as ServiceDefinition), {
      FetchClientStatus: (call: ServerUnaryCall<PlainMessage, Buffer>, callback: sendUnaryData<Buffer>) => {
        const answer = this.#answer(call.request);
        if ('code' in answer) callback(answer);
        else callback(null, answer);
      },
      StreamClientStatus: (call: Call) => this.#serve(call),
    });
  }

  /** Ends the open streams. */
  shutDown(): void {
    for (const call of this.#calls) {
      call.emit('error', { code: status.UNAVAILABLE, details: 'the control plane is shutting down' });
    }
  }

  #serve(call: Call): void {
    const release = (): void => void this.#calls.delete(call);
    this.#calls.add(call);
    call.on('cancelled', release).on('error', release).on('close', release);
    call.on('end', () => {
      release();
      call.end();
    });
    call.on('data', (request: PlainMessage) => {
      const answer = this.#answer(request);
      if ('code' in answer) {
        call.emit('error', answer);
        return;
      }
      // A client that asks and does not read must not grow memory: its next request waits.
      call.pause();
      call.write(answer, () => call.resume());
    });
  }

  #answer(request: PlainMessage): Buffer | Failure {
    try {
      const statuses = this.#hub.streams.values().map((stream) => stream.status());
      return encodeClientStatus(new JsonMessage(request), statuses);
    } catch (error) {
      if (error instanceof FieldError) return { code: status.INVALID_ARGUMENT, details: error.message };
      this.#log.error({ err: error }, 'client status failed');
      return { code: status.INTERNAL, details: 'internal error' };
    }
  }
}

function passResponses(definition: ServiceDefinition): ServiceDefinition {
  const responseSerialize = (bytes: Buffer): Buffer => bytes;
  return Object.fromEntries(
    Object.entries(definition).map(([name, method]) => [name, { ...method, responseSerialize }]),
  );
}
