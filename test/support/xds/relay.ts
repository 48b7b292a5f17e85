// A network between client and server that can be cut off.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

import type { Scope } from './served-xds.ts';

export class Relay {
  readonly #server = createServer((client) => this.#join(client));
  readonly #target: number;
  readonly #sockets: Socket[] = [];

  constructor(targetPort: number) {
    this.#target = targetPort;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Nothing passes any more, and neither side is told: as when the other host has lost power. */
  cut(): void {
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(client: Socket): void {
    const server = connect(this.#target, '127.0.0.1');
    for (const [from, to] of [[client, server], [server, client]] as const) {
      // A connection that breaks is what a relay is for.
      from.on('error', () => undefined);
      from.pipe(to);
      this.#sockets.push(from);
    }
  }
}

/** Relays to a port of this machine until `scope` ends. */
export async function startRelay(scope: Scope, targetPort: number): Promise<Relay> {
  const relay = new Relay(targetPort);
  await relay.listen();
  scope.after(() => relay.close());
  return relay;
}
