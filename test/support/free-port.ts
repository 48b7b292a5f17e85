// A loopback TCP port for a server that has to be told its port beforehand.

import { createServer } from 'node:net';

// Below the range that the kernel gives to outgoing connections and to port 0 (from 32768 on), so that nothing but
// another caller of this function can take a port before the server that it is meant for has bound it.
const FIRST_PORT = 12_000;
const LAST_PORT = 31_999;

const handedOut = new Set<number>();

/** A port on 127.0.0.1 that nobody listens on; never the same one twice in a process. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT + 1));
    if (handedOut.has(port) || !(await canBind(port))) continue;
    handedOut.add(port);
    return port;
  }
}

function canBind(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
