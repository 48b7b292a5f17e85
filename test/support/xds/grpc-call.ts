// One call of a grpc-js client.

import { status } from '@grpc/grpc-js';
import type { CallOptions, Client, ClientDuplexStream, StatusObject } from '@grpc/grpc-js';

import { bounded } from './bounded.ts';
import type { ByteCall, CallEnd } from './byte-call.ts';

export class GrpcCall implements ByteCall {
  readonly #ended: Promise<CallEnd>;
  readonly #call: ClientDuplexStream<Uint8Array, Buffer>;

  constructor(client: Client, path: string, onMessage: (message: Buffer) => void, options: CallOptions = {}) {
    this.#call = client.makeBidiStreamRequest(
      path,
      (message: Uint8Array) => Buffer.from(message),
      (message: Buffer) => message,
      options,
    );
    this.#call.on('data', onMessage);
    // The status says the same; without a listener an error ends the process.
    this.#call.on('error', () => undefined);
    this.#ended = new Promise((resolve) => {
      this.#call.on('status', ({ code, details }: StatusObject) => resolve({ code: status[code], details }));
    });
  }

  get ended(): Promise<CallEnd> {
    return bounded(this.#ended, () => 'the end of the call');
  }

  onEnd(notify: (end: CallEnd) => void): void {
    void this.#ended.then(notify);
  }

  send(message: Uint8Array): void {
    this.#call.write(message);
  }

  halfClose(): void {
    this.#call.end();
  }

  cancel(): void {
    this.#call.cancel();
  }

  pause(): void {
    this.#call.pause();
  }

  resume(): void {
    this.#call.resume();
  }
}
