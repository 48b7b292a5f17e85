// A bidirectional gRPC call that carries bytes, and the connection it runs on. Two
// kinds: grpc-js (xds-connection.ts), and HTTP/2 by hand (http2-connection.ts).

import { setImmediate as nextTurn } from 'node:timers/promises';

import { encodeMessage } from '../../../src/proto/protos.ts';
import { discoveryApis, typeUrlOf } from './discovery-api.ts';
import type { ApiVersion } from './discovery-api.ts';
import { Inbox } from './inbox.ts';

/** How a call ended. */
export interface CallEnd {
  /** Name of the status code, such as `INVALID_ARGUMENT`; `NONE` when the call ended without one. */
  readonly code: string;
  readonly details: string;
}

export interface ByteCall {
  /** Resolves when the call is over, however it ended; rejects when it goes on beyond a generous bound. */
  readonly ended: Promise<CallEnd>;
  /** Calls back when the call is over, whenever that is. */
  onEnd(notify: (end: CallEnd) => void): void;
  send(message: Uint8Array): void;
  /** Tells the server that no more requests come. */
  halfClose(): void;
  /** Resets the stream. */
  cancel(): void;
  /** Stops reading: buffers fill, then the HTTP/2 window. */
  pause(): void;
  resume(): void;
}

export interface Connection {
  call(path: string, onMessage: (message: Buffer) => void): ByteCall;
  /**
   * Resolves when the server has had its turn for all that was sent on this connection or published before:
   * it has answered another stream that came later. What it had to say by then has arrived.
   */
  fence(): Promise<void>;
}

/** The node that asks in {@link fenceOff}; a server under test gives it a snapshot of its own. */
export const fenceNodeId = 'fence';

// The second round is for a stream that was still busy with an earlier write in the first.
const rounds = 2;

/** {@link Connection.fence} on any connection, by either version: what is counted may be the other's. */
export async function fenceOff(connection: Pick<Connection, 'call'>, apiVersion: ApiVersion = 'v3'): Promise<void> {
  const { sotwRequest, aggregatedPath } = discoveryApis[apiVersion];
  const request = encodeMessage(sotwRequest, { node: { id: fenceNodeId }, type_url: typeUrlOf(apiVersion, 'cluster') });
  for (let round = 0; round < rounds; round += 1) {
    const answers = new Inbox<Buffer>((answer) => `${answer.length} bytes`);
    const call = connection.call(aggregatedPath, (answer) => answers.put(answer));
    call.send(request);
    await answers.take('the fence');
    call.cancel();
    await nextTurn();
  }
}
