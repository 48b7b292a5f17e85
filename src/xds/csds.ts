// The client status discovery service: who is connected, and who runs what. Every request,
// on a stream too, is answered with the state at that moment.

import { ServerInterceptingCall, status } from '@grpc/grpc-js';
import type {
  Server,
  ServerInterceptingCallInterface,
  ServerInterceptor,
  ServiceDefinition,
  StatusObject,
} from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import type { Logger } from 'pino';

import { FieldError, JsonMessage } from '../proto/json-message.ts';
import { decodeMessage } from '../proto/protos.ts';
import type { PlainMessage } from '../proto/protos.ts';
import { pagesOfClients } from './client-pages.ts';
import { encodeClientStatus } from './client-status.ts';
import { passBytes } from './discovery-services.ts';
import { resetCall } from './grpc-call-parts.ts';
import type { StreamHub } from './stream-hub.ts';

type Outcome = Pick<StatusObject, 'code' | 'details'>;

export const clientStatusServiceName = 'envoy.service.status.v3.ClientStatusDiscoveryService';

const requestName = 'envoy.service.status.v3.ClientStatusRequest';
const unaryPath = `/${clientStatusServiceName}/FetchClientStatus`;
const streamPath = `/${clientStatusServiceName}/StreamClientStatus`;

// A request names nodes.
const maxRequestBytes = 65_536;

// Each may have ten thousand clients to be told, and not read.
const maxAnswers = 8;

const defaultUnreadMs = 30_000;

/** A call as the service sees it. */
interface Caller {
  /** Resolves when the answer has left, or the call is over. */
  write(answer: Buffer): Promise<void>;
  end(outcome: Outcome): void;
  /** Ends it at once, whatever is unread. */
  reset(): void;
}

export class ClientStatusService {
  readonly #hub: StreamHub;
  readonly #log: Logger;
  readonly #unreadMs: number;
  readonly #callers = new Set<Caller>();
  #answers = 0;

  /** @param unreadMs how long an answer may be left unread; then its call ends. */
  constructor(hub: StreamHub, log: Logger, unreadMs = defaultUnreadMs) {
    this.#hub = hub;
    this.#log = log;
    this.#unreadMs = unreadMs;
  }

  addTo(server: Server, protos: PackageDefinition): void {
    // Never called: the interceptor takes these calls.
    const implementation = { FetchClientStatus: () => undefined, StreamClientStatus: () => undefined };
    server.addService(passBytes(protos[clientStatusServiceName] as ServiceDefinition), implementation);
  }

  /**
   * Takes the calls before grpc-js decodes their requests, and is told when an answer has left; passes others on.
   * One interceptor for all: each more is one more object for each open stream.
   */
  interceptBefore(next: ServerInterceptor): ServerInterceptor {
    return (method, call) => {
      const { path } = method;
      if (path !== unaryPath && path !== streamPath) return next(method, call);
      return new ClientStatusCall(call, path === unaryPath, this);
    };
  }

  /** Ends the open calls. */
  shutDown(): void {
    for (const caller of this.#callers) {
      caller.end({ code: status.UNAVAILABLE, details: 'the control plane is shutting down' });
    }
  }

  /** To be told of each call, and that it is over. */
  noteOpened(caller: Caller): void {
    this.#callers.add(caller);
  }

  noteClosed(caller: Caller): void {
    this.#callers.delete(caller);
  }

  /**
   * Writes the answer to a request; done when it has left. Gives how the call has to end when it can't be given, or
   * undefined.
   */
  async answer(request: Uint8Array, caller: Caller): Promise<Outcome | undefined> {
    if (this.#answers >= maxAnswers) {
      return { code: status.RESOURCE_EXHAUSTED, details: `${maxAnswers} answers are on their way: ask again later` };
    }
    this.#answers += 1;
    try {
      const answer = await encodeClientStatus(parseRequest(request), (select) => pagesOfClients(this.#hub, select));
      await this.#write(answer, caller);
      return undefined;
    } catch (error) {
      if (error instanceof FieldError) return { code: status.INVALID_ARGUMENT, details: error.message };
      this.#log.error({ err: error }, 'client status failed');
      return { code: status.INTERNAL, details: 'internal error' };
    } finally {
      this.#answers -= 1;
    }
  }

  async #write(answer: Buffer, caller: Caller): Promise<void> {
    const timer = setTimeout(() => {
      this.#log.info({ bytes: answer.length }, 'client status is not read, call ended');
      caller.reset();
    }, this.#unreadMs);
    await caller.write(answer);
    clearTimeout(timer);
  }
}

class ClientStatusCall extends ServerInterceptingCall implements Caller {
  readonly #call: ServerInterceptingCallInterface;
  readonly #isUnary: boolean;
  readonly #service: ClientStatusService;
  #isAnswering = false;
  #isHalfClosed = false;
  #isEnded = false;
  #noteWritten: () => void = () => undefined;

  constructor(call: ServerInterceptingCallInterface, isUnary: boolean, service: ClientStatusService) {
    super(call);
    this.#call = call;
    this.#isUnary = isUnary;
    this.#service = service;
  }

  override start(): void {
    this.#service.noteOpened(this);
    this.#call.start({
      onReceiveMetadata: () => this.#call.startRead(),
      onReceiveMessage: (message: Uint8Array) => void this.#answer(message),
      onReceiveHalfClose: () => {
        this.#isHalfClosed = true;
        if (!this.#isAnswering) this.end({ code: status.OK, details: 'OK' });
      },
      onCancel: () => this.#close(),
    });
  }

  write(answer: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#noteWritten = resolve;
      if (this.#isEnded) resolve();
      else this.#call.sendMessage(answer, resolve);
    });
  }

  reset(): void {
    this.#close();
    resetCall(this.#call);
  }

  end(outcome: Outcome): void {
    if (this.#isEnded) return;
    this.#close();
    this.#call.sendStatus(outcome);
  }

  // A client that asks and does not read must not grow memory: its next request waits.
  async #answer(request: Uint8Array): Promise<void> {
    this.#isAnswering = true;
    const outcome = await this.#service.answer(request, this);
    this.#isAnswering = false;
    if (outcome !== undefined) this.end(outcome);
    else if (this.#isUnary || this.#isHalfClosed) this.end({ code: status.OK, details: 'OK' });
    else if (!this.#isEnded) this.#call.startRead();
  }

  #close(): void {
    this.#isEnded = true;
    this.#service.noteClosed(this);
    this.#noteWritten();
  }
}

function parseRequest(bytes: Uint8Array): JsonMessage {
  if (bytes.length > maxRequestBytes) {
    throw new FieldError(`request of ${bytes.length} bytes: at most ${maxRequestBytes} are taken`);
  }
  let request: PlainMessage;
  try {
    request = decodeMessage(requestName, bytes);
  } catch (error) {
    throw new FieldError(`not a ClientStatusRequest: ${(error as Error).message}`);
  }
  return new JsonMessage(request);
}
