// GET /api/v2/events: what happened, page by page, and as it happens.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import express from 'express';

import { createApiServer } from '../../../src/api/server.ts';
import { followEvents } from '../../../src/api/v2/event-stream.ts';
import { createEventsHandler } from '../../../src/api/v2/events.ts';
import { EventLog } from '../../../src/events/event-log.ts';
import type { EventReader } from '../../../src/events/event-log.ts';
import type { NewEvent, NumberedEvent } from '../../../src/events/event.ts';
import { createMemoryLogStore } from '../../../src/store/memory-log-store.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { serveV2 } from './serve-v2.ts';

const order = (cluster: string): NewEvent => ({ type: 'order', atMs: 1_000, cluster, server: '10.0.0.1:1', message: `drain ${cluster}` });
const nack: NewEvent = { type: 'nack', atMs: 2_000, message: 'refused', data: { node: 'n' } };

async function serve(t: TestContext, ...noted: readonly NewEvent[]) {
  const events = await EventLog.open({ store: createMemoryLogStore(), onFailure: assert.ifError });
  const { url, stopping } = await serveV2(t, { events });
  const note = async (...more: readonly NewEvent[]): Promise<void> => {
    for (const event of more) events.note(event);
    await events.flush();
  };
  await note(...noted);
  const get = async (query = '') => {
    const response = await fetch(`${url}/events${query}`);
    return { status: response.status, body: (await response.json()) as any };
  };
  return { events, stopping, url, note, get };
}

describe('page by page', () => {
  test('the oldest first, each with what it has', async (t) => {
    const { get } = await serve(t, order('a'), nack);
    assert.deepEqual(await get(), {
      status: 200,
      body: {
        events: [
          { id: 1, at: '1970-01-01T00:00:01.000Z', type: 'order', cluster: 'a', server: '10.0.0.1:1', message: 'drain a' },
          { id: 2, at: '1970-01-01T00:00:02.000Z', type: 'nack', message: 'refused', data: { node: 'n' } },
        ],
      },
    });
  });

  test('so many as are asked for, and where to go on while there are more', async (t) => {
    const { get } = await serve(t, order('a'), nack, order('b'), order('a'));
    const page = async (query: string) => {
      const { events, next } = (await get(query)).body;
      return [events.map(({ id }: any) => id), next];
    };
    assert.deepEqual(await page('?limit=2'), [[1, 2], 2]);
    assert.deepEqual(await page('?limit=2&after=2'), [[3, 4], undefined]);
    assert.deepEqual(await page('?cluster=a&limit=1'), [[1], 1]);
    assert.deepEqual(await page('?cluster=a&after=1'), [[4], undefined]);
    assert.deepEqual(await page('?type=nack'), [[2], undefined]);
    assert.deepEqual(await page('?type=nack&cluster=a'), [[], undefined]);
    assert.deepEqual(await page('?after=4'), [[], undefined]);
    assert.deepEqual(await page('?after=99&limit=3'), [[1, 2, 3], 3]);
  });

  const refused: readonly (readonly [query: string, detail: RegExp])[] = [
    ['?after=-1', /^after "-1": must be a whole number from 0 to/u],
    ['?after=x', /^after "x": must be a whole number/u],
    ['?limit=0', /^limit "0": must be a whole number from 1 to 1000$/u],
    ['?type=party', /^type "party": must be one of server-up, .*trouble-over$/u],
    ['?since=1', /^"since": no such parameter, only after, limit, cluster, type$/u],
  ];
  for (const [query, detail] of refused) {
    test(`refuses ${query}`, async (t) => {
      const { get } = await serve(t);
      const { status, body } = await get(query);
      assert.equal(status, 400);
      assert.match(body.detail, detail);
    });
  }
});

interface Follower {
  readonly response: Response;
  readonly abort: () => void;
  /** All that has come by now; grows. */
  text: string;
  isOver: boolean;
}

async function follow(t: TestContext, url: string, query = '', headers: Readonly<Record<string, string>> = {}): Promise<Follower> {
  const leaving = new AbortController();
  t.after(() => leaving.abort());
  const accept = { Accept: 'text/event-stream', ...headers };
  const response = await fetch(`${url}/events${query}`, { headers: accept, signal: leaving.signal });
  const follower: Follower = { response, abort: () => leaving.abort(), text: '', isOver: false };
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) follower.text += decoder.decode(chunk as Uint8Array, { stream: true });
  };
  read().catch(() => undefined).finally(() => (follower.isOver = true));
  return follower;
}

const idsIn = (text: string): number[] => Array.from(text.matchAll(/^id: (\d+)\nevent: /gmu), ([, id]) => Number(id));

describe('as it happens', () => {
  test('what comes from now on, as server-sent events', async (t) => {
    const { url, note } = await serve(t, order('old'));
    const follower = await follow(t, url);
    assert.match(follower.response.headers.get('content-type') ?? '', /^text\/event-stream/u);
    await note(nack);
    await waitUntil('it has come', () => idsIn(follower.text).length > 0);
    const data = { id: 2, at: '1970-01-01T00:00:02.000Z', type: 'nack', message: 'refused', data: { node: 'n' } };
    assert.equal(follower.text, `id: 1\n\nid: 2\nevent: nack\ndata: ${JSON.stringify(data)}\n\n`);
    await note(order('a'), order('b'));
    await waitUntil('all have come', () => idsIn(follower.text).length === 3);
    assert.deepEqual(idsIn(follower.text), [2, 3, 4]);
  });

  const starts: readonly (readonly [what: string, query: string, headers: Record<string, string>, ids: number[]])[] = [
    ['after=0', '?after=0', {}, [1, 2, 3, 4]],
    ['Last-Event-ID', '', { 'Last-Event-ID': '2' }, [3, 4]],
    ['Last-Event-ID, which goes before after', '?after=0', { 'Last-Event-ID': '3' }, [4]],
    ['Last-Event-ID of before ids began again', '', { 'Last-Event-ID': '5000' }, [1, 2, 3, 4]],
    ['a cluster', '?after=0&cluster=a', {}, [1, 4]],
    ['a type', '?after=0&type=nack', {}, [2]],
    ['pages of one', '?after=0&limit=1', {}, [1, 2, 3, 4]],
  ];
  for (const [what, query, headers, ids] of starts) {
    test(`what there is, by ${what}, before what comes`, async (t) => {
      const { url, note } = await serve(t, order('a'), nack, order('b'));
      const follower = await follow(t, url, query, headers);
      await note(order('a'));
      await waitUntil('all have come', () => idsIn(follower.text).length === ids.length);
      assert.deepEqual(idsIn(follower.text), ids);
    });
  }

  test('an id that is none is refused', async (t) => {
    const { url } = await serve(t);
    const headers = { Accept: 'text/event-stream', 'Last-Event-ID': 'x' };
    const response = await fetch(`${url}/events`, { headers });
    assert.equal(response.status, 400);
    assert.match(((await response.json()) as any).detail, /^Last-Event-ID "x": must be a whole number/u);
  });

  test('until the control plane stops', async (t) => {
    const { url, stopping } = await serve(t);
    const follower = await follow(t, url);
    stopping.abort();
    await waitUntil('it has ended', () => follower.isOver);
  });

  test('by 64 at most, and by another one when one has left', async (t) => {
    const { url } = await serve(t);
    const followers = await Promise.all(Array.from({ length: 64 }, () => follow(t, url)));
    const late = await fetch(`${url}/events`, { headers: { Accept: 'text/event-stream' } });
    assert.equal(late.status, 503);
    assert.match(((await late.json()) as any).detail, /^64 others follow the events already: ask again later$/u);
    assert.equal((await fetch(`${url}/events`)).status, 200);
    followers[0]?.abort();
    await waitUntil('there is room', async () => (await follow(t, url)).response.status === 200);
  });

  test('with a comment while nothing happens', async () => {
    const events = await EventLog.open({ store: createMemoryLogStore(), onFailure: assert.ifError });
    const stop = new AbortController();
    const stream = followEvents(events, { after: 0, limit: 10 }, stop.signal, 1);
    assert.deepEqual(await stream.next(), { value: 'id: 0\n\n', done: false });
    assert.deepEqual(await stream.next(), { value: ':\nid: 0\n\n', done: false });
    events.note(nack);
    await events.flush();
    assert.deepEqual(idsIn((await stream.next()).value ?? ''), [1]);
    stop.abort();
    assert.equal((await stream.next()).done, true);
  });

  test('to who does not read nothing is read, and its connection ends', async (t) => {
    let asked = 0;
    let hasEnded = false;
    const event: NumberedEvent = { id: 1, atMs: 0, type: 'sentinel', message: 'x'.repeat(1_000) };
    const endless: EventReader = {
      last: 1_000_000_000,
      read: async ({ after }) => {
        asked += 1;
        return { events: Array.from({ length: 100 }, (_, index) => ({ ...event, id: after + index + 1 })), through: after + 100 };
      },
      follow: () => () => (hasEnded = true),
    };
    const handler = createEventsHandler({ events: endless, stopping: new AbortController().signal });
    const app = express().get('/events', handler);
    const server = createApiServer(app, { unreadMs: 300 });
    const port = await server.listen('127.0.0.1', 0);
    t.after(() => server.shutDown(0));
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.pause();
    socket.write('GET /events?after=0 HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n');
    await waitUntil('nothing is read for it any more', () => hasEnded);
    // What the network takes, and no more.
    assert.ok(asked > 0 && asked < 1_000, `${asked}`);
  });
});
