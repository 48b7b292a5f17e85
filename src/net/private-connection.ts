// Whether what is sent on a connection can be read by others on its way.

import { isLoopback } from './address.ts';
import { parseIpAddress } from './ip-address.ts';

/** What node:net, node:tls and node:http2 have of a connection. */
interface Ends {
  readonly encrypted?: boolean | undefined;
  readonly remoteAddress?: string | undefined;
}

/**
 * True with TLS, and where both ends are on this machine. A proxy on this machine is the other end: where it passes on
 * what it is sent can't be seen from here.
 */
export function isPrivateConnection({ encrypted, remoteAddress = '' }: Ends): boolean {
  return encrypted === true || isLoopback(parseIpAddress(remoteAddress) ?? '');
}
