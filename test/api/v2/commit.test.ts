import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';

import type { ConvergedCommitMessage, ProblemMessage } from '../../../src/api/v2/messages.ts';
import { CommitError } from '../../../src/commit/published.ts';
import type { CommitOutcome, Desk } from '../../../src/commit/desk.ts';
import { StoreError } from '../../../src/store/log-store.ts';
import { looksOf } from '../../../src/xds/shared-looks.ts';
import type { StreamHub } from '../../../src/xds/stream-hub.ts';
import { defaultNodeGroup } from '../../../src/snapshot/snapshot.ts';
import { Presence } from '../../../src/xds/presence.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { addCluster, addEndpoint } from '../../support/xds/changes.ts';
import { SotwClient } from '../../support/xds/sotw-client.ts';
import type { WireVariant } from '../../support/xds/wire-variant.ts';
import { openDesk } from '../../support/open-desk.ts';
import { serveV2 } from './serve-v2.ts';
import type { ServedV2 } from './serve-v2.ts';

const v3: WireVariant = { apiVersion: 'v3', isAggregated: true };
const linesType = 'application/x-ndjson';

async function commit({ url }: ServedV2, wait: string): Promise<ConvergedCommitMessage> {
  const response = await fetch(`${url}/commit?wait=${wait}`, { method: 'POST' });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
  return (await response.json()) as ConvergedCommitMessage;
}

/** A client that holds cluster `a`, which has a server at port 1. */
async function holder(api: ServedV2, nodeId: string, variant = v3): Promise<SotwClient> {
  const client = api.xds.client(variant, nodeId);
  await client.hold({ cluster: [], endpoint: ['a'] });
  return client;
}

async function serveA(t: Parameters<typeof serveV2>[0]): Promise<ServedV2> {
  const api = await serveV2(t);
  api.xds.commit(...addCluster('a', 1));
  return api;
}

/** What the desk of these tests says of every commit, and nothing to say of what is published. */
const calm = { revision: 1, changes: [], warnings: [], draining: [], old_routes: [] };

async function deskThat(commit: () => CommitOutcome): Promise<Desk> {
  return Object.assign(await openDesk(), { commit: async () => commit() });
}

test('without wait it answers at once, whoever is there', async (t) => {
  const api = await serveA(t);
  const client = await holder(api, 'one');
  api.xds.stage(addEndpoint('a', 2));
  for (const changed of [true, false]) {
    const response = await fetch(`${api.url}/commit`, { method: 'POST', headers: { 'X-Author': 'ann' } });
    assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
    assert.deepEqual(await response.json(), { changed, ...calm });
  }
  assert.deepEqual((await client.next('endpoint')).names, ['a']);
});

test('64 wait at most: who comes then is told so, and commits nothing', async (t) => {
  const commits: string[] = [];
  const waiting = [{ nodeId: 'one', isSettled: () => false }];
  const api = await serveV2(t, {
    hub: { streams: new Set(waiting), presence: new Presence(0) } as unknown as StreamHub,
    desk: await deskThat(() => (commits.push('commit'), { changed: true, revision: 1, changes: [], warnings: [] })),
  });
  const gone = new AbortController();
  const call = (wait: string) => fetch(`${api.url}/commit?wait=${wait}`, { method: 'POST', signal: gone.signal });
  const calls = Array.from({ length: 64 }, () => call('10m'));
  await waitUntil('they wait', () => commits.length === 64);
  const refused = await call('10m');
  assert.equal(refused.status, 503);
  const { detail } = (await refused.json()) as ProblemMessage;
  assert.equal(detail, 'wait: 64 others wait already, nothing was committed: ask again later');
  assert.equal(commits.length, 64);
  gone.abort();
  await Promise.allSettled(calls);
});

test('nobody to wait for', async (t) => {
  const { took_ms: tookMs, ...answer } = await commit(await serveV2(t), '10m');
  const clients = { total: 0, in_sync: 0, refused: 0, waiting: 0 };
  const nobody = { gone: [], returning: null, expected: null, not_in_sync: [] };
  assert.deepEqual(answer, { changed: true, ...calm, converged: true, clients, ...nobody });
  assert.ok(Number.isInteger(tookMs) && tookMs >= 0);
});

for (const isAggregated of [true, false]) {
  test(`all take it, on ${isAggregated ? 'aggregated streams' : 'streams per type'}`, async (t) => {
    const api = await serveA(t);
    const clients = await Promise.all(['one', 'two'].map((id) => holder(api, id, { apiVersion: 'v3', isAggregated })));
    api.xds.stage(addEndpoint('a', 2));
    const answer = commit(api, '1m');
    await Promise.all(clients.map((client) => client.takeAndAck('endpoint')));
    const { changed, converged, clients: counts, not_in_sync: others } = await answer;
    assert.deepEqual([changed, converged, others], [true, true, []]);
    assert.deepEqual(counts, { total: 2, in_sync: 2, refused: 0, waiting: 0 });
  });
}

test('one takes it, one rejects it, one says nothing, one goes', async (t) => {
  const api = await serveA(t);
  const ids = ['d takes', 'c rejects', 'b says nothing', 'a goes'];
  const [takes, rejects, silent, goes] = await Promise.all(ids.map((id) => holder(api, id)));
  assert.ok(takes && rejects && silent && goes);
  api.xds.stage(addEndpoint('a', 2));
  const answer = commit(api, '2s');
  await takes.takeAndAck('endpoint');
  await rejects.next('endpoint');
  rejects.nack('endpoint', 'no such port');
  const { versionInfo } = await silent.next('endpoint');
  await goes.next('endpoint');
  goes.cancel();
  const { converged, clients, gone, not_in_sync: others } = await answer;
  assert.deepEqual([converged, gone], [false, ['a goes']]);
  assert.deepEqual(clients, { total: 3, in_sync: 1, refused: 1, waiting: 1 });
  assert.deepEqual(
    others.map(({ node_id, type, state, version_sent }) => ({ node_id, type, state, version_sent })),
    [
      { node_id: 'b says nothing', type: 'endpoint', state: 'stale', version_sent: versionInfo },
      { node_id: 'c rejects', type: 'endpoint', state: 'error', version_sent: versionInfo },
    ],
  );
  assert.match(String(others[0]?.reason), /^sent, not answered since 20/u);
  assert.equal(others[1]?.reason, 'no such port');
  assert.match(String(others[1]?.peer), /^127\.0\.0\.1:\d+$/u);
});

test('one does not read: it is told from one that does not answer', async (t) => {
  const api = await serveA(t);
  const silent = await holder(api, 'silent');
  const slow = new SotwClient(api.xds.connectByHand(0), v3, 'slow');
  slow.subscribe('endpoint', 'a');
  const asking = (): number => [...api.xds.hub.streams].filter(({ group }) => group === defaultNodeGroup).length;
  await waitUntil('both have asked', () => asking() === 2);
  api.xds.stage(addEndpoint('a', 2));
  const answer = commit(api, '1s');
  await silent.next('endpoint');
  const { clients, not_in_sync: others } = await answer;
  assert.deepEqual(clients, { total: 2, in_sync: 0, refused: 0, waiting: 2 });
  const reasons = others.map(({ node_id: id, reason }) => [id, reason?.replace(/20\d\d-\S+$/u, '')]);
  assert.deepEqual(reasons, [
    ['silent', 'sent, not answered since '],
    ['slow', 'not read: the last response is still in our send buffer since '],
  ]);
});

test('a client that closes one of its streams is still there, and asks for no endpoints any more', async (t) => {
  const api = await serveA(t);
  const client = await holder(api, 'one', { apiVersion: 'v3', isAggregated: false });
  api.xds.stage(addEndpoint('a', 2), ...addCluster('b', 3));
  const answer = commit(api, '1s');
  await client.next('endpoint');
  client.stream('endpoint').call.cancel();
  await client.takeAndAck('cluster');
  const { converged, clients, gone, not_in_sync: others } = await answer;
  assert.deepEqual([converged, gone], [false, []]);
  assert.deepEqual(clients, { total: 1, in_sync: 0, refused: 0, waiting: 1 });
  assert.deepEqual(others.map(({ type, state }) => [type, state]), [['endpoint', 'stale']]);
  assert.match(String(others[0]?.reason), /^not asked for the endpoints of 2 clusters that it took at 20\S+Z: a, b$/u);
});

test('a commit that changes nothing waits for those that are behind', async (t) => {
  const api = await serveA(t);
  const client = await holder(api, 'one');
  api.xds.commit(addEndpoint('a', 2));
  await client.next('endpoint');
  const { changed, converged, clients } = await commit(api, '0');
  assert.deepEqual([changed, converged, clients.waiting], [false, false, 1]);
  const answer = commit(api, '1m');
  client.ack('endpoint');
  assert.equal((await answer).converged, true);
});

test('who accepts lines is told how many have answered before the rest', async (t) => {
  const api = await serveA(t);
  const [one, two] = await Promise.all(['one', 'two'].map((id) => holder(api, id)));
  api.xds.stage(addEndpoint('a', 2));
  const response = await fetch(`${api.url}/commit?wait=1m`, { method: 'POST', headers: { accept: linesType } });
  assert.equal(response.headers.get('content-type'), linesType);
  const lines = readLines(response);
  assert.deepEqual(await next(lines), { settled: 0, total: 2 });
  await one?.takeAndAck('endpoint');
  assert.deepEqual(await next(lines), { settled: 1, total: 2 });
  await two?.takeAndAck('endpoint');
  assert.deepEqual(await next(lines), { settled: 2, total: 2 });
  const { converged, clients } = (await next(lines)) as ConvergedCommitMessage;
  assert.deepEqual([converged, clients.in_sync], [true, 2]);
  assert.equal((await lines.next()).done, true);
});

test('without wait, lines are one line', async (t) => {
  const { url } = await serveV2(t);
  const response = await fetch(`${url}/commit`, { method: 'POST', headers: { accept: linesType } });
  assert.equal(response.headers.get('content-type'), linesType);
  assert.equal(await response.text(), `${JSON.stringify({ changed: true, ...calm })}\n`);
});

for (const accept of ['*/*', 'text/html', `application/json, ${linesType}`, `${linesType};q=0.5, application/json`]) {
  test(`who accepts ${accept} gets JSON`, async (t) => {
    const { url } = await serveV2(t);
    const response = await fetch(`${url}/commit?wait=0`, { method: 'POST', headers: { accept } });
    assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
    assert.equal(((await response.json()) as ConvergedCommitMessage).changed, true);
  });
}

test('when the control plane stops, who waits is told how things stand', async (t) => {
  const api = await serveA(t);
  const client = await holder(api, 'one');
  api.xds.stage(addEndpoint('a', 2));
  const answer = commit(api, '10m');
  await client.next('endpoint');
  api.stopping.abort();
  const { converged, clients } = await answer;
  assert.deepEqual([converged, clients.waiting], [false, 1]);
});

test('when the caller goes away, the waiting ends, and how things stand is not found out', async (t) => {
  let wasAsked = false;
  const stream = {
    nodeId: 'one',
    isSettled: () => false,
    status: () => ((wasAsked = true), { node: undefined, types: [] }),
  };
  const hub = { streams: new Set([stream]), presence: new Presence(0) } as unknown as StreamHub;
  const api = await serveV2(t, { hub });
  const { port } = new URL(api.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(`POST /api/v2/commit?wait=10m HTTP/1.1\r\nHost: x\r\nAccept: ${linesType}\r\nContent-Length: 0\r\n\r\n`);
  await once(socket, 'data');
  assert.equal(looksOf(hub).count, 1);
  socket.destroy();
  await waitUntil('the waiting is over', () => looksOf(hub).count === 0);
  assert.equal((await fetch(`${api.url}/commit`, { method: 'POST' })).status, 200);
  assert.equal(wasAsked, false);
});

describe('a wait is refused, and nothing is committed:', () => {
  const unit = 'must be a whole number and ms, s, m or h, such as 500ms, 10s or 1m';
  const refused: readonly (readonly [query: string, detail: string])[] = [
    ['wait=', `wait "": ${unit}`],
    ['wait=10', `wait "10": ${unit}`],
    ['wait=-1s', `wait "-1s": ${unit}`],
    ['wait=%00s', `wait "\\u0000s": ${unit}`],
    [`wait=${'x'.repeat(100)}`, `wait "${'x'.repeat(64)}...": ${unit}`],
    ['wait=601s', 'wait "601s": must be at most 10m'],
    ['wait=1s&wait=1s', 'wait: must be given once'],
    ['timeout=1s', '"timeout": no such parameter, only wait, at_least, expect'],
    ['at_least=1', 'at_least: only with wait'],
    ['expect=a&at_least=1', 'expect, at_least: only with wait'],
    ['wait=1s&at_least=0', 'at_least "0": must be a whole number from 1 to 1000000'],
    ['wait=1s&expect=a,', 'expect "a,": must be node ids with commas between them'],
  ];
  for (const [query, detail] of refused) {
    test(detail, async (t) => {
      const api = await serveV2(t);
      const response = await fetch(`${api.url}/commit?${query}`, { method: 'POST', headers: { accept: linesType } });
      assert.equal(response.headers.get('content-type'), 'application/problem+json; charset=utf-8');
      assert.deepEqual(await response.json(), { type: 'about:blank', title: 'Bad Request', status: 400, detail });
      assert.equal(api.xds.commit().changed, true);
    });
  }
});

describe('a commit that fails', () => {
  const failures: readonly (readonly [Error, status: number, title: string, detail: string, logged: number])[] = [
    [new CommitError('not published: a'), 409, 'Conflict', 'not published: a', 0],
    [new StoreError('disk full'), 503, 'Service Unavailable', 'disk full', 1],
    [new Error('secret'), 500, 'Internal Server Error', 'internal error', 1],
  ];
  for (const [error, status, title, detail, logged] of failures) {
    test(`with ${error.name} is a problem with ${status}`, async (t) => {
      const desk = await deskThat(() => {
        throw error;
      });
      const api = await serveV2(t, { desk });
      const response = await fetch(`${api.url}/commit?wait=1s`, { method: 'POST', headers: { accept: linesType } });
      assert.equal(response.status, status);
      assert.equal(response.headers.get('content-type'), 'application/problem+json; charset=utf-8');
      assert.deepEqual(await response.json(), { type: 'about:blank', title, status, detail });
      assert.equal(api.log.length, logged);
    });
  }
});

async function* readLines(response: Response): AsyncGenerator<unknown> {
  let rest = '';
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line);
  }
  assert.equal(rest, '');
}

async function next(lines: AsyncGenerator<unknown>): Promise<unknown> {
  return (await lines.next()).value;
}
