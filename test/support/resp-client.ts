// A minimal Redis client (RESP2 over TCP) that shows replies as redis-cli does.

import { connect, type Socket } from 'node:net';

import type { Scope } from './child-process.ts';
import { parseReply, showReply } from './resp.ts';

/** One connection; made by {@link connectRedis}. Commands may be sent before earlier ones are answered. */
export class RespClient {
  readonly #socket: Socket;
  readonly #waiting: { resolve(shown: string): void; reject(error: Error): void }[] = [];
  #received = Buffer.alloc(0);
  #closed: Error | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#fail(error));
    for (const event of ['end', 'close']) socket.on(event, () => this.#fail(new Error('the Redis connection was closed')));
  }

  /** True once the connection is over, whoever ended it. */
  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /**
   * Sends one command and resolves with the reply as redis-cli would show it: `OK`, `"text"`, `(integer) 1`, `(nil)`,
   * `(error) no upstream host`. Rejects when the connection breaks.
   */
  ask(...args: readonly string[]): Promise<string> {
    if (this.#closed) return Promise.reject(this.#closed);
    const words = args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`);
    this.#socket.write(`*${args.length}\r\n${words.join('')}`);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Safe to repeat; commands that are not answered yet are rejected. */
  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const parsed = parseReply(this.#received);
      if (!parsed) return;
      this.#received = this.#received.subarray(parsed.length);
      this.#waiting.shift()?.resolve(showReply(parsed.reply));
    }
  }

  #fail(error: Error): void {
    this.#closed ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#closed);
  }
}

/** Connects to 127.0.0.1:`port`; closed when `scope` ends. Rejects when nobody listens there. */
export function connectRedis(scope: Scope, port: number, host = '127.0.0.1'): Promise<RespClient> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      const client = new RespClient(socket);
      scope.after(async () => client.close());
      resolve(client);
    });
  });
}
