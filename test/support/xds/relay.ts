// A network between client and server that can be cut off, and be there again.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

import type { Scope } from './served-xds.ts';

/** A port of 127.0.0.1, or the path of a socket of this machine, which is there in each of its network namespaces. */
export type Place = number | string;

export class Relay {
  readonly #server = createServer((client) => this.#join(client));
  readonly #target: Place;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #isCut = false;

  constructor(target: Place) {
    this.#target = target;
  }

  /** Where it listens, unless that is the path of a socket. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** @param at a free port unless told. */
  async listen(at: Place = 0): Promise<void> {
    this.#server.listen(optionsOf(at));
    await once(this.#server, 'listening');
  }

  /** Nothing passes any more, and neither side is told: as when the other host has lost power. */
  cut(): void {
    this.#isCut = true;
    for (const [client, server] of this.#pairs) for (const socket of [client, server]) socket.unpipe().pause();
  }

  /** All passes again, what was sent meanwhile too. */
  mend(): void {
    this.#isCut = false;
    for (const pair of this.#pairs) pipe(pair);
  }

  close(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    this.#server.close();
  }

  #join(client: Socket): void {
    const pair = [client, connect(optionsOf(this.#target))] as const;
    this.#pairs.add(pair);
    for (const socket of pair) {
      // What breaks on one side breaks on the other, unless nothing passes.
      socket.on('error', () => {
        if (!this.#isCut) for (const each of pair) each.destroy();
      });
      socket.on('close', () => this.#pairs.delete(pair));
    }
    if (!this.#isCut) pipe(pair);
  }
}

/** Relays to a place of this machine until `scope` ends. @param at a free port unless told. */
export async function startRelay(scope: Scope, target: Place, at?: Place): Promise<Relay> {
  const relay = new Relay(target);
  await relay.listen(at);
  scope.after(() => relay.close());
  return relay;
}

function pipe([client, server]: readonly [Socket, Socket]): void {
  client.pipe(server);
  server.pipe(client);
}

function optionsOf(place: Place): { host: string; port: number } | { path: string } {
  return typeof place === 'string' ? { path: place } : { host: '127.0.0.1', port: place };
}
