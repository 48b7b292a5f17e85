// gRPC made by hand on HTTP/2, for what no gRPC client does: a window of zero, broken
// frames, pings without end, a host that vanishes.

import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { ConnectionOptions } from 'node:tls';
import { status } from '@grpc/grpc-js';

import { bounded } from './bounded.ts';
import { fenceOff } from './byte-call.ts';
import type { ByteCall, CallEnd, Connection } from './byte-call.ts';

const headerLength = 5;
const largeWindow = 2 ** 24;

export class Http2Connection implements Connection {
  readonly session: ClientHttp2Session;

  /**
   * @param windowSize bytes that the server may send per stream before it is told more.
   * @param tls by default none: in the clear.
   */
  constructor(port: number, windowSize = largeWindow, tls?: ConnectionOptions) {
    const scheme = tls === undefined ? 'http' : 'https';
    const settings = { initialWindowSize: windowSize };
    this.session = connect(`${scheme}://127.0.0.1:${port}`, { ...tls, settings });
    // A lost connection is what some tests are about.
    this.session.on('error', () => undefined);
  }

  /** @param endStream true: the headers say at once that no requests come. */
  call(
    path: string,
    onMessage: (message: Buffer) => void = () => undefined,
    headers: Readonly<Record<string, string>> = {},
    endStream = false,
  ): Http2Call {
    const stream = this.session.request(
      { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers },
      { endStream },
    );
    return new Http2Call(stream, onMessage);
  }

  fence(): Promise<void> {
    return fenceOff(this);
  }

  /** Lets the server send on all streams, open ones too. */
  openWindow(): void {
    this.session.settings({ initialWindowSize: largeWindow });
  }

  /** Resolves when the server has answered a ping: it has received all that was sent before. */
  async ping(): Promise<void> {
    if (this.session.connecting) await once(this.session, 'connect');
    const answer = Promise.withResolvers<void>();
    this.session.ping((error) => (error === null ? answer.resolve() : answer.reject(error)));
    await bounded(answer.promise, () => 'the answer to a ping');
  }

  /** The connection breaks without a word of HTTP/2; safe to repeat. */
  close(): void {
    this.session.destroy();
  }
}

export class Http2Call implements ByteCall {
  readonly #ended: Promise<CallEnd>;
  readonly #answering: Promise<void>;
  readonly #stream: ClientHttp2Stream;
  readonly #onMessage: (message: Buffer) => void;
  #received = Buffer.alloc(0);
  #status: CallEnd = { code: 'NONE', details: '' };

  constructor(stream: ClientHttp2Stream, onMessage: (message: Buffer) => void) {
    this.#stream = stream;
    this.#onMessage = onMessage;
    stream.on('error', () => undefined);
    stream.on('response', (headers) => this.#noteEnd(headers));
    stream.on('trailers', (trailers) => this.#noteEnd(trailers));
    stream.on('data', (data: Buffer) => this.#receive(data));
    this.#answering = new Promise((resolve) => stream.once('response', () => resolve()));
    this.#ended = new Promise((resolve) => {
      // A server that refuses a call does not wait for its client's half to end.
      for (const event of ['end', 'close']) stream.once(event, () => resolve(this.#status));
    });
  }

  get ended(): Promise<CallEnd> {
    return bounded(this.#ended, () => 'the end of the call');
  }

  /** Resolves when the server has begun to answer, even if the window lets no message through. */
  get answering(): Promise<void> {
    return bounded(this.#answering, () => 'an answer');
  }

  onEnd(notify: (end: CallEnd) => void): void {
    void this.#ended.then(notify);
  }

  /** @param isCompressed only sets the flag. */
  send(message: Uint8Array, isCompressed = false): void {
    const header = Buffer.alloc(headerLength);
    header.writeUInt8(isCompressed ? 1 : 0, 0);
    header.writeUInt32BE(message.length, 1);
    this.sendBytes(Buffer.concat([header, message]));
  }

  /** Sends bytes as they are, no message frame around them. */
  sendBytes(bytes: Uint8Array): void {
    this.#stream.write(bytes);
  }

  halfClose(): void {
    this.#stream.end();
  }

  cancel(): void {
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  #noteEnd(headers: IncomingHttpHeaders): void {
    const code = headers['grpc-status'];
    const details = decodeURI(String(headers['grpc-message'] ?? ''));
    if (code !== undefined) this.#status = { code: status[Number(code)] ?? 'NONE', details };
  }

  #receive(data: Buffer): void {
    this.#received = Buffer.concat([this.#received, data]);
    while (this.#received.length >= headerLength) {
      const end = headerLength + this.#received.readUInt32BE(1);
      if (this.#received.length < end) return;
      this.#onMessage(this.#received.subarray(headerLength, end));
      this.#received = this.#received.subarray(end);
    }
  }
}
