// Who is at the other end of a connection.

interface RemoteEnd {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** As in the log: address and port of the client. */
export function peerOf({ remoteAddress = 'unknown', remotePort = 0 }: RemoteEnd): string {
  return `${remoteAddress}:${remotePort}`;
}
