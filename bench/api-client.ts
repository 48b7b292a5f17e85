// A caller of the REST API, on connections that it keeps.

import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

export class ApiClient implements Disposable {
  readonly #origin: string;
  readonly #agent = new Agent({ keepAlive: true });

  /** @param address as `127.0.0.1:8080`. */
  constructor(address: string) {
    this.#origin = `http://${address}`;
  }

  /** Resolves when the answer has been read to its end. @param body a file as it is, else JSON. Throws unless it is 2xx. */
  async call(method: string, path: string, body: object | string = '', type = 'application/json'): Promise<void> {
    const content = typeof body === 'string' ? body : JSON.stringify(body);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const headers = { 'Content-Type': type, 'Content-Length': Buffer.byteLength(content) };
    request(`${this.#origin}${path}`, { method, headers, agent: this.#agent }, resolve).on('error', reject).end(content);
    const response = await promise;
    const answer = await text(response);
    const { statusCode = 0 } = response;
    if (statusCode < 200 || statusCode > 299) throw new Error(`${method} ${path}: ${statusCode} ${answer.slice(0, 500)}`);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
