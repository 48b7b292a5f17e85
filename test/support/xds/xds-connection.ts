// One grpc-js connection to the xDS port, for any number of calls.

import { Client, credentials } from '@grpc/grpc-js';
import type { CallOptions, ChannelCredentials, ChannelOptions } from '@grpc/grpc-js';

import { fenceOff } from './byte-call.ts';
import type { Connection } from './byte-call.ts';
import { GrpcCall } from './grpc-call.ts';

export class XdsConnection implements Connection {
  readonly client: Client;

  /** @param channelCredentials by default none: in the clear. */
  constructor(
    port: number,
    options: ChannelOptions = {},
    channelCredentials: ChannelCredentials = credentials.createInsecure(),
  ) {
    this.client = new Client(`127.0.0.1:${port}`, channelCredentials, {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_http_proxy': 0,
      ...options,
    });
  }

  call(path: string, onMessage: (message: Buffer) => void = () => undefined, options: CallOptions = {}): GrpcCall {
    return new GrpcCall(this.client, path, onMessage, options);
  }

  fence(): Promise<void> {
    return fenceOff(this);
  }

  close(): void {
    this.client.close();
  }
}
