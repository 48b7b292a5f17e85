// /api/v2 over a desk in memory, and calls of it in short.

import type { TestContext } from 'node:test';

import type { Desk } from '../../../src/commit/desk.ts';
import { openDesk } from '../../support/open-desk.ts';
import { serveV2 } from './serve-v2.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** What the JSON says; the text, when it is none. */
  readonly body: any;
}

export interface ServedDesk {
  readonly desk: Desk;
  readonly url: string;
  /** An object is sent as JSON, a text as it is. */
  readonly call: (method: string, path: string, body?: object | string, headers?: Readonly<Record<string, string>>) => Promise<Answer>;
}

export async function serveDesk(t: TestContext): Promise<ServedDesk> {
  const desk = await openDesk();
  const { url } = await serveV2(t, { desk });
  return {
    desk,
    url,
    call: async (method, path, body, headers = {}) => {
      const response = await fetch(url + path, {
        method,
        headers: { 'Content-Type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('json') ?? false;
      return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
    },
  };
}

/** An endpoint, shortly. */
export const at = (address: string, port = 6379) => ({ address, port });
