// HTTP/2 frame by frame, for frames that node:http2 would not send together.

import { connect } from 'node:net';
import type { Socket } from 'node:net';

import { bounded } from './bounded.ts';

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const frameHeadLength = 9;
const type = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7 };
const flag = { ack: 1, endHeaders: 4 };
const cancelCode = 8;

export class FrameConnection {
  readonly #socket: Socket;
  readonly #pings: (() => void)[] = [];
  readonly #closed: Promise<void>;
  #received = Buffer.alloc(0);

  /** @param windowSize bytes that the server may send per stream. */
  constructor(port: number, windowSize = 65_535) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    // A connection that is ended shows in the ping that is not answered.
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', (data) => this.#receive(data));
    this.#closed = new Promise((resolve) => this.#socket.once('close', () => resolve()));
    this.#socket.write(Buffer.concat([preface, settingsFrame(windowSize)]));
  }

  /** Sends these frames so that they arrive together. */
  send(...frames: readonly Buffer[]): void {
    this.#socket.write(Buffer.concat(frames));
  }

  /** Resolves when the server has answered a ping: it has received all that was sent before, and goes on. */
  async ping(): Promise<void> {
    const answer = Promise.withResolvers<void>();
    this.#pings.push(answer.resolve);
    this.send(frame(type.ping, 0, 0, Buffer.alloc(8)));
    await bounded(answer.promise, () => 'the answer to a ping');
  }

  /** Resolves when the server has closed the connection. */
  async closed(): Promise<void> {
    await bounded(this.#closed, () => 'the end of the connection');
  }

  /** Safe to repeat. */
  close(): void {
    this.#socket.destroy();
  }

  #receive(data: Buffer): void {
    this.#received = Buffer.concat([this.#received, data]);
    while (this.#received.length >= frameHeadLength) {
      const end = frameHeadLength + this.#received.readUIntBE(0, 3);
      if (this.#received.length < end) return;
      if (this.#received[3] === type.ping && this.#received[4] === flag.ack) this.#pings.shift()?.();
      this.#received = this.#received.subarray(end);
    }
  }
}

/** The headers of a gRPC call, which go on. @param streamId odd, and higher than the last one. */
export function callFrame(streamId: number, path: string): Buffer {
  const fields = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': 'localhost',
    'content-type': 'application/grpc',
    te: 'trailers',
  };
  return frame(type.headers, flag.endHeaders, streamId, Buffer.concat(Object.entries(fields).map(encodeField)));
}

/** One request, which is not the last. */
export function requestFrame(streamId: number, message: Uint8Array): Buffer {
  return dataFrame(streamId, gRpcMessage(message));
}

/** A request as it is cut into frames: a head, and the message. */
export function gRpcMessage(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** What of the call comes next, however it is cut. */
export function dataFrame(streamId: number, bytes: Buffer): Buffer {
  return frame(type.data, 0, streamId, bytes);
}

/** GOAWAY without an error: the client will take no more streams of the server's, of which there are none. */
export function goAwayFrame(): Buffer {
  return frame(type.goAway, 0, 0, Buffer.alloc(8));
}

/** RST_STREAM with CANCEL. */
export function resetFrame(streamId: number): Buffer {
  const code = Buffer.alloc(4);
  code.writeUInt32BE(cancelCode);
  return frame(type.reset, 0, streamId, code);
}

const initialWindowSize = 4;

function settingsFrame(windowSize: number): Buffer {
  const setting = Buffer.alloc(6);
  setting.writeUInt16BE(initialWindowSize);
  setting.writeUInt32BE(windowSize, 2);
  return frame(type.settings, 0, 0, setting);
}

function frame(frameType: number, flags: number, streamId: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(frameHeadLength);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = frameType;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

// HPACK: a literal that is not indexed, under a new name. Names and values are ASCII, below 127 bytes.
function encodeField([name, value]: readonly [string, string]): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name, 'latin1'),
    Buffer.from([value.length]),
    Buffer.from(value, 'latin1'),
  ]);
}
