// The control plane's API as commands use it: JSON in, JSON out, each change with its author.

import type { IncomingHttpHeaders } from 'node:http';

import type { ApiAddress } from './api-address.ts';
import { askApiForLines, askApiForPieces, askApiForText, parseJson } from './api-request.ts';
import type { ApiAnswer, ApiCall } from './api-request.ts';

/** What goes into a query; what is undefined is left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

export interface ChangeCall {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api/v2/`. */
  readonly path: string;
  readonly query?: Query;
  /** JSON; what is undefined in it is left out. */
  readonly body?: object;
  /** In lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

// What the control plane may need, on a slow disk, for the largest file.
export const idleMs = 30_000;

// Per page of a list; the control plane may give fewer.
const pageSize = 1_000;

export class ApiClient {
  readonly address: ApiAddress;
  readonly #author: string;
  readonly #signal: AbortSignal | undefined;

  /** @param signal ends every call when it is aborted. */
  constructor(address: ApiAddress, author: string, signal?: AbortSignal) {
    this.address = address;
    this.#author = author;
    this.#signal = signal;
  }

  /** @param path below `/api/v2/`. @throws Failure; a Refusal where the control plane says no. */
  async get<Answer>(path: string, query: Query = {}): Promise<Answer> {
    return (await this.getWithHeaders<Answer>(path, query)).answer;
  }

  async getWithHeaders<Answer>(
    path: string,
    query: Query = {},
  ): Promise<{ answer: Answer; headers: IncomingHttpHeaders }> {
    const { headers, text } = await this.getText(path, query, 'application/json');
    return { answer: parseJson<Answer>(this.address, text), headers };
  }

  async getText(path: string, query: Query, accept: string): Promise<ApiAnswer> {
    return askApiForText({ ...this.#call('GET', path, query), headers: { accept } });
  }

  /** An answer that may be large, piece by piece. @throws Failure as {@link get} does, also while it comes. */
  async getPieces(path: string, accept: string): Promise<AsyncIterable<Buffer>> {
    return askApiForPieces({ ...this.#call('GET', path, {}), headers: { accept } });
  }

  /** An answer that comes line by line. @param silenceMs how long nothing may come. @throws Failure as {@link get} does. */
  getLines(path: string, query: Query, accept: string, silenceMs: number): AsyncGenerator<string> {
    return askApiForLines({ ...this.#call('GET', path, query), headers: { accept }, idleMs: silenceMs });
  }

  /** All pages of a list, one after the other. @param key of the list in the answer. */
  async getAll<Item>(path: string, key: string, query: Query = {}): Promise<Item[]> {
    const items: Item[] = [];
    let cursor: string | undefined;
    do {
      const page: Record<string, unknown> = await this.get(path, { ...query, limit: pageSize, cursor });
      items.push(...(page[key] as Item[]));
      cursor = page['next'] as string | undefined;
    } while (cursor !== undefined && cursor !== null);
    return items;
  }

  /** What a change answers; an empty object where that is nothing. @throws Failure as {@link get} does. */
  async send<Answer extends object>(change: ChangeCall): Promise<Answer> {
    const { text } = await askApiForText(this.changeCall(change));
    return text === '' ? ({} as Answer) : parseJson<Answer>(this.address, text);
  }

  /** The call that {@link send} makes, for who wants its answer otherwise. */
  changeCall({ method, path, query = {}, body, headers }: ChangeCall): ApiCall {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const call = this.#call(method, path, query);
    // Header values are bytes: these of UTF-8.
    const author = Buffer.from(this.#author).toString('latin1');
    const common = { accept: 'application/json', 'x-author': author, ...headers };
    if (body === undefined) return { ...call, headers: common };
    return { ...call, headers: { 'content-type': type, ...common }, body: JSON.stringify(body) };
  }

  #call(method: ApiCall['method'], path: string, query: Query): ApiCall {
    const given = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) if (value !== undefined) given.set(key, `${value}`);
    const search = given.toString();
    const call = { api: this.address, method, path: `/api/v2/${path}${search === '' ? '' : `?${search}`}`, idleMs };
    return this.#signal === undefined ? call : { ...call, signal: this.#signal };
  }
}

/** A path of names, each made fit for it. */
export function pathOf(...names: readonly string[]): string {
  return names.map(encodeURIComponent).join('/');
}
