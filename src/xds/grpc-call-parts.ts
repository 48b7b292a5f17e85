// What grpc-js has of a call and does not offer: the HTTP/2 stream below it, and what it last read. Tests tell when an
// update has it elsewhere; then nothing is done here.

import { constants } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';

import type { ServerInterceptingCallInterface } from '@grpc/grpc-js';

interface CallParts {
  readonly stream?: ServerHttp2Stream;
  readonly decoder?: {
    /** 0 between two messages. */
    readonly readState: number;
    readPartialMessage: Buffer[];
    readCompressFlag: Buffer;
  };
}

const noFlag = Buffer.alloc(1);

/** Ends a call without its status: that would wait behind what the client does not read. */
export function resetCall(call: ServerInterceptingCallInterface): void {
  (call as CallParts).stream?.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
}

/** The HTTP/2 stream below a call; undefined where it is not known. */
export function streamBelow(call: ServerInterceptingCallInterface): ServerHttp2Stream | undefined {
  return (call as CallParts).stream;
}

/** Lets go of the message that was read last: it would be kept until the next one comes, which may be never. */
export function forgetLastMessage(call: ServerInterceptingCallInterface): void {
  const { decoder } = call as CallParts;
  if (decoder?.readState !== 0) return;
  decoder.readPartialMessage = [];
  // A byte of the last frame, and with it the frame.
  decoder.readCompressFlag = noFlag;
}
